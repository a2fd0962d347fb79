import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../crds/v1alpha1/common.ts'
import { canonicalize } from './canonical.ts'
import { EVERY, parseRedactPath, redactParams, runKey } from './redact.ts'

const key = Buffer.alloc(32, 7)
const mark = (value: unknown) => ({
  $redacted: `hmac-sha256:${createHmac('sha256', key).update(canonicalize(value)).digest('hex')}`,
})

describe('the key of a run', () => {
  const shown = (uid: string) => redactParams({ code: '123' }, ['param.code'], runKey(key, uid)).shown

  it('marks equal values alike within a run and differently in another, where guesses could be tried', () => {
    expect(shown('run-a')).toEqual(shown('run-a'))
    expect(shown('run-a')).not.toEqual(shown('run-b'))
    expect(shown('run-a')).not.toEqual(redactParams({ code: '123' }, ['param.code'], key).shown)
  })
})

describe('parseRedactPath', () => {
  it.each([
    ['param.card_number', ['card_number']],
    ['param.card.number', ['card', 'number']],
    ['param["card-number"]', ['card-number']],
    ["param['a'].b", ['a', 'b']],
    ['param.cards[0].number', ['cards', 0, 'number']],
    ['param.cards[*].number', ['cards', EVERY, 'number']],
    ['param[*]', [EVERY]],
    ['param["]"]', [']']],
  ])('reads %s', (text, path) => {
    expect(parseRedactPath(text)).toEqual({ ok: true, path })
  })

  it.each([
    ['', 1],
    ['card_number', 1],
    ['context.card', 1],
    ['params.card', 1],
    ['param', 6],
    ['param.', 6],
    ['param.a.', 8],
    ['param.a b', 8],
    ['param.card-number', 11],
    ['param.a[', 8],
    ['param.a[-1]', 8],
    ['param.a[01]', 8],
    ['param.a[1', 8],
    ['param.a["b"', 12],
    ['param.a["b]', 9],
    ['param.a["\\x41"]', 10],
    ['param.*', 6],
    ['param.a > 1', 8],
  ])('refuses %j at column %i', (text, column) => {
    expect(parseRedactPath(text)).toEqual({ ok: false, column, message: expect.stringMatching(/\.$/) })
  })
})

describe('redactParams', () => {
  const params: JsonObject = {
    amount: 2400,
    card: { number: '4111111111111111', cvc: 123, holder: { name: 'A. Person' } },
    cards: [{ number: '4000' }, { number: '5000', note: null }],
    grid: [[{ pin: 1 }], [{ pin: 2 }]],
    none: null,
  }

  it.each<[string, readonly string[], JsonObject, readonly string[]]>([
    ['nothing', [], params, []],
    ['a path that is not there', ['param.nothing.at.all', 'param.amount.x', 'param.cards[7]'], params, []],
    ['a number', ['param.amount'], { ...params, amount: mark(2400) }, ['param.amount']],
    ['null', ['param.none'], { ...params, none: mark(null) }, ['param.none']],
    ['an object as one', ['param.card'], { ...params, card: mark(params.card) }, ['param.card']],
    [
      'a member of an object',
      ['param.card.number'],
      { ...params, card: { number: mark('4111111111111111'), cvc: 123, holder: { name: 'A. Person' } } },
      ['param.card.number'],
    ],
    [
      'an outer path over an inner one, in either order',
      ['param.card.number', 'param.card', 'param.card.cvc'],
      { ...params, card: mark(params.card) },
      ['param.card'],
    ],
    [
      'one element of a list',
      ['param.cards[1].number'],
      { ...params, cards: [{ number: '4000' }, { number: mark('5000'), note: null }] },
      ['param.cards[1].number'],
    ],
    [
      'every element of a list',
      ['param.cards[*].number'],
      { ...params, cards: [{ number: mark('4000') }, { number: mark('5000'), note: null }] },
      ['param.cards[0].number', 'param.cards[1].number'],
    ],
    [
      'every element of a list whose [*] was forgotten',
      ['param.cards.number', 'param.grid.pin'],
      {
        ...params,
        cards: [{ number: mark('4000') }, { number: mark('5000'), note: null }],
        grid: [[{ pin: mark(1) }], [{ pin: mark(2) }]],
      },
      ['param.cards[0].number', 'param.cards[1].number', 'param.grid[0][0].pin', 'param.grid[1][0].pin'],
    ],
    [
      'one element by one path and all by another',
      ['param.cards[0]', 'param.cards[*].note'],
      { ...params, cards: [mark({ number: '4000' }), { number: '5000', note: mark(null) }] },
      ['param.cards[0]', 'param.cards[1].note'],
    ],
  ])('hides %s', (_, paths, shown, redactedPaths) => {
    const given = redactParams(params, paths, key)
    expect(given.shown).toEqual(shown)
    expect(given.redactedPaths).toEqual(redactedPaths)
  })

  it('changes nothing of the params that the tool gets', () => {
    const before = structuredClone(params)
    redactParams(params, ['param.card', 'param.cards[*]'], key)
    expect(params).toEqual(before)
  })

  it('collects what it hid, for scrub', () => {
    const { secrets } = redactParams(params, ['param.card', 'param.cards.number'], key)
    expect([...secrets].sort()).toEqual([123, '4000', '4111111111111111', '5000', 'A. Person'].sort())
  })

  it('gives the same mark for the same value and another under another key', () => {
    const [one, two] = [redactParams({ a: 1 }, ['param.a'], key), redactParams({ a: 1 }, ['param.a'], key)]
    expect(one.shown).toEqual(two.shown)
    expect(redactParams({ a: 1 }, ['param.a'], Buffer.alloc(32, 8)).shown).not.toEqual(one.shown)
    expect(redactParams({ a: '1' }, ['param.a'], key).shown).not.toEqual(one.shown)
  })

  it('refuses to go on with a path that it cannot read', () => {
    expect(() => redactParams({ a: 1 }, ['param.a', 'card'], key)).toThrow('redact path at column 1')
  })

  it('leaves no trace of a hidden text in the shown view, wherever it stands', () => {
    const secret = 'SECRET-4711'
    const names = fc.constantFrom('a', 'b', 'c')
    const tree = fc.letrec(tie => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constant<unknown>(secret),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(names, tie('node'), { maxKeys: 3 }),
      ),
    })).node
    fc.assert(
      fc.property(fc.dictionary(names, tree), value => {
        const object = JSON.parse(JSON.stringify(value)) as JsonObject
        const paths = Object.keys(object).map(name => `param.${name}`)
        expect(JSON.stringify(redactParams(object, paths, key).shown)).not.toContain(secret)
      }),
    )
  })
})
