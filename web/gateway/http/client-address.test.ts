import { describe, expect, test } from 'vitest'
import { clientAddress, networks } from './client-address.ts'

describe('the address of a client', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['192.0.2.7:1234', '192.0.2.7'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['unknown', '10.0.0.1'],
    ['', '10.0.0.1'],
    ['192.0.2.7, 192.0.2.8', '10.0.0.1'],
    ['192.0.2.7x:1', '10.0.0.1'],
    ['_hidden', '10.0.0.1'],
  ])('should be, where a proxy says %j, %s', (ip, expected) => {
    expect(clientAddress({ ip, socket: { remoteAddress: '10.0.0.1' } })).toBe(expected)
  })
})

describe('networks', () => {
  const isProxy = networks(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])
  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['11.1.2.3', false],
    ['192.0.2.1', true],
    ['192.0.2.2', false],
    ['fd00::1', true],
    ['fe80::1', false],
    ['', false],
    ['proxy', false],
    ['10.1.2.3:80', false],
  ])('should tell of %s: %s', (address, expected) => {
    expect(isProxy(address)).toBe(expected)
  })

  test('should be nobody where none is named', () => {
    expect(networks([])('127.0.0.1')).toBe(false)
  })
})
