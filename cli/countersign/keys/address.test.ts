import { expect, it } from 'vitest'
import { addressOf } from './address.ts'
import { spanSeconds } from './span.ts'

it.each([
  ['https://countersign.acme.com', false, 'https://countersign.acme.com/'],
  ['https://acme.com/countersign/', false, 'https://acme.com/countersign'],
  ['http://127.0.0.1:8080', false, 'http://127.0.0.1:8080/'],
  ['http://[::1]:8080', false, 'http://[::1]:8080/'],
  ['http://localhost:8080/', false, 'http://localhost:8080/'],
  ['http://gateway.shop.svc:8080', true, 'http://gateway.shop.svc:8080/'],
])('the address %s (insecure: %s) is %s', (typed, insecure, href) => {
  const address = addressOf(typed, insecure)
  expect(address.kind === 'Address' && address.base.href).toBe(href)
})

it.each([
  [undefined, /COUNTERSIGN_GATEWAY/],
  ['', /COUNTERSIGN_GATEWAY/],
  ['countersign.acme.com', /must begin with https/],
  ['ftp://acme.com', /must begin with https/],
  ['http://acme.com', /everybody on the way can read it/],
  ['http://127.0.0.1.evil.com', /everybody on the way can read it/],
  ['http://localhost.evil.com', /everybody on the way can read it/],
  ['http://127.0.0.1@evil.com', /no user or password/],
  ['https://alice:hunter2@acme.com', /no user or password/],
  ['https://acme.com/?x=1', /no \? or #/],
])('the address %s is refused', (typed, words) => {
  const address = addressOf(typed, false)
  expect(address.kind === 'Wrong' && address.message).toMatch(words)
  expect(JSON.stringify(address)).not.toContain('hunter2')
})

it.each([
  ['90d', 7_776_000],
  ['12h', 43_200],
  ['1d12h', 129_600],
  ['1y', 31_536_000],
  ['60s', 60],
  ['90', undefined],
  ['d', undefined],
  ['-1d', undefined],
  ['1.5d', undefined],
  ['90 d', undefined],
])('%s is %s seconds', (text, seconds) => {
  expect(spanSeconds(text)).toBe(seconds)
})
