import { describe, expect, it } from 'vitest'
import { noRanges, parseAllowedRanges, webhookAddresses } from './webhook-addresses.ts'

const judge = (address: string, allow = '', options: { allowLoopback?: boolean; http?: boolean } = {}) =>
  webhookAddresses({
    allowLoopback: options.allowLoopback ?? false,
    allowed: allow === '' ? noRanges : parseAllowedRanges(allow),
  })(address, !options.http)

describe('a webhook may be at', () => {
  it.each([
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '2606:4700::1111',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('the public address %s', address => {
    expect(judge(address)).toBeUndefined()
  })
})

describe('a webhook may not be at', () => {
  it.each([
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['198.18.0.1', 'private'],
    ['198.19.255.255', 'private'],
    ['192.0.0.8', 'private'],
    ['192.0.2.1', 'private'],
    ['198.51.100.1', 'private'],
    ['203.0.113.1', 'private'],
    ['192.88.99.1', 'private'],
    ['240.0.0.1', 'link-local'],
    ['255.255.255.255', 'link-local'],
    ['224.0.0.1', 'link-local'],
    ['169.254.169.254', 'link-local'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['127.0.0.1', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'loopback'],
    ['fd12:3456::1', 'private'],
    ['fc00::1', 'private'],
    ['fe80::1', 'link-local'],
    ['fec0::1', 'private'],
    ['ff02::1', 'link-local'],
    ['fd00:ec2::254', 'metadata'],
    ['fd20:ce::254', 'metadata'],
    ['fd00:c1::a9fe:a9fe', 'metadata'],
    ['2001:db8::1', 'private'],
    ['3fff::1', 'private'],
    ['2001::1', 'private'],
    ['2001:2::1', 'private'],
    ['100::1', 'private'],
    ['5f00::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:a00:1', 'private'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['::10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b:1::8.8.8.8', 'private'],
    ['64:ff9b::169.254.169.254', 'link-local'],
    ['2002:a00:1::', 'private'],
    ['2002:7f00:1::', 'loopback'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['2606:4700::5efe:10.0.0.1', 'private'],
    ['2606:4700::200:5efe:10.0.0.1', 'private'],
    ['nonsense', 'no address'],
  ])('%s', (address, why) => {
    expect(judge(address)).toContain(why)
  })
})

describe('the flag', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8'],
    ['::ffff:10.1.2.3', '10.0.0.0/8'],
    ['64:ff9b::10.1.2.3', '10.0.0.0/8'],
    ['fd12::1', '10.0.0.0/8, fd00::/8'],
    ['192.168.7.7', '192.168.7.7'],
    ['64:ff9b:1::a00:1', '64:ff9b:1::/48'],
  ])('allows %s by %s, over http too', (address, allow) => {
    expect(judge(address, allow)).toBeUndefined()
    expect(judge(address, allow, { http: true })).toBeUndefined()
  })

  it.each([
    ['11.0.0.1', '10.0.0.0/8', undefined],
    ['192.168.7.8', '192.168.7.7', 'private'],
    ['169.254.169.254', '0.0.0.0/0', 'link-local'],
    ['100.100.100.200', '100.64.0.0/10', 'metadata'],
    ['fd00:ec2::254', 'fd00::/8', 'metadata'],
    ['fd00:ec2::254', '::/0', 'metadata'],
    ['::ffff:169.254.169.254', '0.0.0.0/0,::/0', 'link-local'],
    ['127.0.0.1', '0.0.0.0/0', 'loopback'],
    ['::1', '::/0', 'loopback'],
  ])('leaves %s as it is, though %s is allowed', (address, allow, why) => {
    const said = judge(address, allow)
    if (why === undefined) expect(said).toBeUndefined()
    else expect(said).toContain(why)
  })

  it('is not needed for loopback, which has its own', () => {
    expect(judge('127.0.0.1', '', { allowLoopback: true, http: true })).toBeUndefined()
    expect(judge('10.0.0.1', '', { allowLoopback: true })).toContain('private')
    expect(judge('169.254.169.254', '', { allowLoopback: true })).toContain('link-local')
  })

  it('is needed for http, even to a public address', () => {
    expect(judge('8.8.8.8', '', { http: true })).toContain('https:')
    expect(judge('8.8.8.8', '8.8.8.0/24', { http: true })).toBeUndefined()
  })

  it.each([
    ['10.0.0.0/33', 'CIDR form'],
    ['10.0.0.0/', 'CIDR form'],
    ['10.0.0.0/8/8', 'CIDR form'],
    ['10.0.0/8', 'CIDR form'],
    ['fd00::/129', 'CIDR form'],
    ['fe80::1%eth0', 'CIDR form'],
    ['hooks.example.com', 'CIDR form'],
    ['10.0.0.0/8;fd00::/8', 'CIDR form'],
    ['169.254.0.0/16', 'never allowed'],
    ['fd00:ec2::254', 'never allowed'],
    ['127.0.0.0/8', '--allow-loopback'],
    ['::1/128', '--allow-loopback'],
  ])('is refused as %s', (text, why) => {
    expect(() => parseAllowedRanges(text)).toThrow(why)
  })

  it('may be empty', () => {
    expect(judge('10.0.0.1', ' , ')).toContain('private')
  })
})
