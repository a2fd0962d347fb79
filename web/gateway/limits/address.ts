import { isIP, isIPv4 } from 'node:net'

/**
 * What stands for a client's address where clients are counted: an IPv4 address as it is (also where it comes mapped
 * into IPv6), of an IPv6 address its /64, because that is what one household or machine is given. Anything else is
 * `unknown`.
 */
export function addressKey(address: string | undefined): string {
  const bare = (address ?? '').replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 4) return bare
  if (family !== 6) return 'unknown'
  const groups = groupsOf(bare)
  const [a = 0, b = 0, c = 0, d = 0, e, f, g = 0, h = 0] = groups
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff) {
    return [g >> 8, g & 255, h >> 8, h & 255].join('.')
  }
  return `${[a, b, c, d].map(group => group.toString(16)).join(':')}::/64`
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::')
  const left = parse(head)
  if (tail === undefined) return left
  const right = parse(tail)
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

const parse = (part: string): number[] =>
  part === ''
    ? []
    : part.split(':').flatMap(group => (isIPv4(group) ? embedded(group) : [parseInt(group, 16)]))

/** The two groups of an IPv4 address inside an IPv6 one. */
function embedded(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}
