import { describe, expect, test } from 'vitest'
import { clampMark, keyOf, markText, patchOf, readMarks } from './marks.ts'

const now = Date.parse('2026-11-22T10:00:05.300Z')
const at = (seconds: number) => now + seconds * 1000
const stored = (marks: Record<string, number>) =>
  Object.fromEntries(Object.entries(marks).map(([key, time]) => [key, markText(time)]))

describe('the key of a mark', () => {
  test('should tell projects and people apart, hold no name, and be a key of a ConfigMap', () => {
    const keys = [
      keyOf('shop', 'carol@acme.com'),
      keyOf('shop', 'alice@acme.com'),
      keyOf('crm', 'carol@acme.com'),
      keyOf('sho', 'pcarol@acme.com'),
      keyOf('shop', 'Carol@acme.com'),
      keyOf('shop', 'c","x":"y\n'),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(key).toMatch(/^[-_a-zA-Z0-9]{22}$/)
    expect(keyOf('shop', 'carol@acme.com')).toBe(keys[0])
  })
})

describe('a mark', () => {
  test.each([
    ['of long ago stays', at(-100), at(-100)],
    ['of now ends before this second, of which more may come', now, Date.parse('2026-11-22T10:00:04.999Z')],
    ['of the future ends there too', at(3600), Date.parse('2026-11-22T10:00:04.999Z')],
    ['of the second before stays', Date.parse('2026-11-22T10:00:04Z'), Date.parse('2026-11-22T10:00:04Z')],
  ])('%s', (_, until, expected) => {
    expect(clampMark(until, now)).toBe(expected)
  })

  test('should not be read where it is no time, or far ahead', () => {
    const all = { ...stored({ a: at(-5), skewed: at(60), ahead: at(3600) }), broken: 'yesterday', empty: '' }
    expect([...readMarks(all, now).keys()]).toEqual(['a', 'skewed'])
  })
})

describe('what is written', () => {
  const max = 8
  test('should be the later marks alone', () => {
    const wanted = new Map([
      ['new', at(-3)],
      ['later', at(-2)],
      ['same', at(-9)],
      ['earlier', at(-20)],
    ])
    const before = stored({ later: at(-9), same: at(-9), earlier: at(-10), others: at(-1) })
    expect(patchOf(wanted, before, now, max)).toEqual(stored({ new: at(-3), later: at(-2) }))
  })

  test('should be nothing where no mark is later', () => {
    expect(patchOf(new Map([['a', at(-9)]]), stored({ a: at(-8) }), now, max)).toBeUndefined()
    expect(patchOf(new Map(), {}, now, max)).toBeUndefined()
  })

  test('should put a mark in place of one that is none', () => {
    const before = { broken: 'yesterday', ...stored({ ahead: at(9999) }) }
    const wanted = new Map([
      ['broken', at(-1)],
      ['ahead', at(-1)],
    ])
    expect(patchOf(wanted, before, now, max)).toEqual(stored({ broken: at(-1), ahead: at(-1) }))
  })

  test('should drop the oldest, and what is none first, where there are too many', () => {
    const before = { junk: '', ...stored({ a: at(-80), b: at(-70), c: at(-60), d: at(-50), e: at(-40) }) }
    const wanted = new Map([
      ['f', at(-30)],
      ['g', at(-20)],
      ['b', at(-10)],
      ['h', at(-90)],
    ])
    // Nine, of which six stay: h is older than those before anybody could read it.
    expect(patchOf(wanted, before, now, max)).toEqual({
      junk: null,
      a: null,
      ...stored({ f: at(-30), g: at(-20), b: at(-10) }),
    })
  })
})
