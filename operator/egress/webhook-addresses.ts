import { BlockList, isIP } from 'node:net'
import { carriedIPv4, expandIPv6, refusedClass } from './addresses.ts'
import type { AddressRule } from './egress.ts'

/** Ranges of IPv4 that are somebody's own, or nobody's (IANA's special-purpose registry). */
const ipv4 = new BlockList()
for (const [address, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
] as const) {
  ipv4.addSubnet(address, prefix, 'ipv4')
}

/** What is public in IPv6: global unicast, less what of it is special (Teredo, benchmarks, documentation, ...). */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
const ipv6 = new BlockList()
ipv6.addSubnet('2001::', 23, 'ipv6')
ipv6.addSubnet('2001:db8::', 32, 'ipv6')
ipv6.addSubnet('2620:4f:8000::', 48, 'ipv6')
ipv6.addSubnet('3fff::', 20, 'ipv6')

/** Ranges that webhooks may be in although they are not public: the value of `--allow-webhook-addresses`. */
export interface AllowedRanges {
  readonly list: BlockList
}

/** None. */
export const noRanges: AllowedRanges = { list: new BlockList() }

/**
 * Parses `10.0.0.0/8,fd00::/8`: ranges in CIDR form, or single addresses, with commas between them.
 * @throws Error whose message says which entry is wrong and how to write it
 */
export function parseAllowedRanges(text: string): AllowedRanges {
  const list = new BlockList()
  for (const entry of text.split(',').map(each => each.trim())) {
    if (entry === '') continue
    const [address = '', prefix, ...more] = entry.split('/')
    const version = isIP(address)
    const bits = version === 4 ? 32 : 128
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    if (version === 0 || address.includes('%') || more.length > 0 || !(length <= bits)) {
      throw new Error(
        `${JSON.stringify(entry)} is no range of addresses. Write them in CIDR form with commas between them: 10.0.0.0/8,fd00::/8`,
      )
    }
    // A range of addresses that carry others is none of one kind.
    const one = version === 4 || length === bits || carriedIPv4(address) === undefined
    const kind = one && length > 0 ? refusedClass(address) : undefined
    if (kind === 'LinkLocal' || kind === 'Metadata') {
      throw new Error(
        `${entry}: link-local and metadata addresses are never allowed, as they hand out credentials.`,
      )
    }
    if (kind === 'Loopback' && length > 3) {
      throw new Error(`${entry}: loopback is allowed by --allow-loopback, for development only.`)
    }
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  }
  return { list }
}

/**
 * Where webhooks may be: public addresses, and what the operator's flags allow beside them. A URL that somebody who may
 * edit a project chose must not reach into the cluster's network. Link-local and metadata addresses are refused
 * whatever is allowed. `http:` reaches only what is allowed by flag: the URL of a webhook is a credential, which
 * everybody on the way could read.
 */
export const webhookAddresses =
  (options: { readonly allowLoopback: boolean; readonly allowed: AllowedRanges }): AddressRule =>
  (address, secure) => {
    const kind = refusedClass(address)
    if (kind === 'Loopback') {
      return options.allowLoopback ? undefined : 'a loopback address, which webhooks may not be at'
    }
    if (kind === 'Other') return 'no address that the operator knows'
    if (kind !== undefined) return 'a link-local or metadata address, which webhooks may never be at'
    if (isAllowed(address, options.allowed)) return undefined
    if (!isPublic(address)) {
      return 'a private or reserved address, which webhooks may be at only where the operator runs with --allow-webhook-addresses'
    }
    return secure
      ? undefined
      : 'which is reached by https: only: the URL of a webhook is a credential. Write https: in the Secret'
  }

function isAllowed(address: string, { list }: AllowedRanges): boolean {
  if (isIP(address) === 4) return list.check(address, 'ipv4')
  const carried = carriedIPv4(address)
  return list.check(address, 'ipv6') || (carried !== undefined && list.check(carried, 'ipv4'))
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !ipv4.check(address, 'ipv4')
  const carried = carriedIPv4(address)
  const [a, b, c, d, e, f] = expandIPv6(address)
  if (carried !== undefined) {
    // NAT64 of a network's own (64:ff9b:1::/48) may carry the address elsewhere than where we look.
    const ownNAT64 = a === 0x64 && b === 0xff9b && (c !== 0 || d !== 0 || e !== 0 || f !== 0)
    return !ownNAT64 && !ipv4.check(carried, 'ipv4')
  }
  // ISATAP carries any IPv4 address behind any prefix.
  const isatap = (e === 0 || e === 0x200) && f === 0x5efe
  return !isatap && globalUnicast.check(address, 'ipv6') && !ipv6.check(address, 'ipv6')
}
