import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKey } from './address.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:ffff::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0000::ffff', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['::', '0:0:0:0::/64'],
])('should count %s as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})

test.each([undefined, '', 'somewhere', '1.2.3', '1.2.3.4.5', '192.0.2.7:80', '::1::2', '127.1', '__proto__'])(
  'should count %j as unknown',
  address => {
    expect(addressKey(address)).toBe('unknown')
  },
)

test('should tell apart what is in two networks, and only that', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (a, b) => {
      // URL writes an address in the one canonical way.
      const bits = (address: string) => expand(new URL(`http://[${address}]`).hostname.slice(1, -1))
      const mapped = [a, b].some(address => bits(address).startsWith('0000:0000:0000:0000:0000:ffff'))
      fc.pre(isIP(a) === 6 && isIP(b) === 6 && !mapped)
      const same = bits(a).slice(0, 19) === bits(b).slice(0, 19)
      expect(addressKey(a) === addressKey(b)).toBe(same)
    }),
  )
})

function expand(address: string): string {
  const [left = '', right] = address.split('::').map(part => part.split(':').filter(Boolean))
  const groups = [
    ...(left || []),
    ...Array(8 - (left || []).length - (right ?? []).length).fill('0'),
    ...(right ?? []),
  ]
  return groups.map(group => group.padStart(4, '0')).join(':')
}
