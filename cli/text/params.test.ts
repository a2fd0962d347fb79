import { describe, expect, it } from 'vitest'
import { prettyParams } from '../../operator/policy/shown.ts'
import { shortParams } from './params.ts'

describe('parameters in full', () => {
  it('are JSON, in the order that they came in', () => {
    expect(
      prettyParams({ order_id: 'ORD-1', amount: 2400, notify: true, tags: ['a', null], none: {} }, '  '),
    ).toBe(
      [
        '{',
        '    "order_id": "ORD-1",',
        '    "amount": 2400,',
        '    "notify": true,',
        '    "tags": [',
        '      "a",',
        '      null',
        '    ],',
        '    "none": {}',
        '  }',
      ].join('\n'),
    )
  })

  it('read back as what they were, escapes and all', () => {
    const params = { 'k\u202ey': 'a"b\\c\nd\u200b\u{e0041}', nested: [{ x: -0.5 }] }
    const shown = prettyParams(params)
    expect(shown).toContain('\\u202e')
    expect(JSON.parse(shown)).toEqual(params)
  })

  it('mark a redacted value where no string can stand', () => {
    expect(
      prettyParams({ card: { $redacted: 'hmac-sha256:ab' }, forged: '(redacted, hmac-sha256:ab)' }),
    ).toBe('{\n  "card": (redacted, hmac-sha256:ab),\n  "forged": "(redacted, hmac-sha256:ab)"\n}')
  })

  it('show an object that merely holds such a key as it is', () => {
    expect(prettyParams({ a: { $redacted: 'x', b: 1 } })).toContain('"$redacted": "x"')
  })
})

describe('parameters on one line', () => {
  it.each([
    [{ amount: 2400, order_id: 'ORD-1287' }, 'amount=2400 order_id=ORD-1287'],
    [{ note: 'two words' }, 'note="two words"'],
    [{ amount: '2400' }, 'amount="2400"'],
    [{ flag: 'true' }, 'flag="true"'],
    [{ note: 'a\u202eb' }, 'note="a\\u202eb"'],
    [{ card: { $redacted: 'hmac-sha256:ab' } }, 'card=(redacted)'],
    [{ items: [1, { a: 'b' }] }, 'items=[1,{"a":"b"}]'],
    [{}, ''],
  ])('%j reads %s', (params, shown) => {
    expect(shortParams(params, 60)).toBe(shown)
  })

  it('are cut with an ellipsis', () => {
    expect(shortParams({ note: 'x'.repeat(50) }, 12)).toBe('note=xxxxxx…')
  })
})
