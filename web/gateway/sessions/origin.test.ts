import { expect, test } from 'vitest'
import { foreignFault, foreignSignIn } from './origin.ts'

const host = 'countersign.acme.com'
const json = { 'content-type': 'application/json' }
const own = { 'sec-fetch-site': 'same-origin' }
const opened = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const framed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }

type Row = readonly [method: string, headers: Record<string, string>, fault: string | undefined]

const rows: readonly Row[] = [
  ['POST', { ...own, ...json }, undefined],
  ['POST', { ...own, 'content-type': 'application/json; charset=utf-8' }, undefined],
  ['PUT', { ...own, ...json }, undefined],
  ['DELETE', own, undefined],
  ['POST', { origin: `https://${host}`, ...json }, undefined],
  ['DELETE', { origin: `https://${host}` }, undefined],
  ['POST', json, 'Forbidden'],
  ['DELETE', {}, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'cross-site', ...json }, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'same-site', ...json }, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'none', ...json }, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'cross-site', ...opened, ...json }, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'cross-site', origin: `https://${host}`, ...json }, 'Forbidden'],
  ['POST', { 'sec-fetch-site': 'same-origin, cross-site', ...json }, 'Forbidden'],
  ['POST', { origin: 'https://evil.example', ...json }, 'Forbidden'],
  ['POST', { origin: `https://${host}.evil.example`, ...json }, 'Forbidden'],
  ['POST', { origin: `https://${host}:8443`, ...json }, 'Forbidden'],
  ['POST', { origin: `https://${host}/`, ...json }, 'Forbidden'],
  ['POST', { origin: `https://x@${host}`, ...json }, 'Forbidden'],
  ['POST', { origin: `http://${host}`, ...json }, 'Forbidden'],
  ['POST', { origin: 'null', ...json }, 'Forbidden'],
  ['POST', { origin: '', ...json }, 'Forbidden'],
  ['POST', own, 'UnsupportedMediaType'],
  ['POST', { ...own, 'content-type': 'text/plain' }, 'UnsupportedMediaType'],
  ['POST', { ...own, 'content-type': 'application/jsonp' }, 'UnsupportedMediaType'],
  ['DELETE', { ...own, 'content-type': 'text/plain' }, 'UnsupportedMediaType'],
  ['GET', {}, undefined],
  ['GET', own, undefined],
  ['GET', { 'sec-fetch-site': 'none' }, undefined],
  ['GET', { 'sec-fetch-site': 'cross-site', ...opened }, undefined],
  ['GET', { 'sec-fetch-site': 'cross-site', ...framed }, 'Forbidden'],
  ['GET', { 'sec-fetch-site': 'cross-site' }, 'Forbidden'],
  ['GET', { 'sec-fetch-site': 'same-site' }, 'Forbidden'],
  ['HEAD', { 'sec-fetch-site': 'cross-site' }, 'Forbidden'],
]

test.each(rows)('a %s with a cookie and %j: %s', (method, headers, code) => {
  expect(foreignFault({ method, headers, host })?.code).toBe(code)
})

test('a page on this machine may be without TLS', () => {
  for (const local of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080']) {
    const headers = { origin: `http://${local}`, ...json }
    expect(foreignFault({ method: 'POST', headers, host: local })).toBeUndefined()
  }
})

test('signing in should be for our own pages, and for what is no browser', () => {
  const attempt = (headers: Record<string, string>) =>
    foreignSignIn({ method: 'POST', headers: { ...json, ...headers }, host })?.code
  expect(attempt({})).toBeUndefined()
  expect(attempt(own)).toBeUndefined()
  expect(attempt({ 'sec-fetch-site': 'cross-site' })).toBe('Forbidden')
  expect(attempt({ origin: 'https://evil.example' })).toBe('Forbidden')
})
