import { describe, expect, it } from 'vitest'
import { withoutDigest } from './shown.ts'
import { gateLines } from './why.ts'

describe('why a call waits', () => {
  const gate = { name: 'order_tools.*', from: 'Agent' } as const
  it.each([
    [{ ...gate, outcome: 'Always' } as const, ['  gate order_tools.* of agent a: it stops every call']],
    [
      {
        ...gate,
        from: 'Project',
        when: 'param.n > 1',
        outcome: 'ConditionTrue',
        values: { 'param.n': 2 },
      } as const,
      [
        '  gate order_tools.* of the project',
        '    when param.n > 1',
        '    which holds:',
        '      param.n = 2',
      ],
    ],
    [
      { ...gate, when: 'param.n > 1', outcome: 'ConditionUnknown', detail: 'param.n is missing' } as const,
      [
        '  gate order_tools.* of agent a',
        '    when param.n > 1',
        '    which could not be evaluated: param.n is missing',
      ],
    ],
    [
      { ...gate, outcome: 'ToolChanged', detail: 'its schema changed' } as const,
      ['  gate order_tools.* of agent a: the tool is not the one that was accepted: its schema changed'],
    ],
  ])('%j', (fired, lines) => {
    expect(gateLines(fired, 'a')).toEqual(lines)
  })

  it('tells each line of a long value, and of a redacted one that it is', () => {
    const value = { sku: 'A-1', card: { $redacted: 'hmac-sha256:ab' } }
    const fired = {
      ...gate,
      when: 'param.line',
      outcome: 'ConditionTrue',
      values: { 'param.line': value },
    } as const
    expect(gateLines(fired, 'a', withoutDigest).slice(3)).toEqual([
      '      param.line = {',
      '        "sku": "A-1",',
      '        "card": (redacted)',
      '      }',
    ])
    expect(gateLines(fired, 'a').at(-2)).toBe('        "card": (redacted, hmac-sha256:ab)')
  })

  it('writes out what deceives, whoever wrote it', () => {
    const fired = {
      name: 'a\u202e',
      from: 'Agent',
      when: 'b\u202e',
      outcome: 'ConditionUnknown',
      detail: 'c\nd',
    } as const
    expect(gateLines(fired, 'a')).toEqual([
      '  gate a\\u202e of agent a',
      '    when b\\u202e',
      '    which could not be evaluated: c\\nd',
    ])
  })
})
