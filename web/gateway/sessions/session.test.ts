import { expect, test } from 'vitest'
import { defaultTimes, endOfToken, isOver, parseSession, renewed, type Session } from './session.ts'

const now = Date.parse('2026-11-22T10:00:00Z')
const hour = 3_600_000
const session: Session = {
  user: 'carol@acme.com',
  issuedAt: now,
  expiresAt: now + 8 * hour,
  renewBy: now + hour,
  nonce: 'n',
}

test.each([
  ['as it begins', session, now, false],
  ['just before it is to be renewed', session, now + hour - 1, false],
  ['an hour after it was used', session, now + hour, true],
  ['renewed, in its last moment', { ...session, renewBy: now + 8 * hour }, now + 8 * hour - 1, false],
  ['renewed, at its end', { ...session, renewBy: now + 9 * hour }, now + 8 * hour, true],
  ['from a replica whose clock is a minute ahead', session, now - 60_000, false],
  ['from the future', session, now - hour, true],
])('a session %s', (_, one, at, over) => {
  expect(isOver(one, at)).toBe(over)
})

test('renewing should not carry a session past its end', () => {
  expect(renewed(session, now + 2 * hour, defaultTimes).renewBy).toBe(now + 3 * hour)
  expect(renewed(session, now + 7.5 * hour, defaultTimes)).toEqual({ ...session, renewBy: now + 8 * hour })
})

const jwt = (claims: unknown): string => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`

test.each([
  ['a JWT', jwt({ exp: 1_800_000_000 }), 1_800_000_000_000],
  ['a JWT that does not say', jwt({ sub: 'carol' }), undefined],
  ['a JWT that says nonsense', jwt({ exp: 'soon' }), undefined],
  ['a JWT of nothing', jwt(null), undefined],
  ['a word', 'opaque-token', undefined],
  ['dots', '..', undefined],
])('the end of %s', (_, token, end) => {
  expect(endOfToken(token)).toBe(end)
})

test('what is no session should be none', () => {
  expect(parseSession(JSON.stringify(session))).toEqual(session)
  for (const wrong of ['', '{}', 'null', JSON.stringify({ ...session, expiresAt: null })]) {
    expect(parseSession(wrong)).toBeUndefined()
  }
})
