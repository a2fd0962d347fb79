import { describe, expect, test } from 'vitest'
import type { APIKeySpec } from '../../../crds/v1alpha1/apikey.ts'
import { aKey, inSeconds, now } from './testing.ts'
import { keyBody, specOf } from './wanted.ts'

const year = 365 * 86_400

describe('the body', () => {
  test('should ask for a key of 90 days that does all its person may, if it says no more than a name', () => {
    expect(keyBody.parse({ name: 'ci' })).toEqual({
      name: 'ci',
      expiresInSeconds: 7_776_000,
      readOnly: false,
    })
  })

  test.each([
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a blank name', { name: '   ' }],
    ['a name of 129', { name: 'x'.repeat(129) }],
    ['a line break', { name: 'a\nb' }],
    ['an escape sequence', { name: '\u001b[2J' }],
    ['a C1 control character', { name: 'a\u0085b' }],
    ['half a character', { name: 'a\ud800' }],
    ['59 seconds', { expiresInSeconds: 59 }],
    ['more than a year', { expiresInSeconds: year + 1 }],
    ['half a second', { expiresInSeconds: 60.5 }],
    ['never', { expiresInSeconds: null }],
    ['text for a time', { expiresInSeconds: '3600' }],
    ['no agent', { agents: [] }],
    ['an agent twice', { agents: ['a', 'a'] }],
    ['every agent', { agents: ['*'] }],
    ['another user', { user: 'alice@acme.com' }],
    ['its own hash', { hash: 'sha256:' }],
  ])('should be refused with %s', (what, body) => {
    const named = what.includes('name') ? body : { name: 'ci', ...body }
    expect(keyBody.safeParse(named).success).toBe(false)
  })

  test.each([60, year])('should be taken with %d seconds', expiresInSeconds => {
    expect(keyBody.safeParse({ name: 'ü 時 🔑', expiresInSeconds }).success).toBe(true)
  })
})

describe('a key that is made with a key', () => {
  const hash = `sha256:${'0'.repeat(64)}`
  const made = (body: object, parent?: Partial<APIKeySpec>) =>
    specOf(keyBody.parse({ name: 'ci', ...body }), hash, {
      user: 'carol@acme.com',
      project: 'shop',
      now,
      parent: parent && aKey('p', parent),
    })

  test('should live as long as was asked for, and no longer than that one', () => {
    const at = (seconds: number) => inSeconds(seconds).replace('.000Z', 'Z')
    const parent = { expiresAt: at(3600) }
    expect(made({ expiresInSeconds: 600 }, parent).expiresAt).toBe(at(600))
    expect(made({ expiresInSeconds: 7200 }, parent).expiresAt).toBe(at(3600))
    expect(made({}, parent).expiresAt).toBe(at(3600))
    expect(made({ expiresInSeconds: 7200 }).expiresAt).toBe(at(7200))
  })

  test('should be for its agents if none are named, and for some of them if they are', () => {
    const parent = { agents: ['a', 'b'] }
    expect(made({}, parent).agents).toEqual(['a', 'b'])
    expect(made({ agents: ['b'] }, parent).agents).toEqual(['b'])
    expect(made({ agents: ['c'] }, {}).agents).toEqual(['c'])
    expect(made({}, {})).not.toHaveProperty('agents')
  })

  test('should not be for another agent', () => {
    expect(() => made({ agents: ['b', 'c'] }, { agents: ['a', 'b'] })).toThrow(/is not for c\./)
  })

  test('should only read where that one does', () => {
    expect(made({ readOnly: false }, { readOnly: true }).readOnly).toBe(true)
    expect(made({ readOnly: true }, {}).readOnly).toBe(true)
    expect(made({}).readOnly).toBe(false)
  })
})
