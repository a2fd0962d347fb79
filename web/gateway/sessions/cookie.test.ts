import { expect, test } from 'vitest'
import { clearCookie, cookieIn, setCookie } from './cookie.ts'

test.each([
  [undefined, undefined],
  ['', undefined],
  ['__Host-countersign=abc', 'abc'],
  ['a=b; __Host-countersign=abc; c=d', 'abc'],
  ['__Host-countersign=', undefined],
  ['__Host-countersign', undefined],
  ['countersign=abc; __host-countersign=abc; x__Host-countersign=abc', undefined],
  ['__Host-countersign=abc; __Host-countersign=abc', 'abc'],
  ['__Host-countersign=abc; __Host-countersign=def', undefined],
])('the session of the header %j should be %j', (header, session) => {
  expect(cookieIn(header)).toBe(session)
})

test('a cookie should be for this host alone, unreadable for scripts, and gone with the session', () => {
  expect(setCookie('abc', 59.9)).toBe(
    '__Host-countersign=abc; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=59',
  )
  expect(clearCookie).toBe('__Host-countersign=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0')
})
