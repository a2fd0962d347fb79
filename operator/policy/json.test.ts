import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { JsonValue } from '../../crds/v1alpha1/common.ts'
import { cutText, isObject, kindOf, preview } from './json.ts'

// Below a second alone; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('preview', () => {
  it.each<[JsonValue, JsonValue]>([
    [null, null],
    [true, true],
    [2400, 2400],
    ['short', 'short'],
    ['x'.repeat(18), 'x'.repeat(18)],
    ['x'.repeat(19), 'x'.repeat(19)],
    ['x'.repeat(30), `${'x'.repeat(19)}…`],
    [[], []],
    [{}, {}],
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
    [{ a: [{}, [], null] }, { a: [{}, [], null] }],
    [[1000, 2000, 3000, 4000], '[1000,2000,3000,400…'],
    [{ a: 'x'.repeat(1000) }, `{"a":"${'x'.repeat(13)}…`],
  ])('of %j in 20 characters is %j', (value, shown) => {
    expect(preview(value, 20)).toEqual(shown)
  })

  it('is the value itself, or a text of well-formed characters within the limit', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'grapheme' }),
        fc.integer({ min: 8, max: 60 }),
        (value, limit) => {
          const json = JSON.parse(JSON.stringify(value)) as JsonValue
          const shown = preview(json, limit)
          if (JSON.stringify(json).length <= limit) expect(shown).toEqual(json)
          else if (shown !== json) {
            expect(typeof shown).toBe('string')
            expect((shown as string).length).toBeLessThanOrEqual(limit)
            expect((shown as string).isWellFormed()).toBe(true)
            expect(shown).toMatch(/…$/)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('reads little of a value that is large or deep', () => {
    let deep: JsonValue = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(preview(deep, 20)).toBe(`${'['.repeat(19)}…`)
    let reads = 0
    const wide = new Proxy<JsonValue[]>(new Array(1_000_000).fill('x'), {
      get: (list, name) => {
        reads++
        return Reflect.get(list, name)
      },
    })
    expect(preview(wide, 20)).toBe('["x","x","x","x","x…')
    expect(reads).toBeLessThan(100)
  })
})

describe('cutText', () => {
  it('does not cut through a surrogate pair', () => {
    expect(cutText('ab\u{1f600}cd', 4)).toBe('ab…')
    expect(cutText('ab\u{1f600}cd', 5)).toBe('ab\u{1f600}…')
    expect(cutText('ab\u{1f600}', 4)).toBe('ab\u{1f600}')
  })
})

describe('kindOf and isObject', () => {
  it.each<[JsonValue, string, boolean]>([
    [null, 'null', false],
    [true, 'a boolean', false],
    [1, 'a number', false],
    ['', 'a string', false],
    [[], 'a list', false],
    [{}, 'an object', true],
  ])('know %j as %s', (value, kind, object) => {
    expect(kindOf(value)).toBe(kind)
    expect(isObject(value)).toBe(object)
  })
})
