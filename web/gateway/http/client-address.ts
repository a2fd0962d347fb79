import { BlockList, isIP } from 'node:net'

/** The part of a request that says where it comes from. */
export interface Origin {
  /** By Fastify's `trustProxy`: the rightmost address of X-Forwarded-For that is no trusted proxy. */
  readonly ip: string
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * The client's address. What a trusted proxy forwards may have a port (`192.0.2.7:1234`, `[::1]:80`); where it is no
 * address at all, the proxy's own stands for everybody whom it does not name.
 */
export function clientAddress({ ip, socket }: Origin): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(ip)?.[1] ?? /^([\d.]+):\d+$/.exec(ip)?.[1] ?? ip
  return isIP(bare) === 0 ? (socket.remoteAddress ?? '') : bare
}

/** Whether an address is one of these addresses and networks (`10.0.0.0/8`). Throws an `Error` that names a bad one. */
export function networks(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? []
    const version = isIP(address)
    const longest = version === 4 ? 32 : 128
    const prefix = bits === undefined ? longest : Number(bits)
    if (version === 0 || prefix > longest) throw new Error(`${cidr} is not an address or a network`)
    if (prefix === 0) throw new Error(`${cidr} is everybody`)
    list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
  }
  return address => isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}
