import { BlockList, isIP } from 'node:net'

/** Why an address is refused. */
export type AddressClass = 'Loopback' | 'LinkLocal' | 'Metadata' | 'Other'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
// The unspecified address reaches this machine as well.
loopback.addSubnet('0.0.0.0', 8, 'ipv4')
loopback.addAddress('::', 'ipv6')

const linkLocal = new BlockList()
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4')
linkLocal.addSubnet('fe80::', 10, 'ipv6')
// Nobody serves a tool by multicast or broadcast.
linkLocal.addSubnet('224.0.0.0', 3, 'ipv4')
linkLocal.addSubnet('ff00::', 8, 'ipv6')

// Metadata services that stand outside the link-local range: AWS, Google, Oracle and Scaleway over IPv6; Alibaba,
// Azure, Oracle.
const metadata = new BlockList()
metadata.addAddress('fd00:ec2::254', 'ipv6')
metadata.addAddress('fd20:ce::254', 'ipv6')
metadata.addAddress('fd00:c1::a9fe:a9fe', 'ipv6')
metadata.addAddress('fd00:42::42', 'ipv6')
metadata.addAddress('100.100.100.200', 'ipv4')
metadata.addAddress('168.63.129.16', 'ipv4')
metadata.addAddress('192.0.0.192', 'ipv4')

/**
 * What kind of address this is, whichever way it is written: an IPv6 form that carries an IPv4 address (mapped,
 * NAT64, 6to4) is judged by what it carries. `undefined` for an address that we may connect to.
 */
export function refusedClass(address: string): AddressClass | undefined {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const version = isIP(bare)
  if (version === 0) return 'Other'
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const carried = version === 6 ? carriedIPv4(bare) : undefined
  if (carried !== undefined) return refusedClass(carried)
  if (loopback.check(bare, family)) return 'Loopback'
  if (linkLocal.check(bare, family)) return 'LinkLocal'
  if (metadata.check(bare, family)) return 'Metadata'
  return undefined
}

/** The IPv4 address that a valid IPv6 address stands for (mapped, translated, NAT64, 6to4), if it does. */
export function carriedIPv4(address: string): string | undefined {
  const groups = expandIPv6(address)
  const [a, b, c, d, e, f, g, h] = groups as [number, number, number, number, number, number, number, number]
  const zeros = a === 0 && b === 0 && c === 0 && d === 0
  // ::ffff:a.b.c.d (mapped), ::ffff:0:a.b.c.d (translated), ::a.b.c.d (compatible, but not :: and ::1)
  if (zeros && ((e === 0 && f === 0xffff) || (e === 0xffff && f === 0))) return ipv4(g, h)
  if (zeros && e === 0 && f === 0 && (g !== 0 || h > 1)) return ipv4(g, h)
  // 64:ff9b::/96 (NAT64) and 64:ff9b:1::/48 (its local form, by the usual /96 layout)
  if (a === 0x64 && b === 0xff9b) return ipv4(g, h)
  // 2002::/16 (6to4)
  if (a === 0x2002) return ipv4(b, c)
  return undefined
}

const ipv4 = (high: number, low: number): string => `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`

/** The eight groups of a valid IPv6 address. */
export function expandIPv6(address: string): number[] {
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [(Number(a) << 8) | Number(b), (Number(c) << 8) | Number(d)].map(n => n.toString(16)).join(':'),
  )
  const [head = '', tail] = dotted.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16))
  const before = parse(head)
  if (tail === undefined) return before
  const after = parse(tail)
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}
