import { describe, expect, it, vi } from 'vitest'
import type { Gate } from '../../crds/v1alpha1/gate.ts'
import { firedGate } from '../../crds/v1alpha1/gate.ts'
import { compileGates, evaluateGates, type GatedCall, gateOf, matchesGate } from './gates.ts'
import { redactParams } from './redact.ts'

const TOOL = 'order_tools.process_refund'
const WHEN = 'param.amount > 1000 and not context.is_admin'
const schema = {
  type: 'object',
  properties: { amount: { type: 'number' }, card: { type: 'object', properties: { number: {}, cvc: {} } } },
}

/** A call of the refund tool, small and by nobody special, that no gate matches. */
const aCall = (
  over: Partial<Omit<GatedCall, 'agentGates' | 'projectGates'>> & { agent?: Gate[]; project?: Gate[] } = {},
) => {
  const { agent = [], project = [], ...rest } = over
  return evaluateGates({
    tool: TOOL,
    params: { amount: 20 },
    context: { is_admin: false },
    schema,
    agentGates: compileGates(agent),
    projectGates: compileGates(project),
    ...rest,
  })
}

// Below a second alone; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('matchesGate', () => {
  it.each([
    [TOOL, TOOL, true],
    ['order_tools.*', TOOL, true],
    ['order_tools.process*', TOOL, true],
    ['order*', TOOL, true],
    ['*', TOOL, true],
    [`${TOOL}*`, TOOL, true],
    ['order_tools', TOOL, false],
    ['process_refund', TOOL, false],
    ['Order_tools.process_refund', TOOL, false],
    ['order_tools.process_refund2', TOOL, false],
    ['crm.*', TOOL, false],
    ['*.process_refund', TOOL, false],
    ['order_tools.*_refund', TOOL, false],
    ['order.tools*', TOOL, false],
    ['', TOOL, false],
  ])('%j and %j: %s', (gate, tool, matches) => {
    expect(matchesGate(gate, tool)).toBe(matches)
  })
})

describe('gateOf', () => {
  it.each<[string, Gate[], Gate[], string]>([
    ['nothing', [], [], 'None'],
    ['a gate of another tool', [{ name: 'crm.*' }], [], 'None'],
    ['a gate without a condition', [{ name: TOOL }], [], 'Always'],
    ['a gate with a condition', [{ name: TOOL, when: WHEN }], [], 'Conditional'],
    ['the project’s gate with a condition', [], [{ name: '*', when: WHEN }], 'Conditional'],
    ['one of each', [{ name: TOOL, when: WHEN }], [{ name: 'order*' }], 'Always'],
  ])('of %s', (_, agent, project, expected) => {
    expect(gateOf(TOOL, agent, project)).toBe(expected)
  })
})

describe('evaluateGates', () => {
  it('lets a call through that no gate matches', () => {
    expect(aCall({ agent: [{ name: 'crm.*' }], project: [{ name: 'order_tools.cancel_order' }] })).toEqual({
      gated: false,
    })
  })

  it('stops every call where a gate has no condition', () => {
    expect(aCall({ agent: [{ name: TOOL }] })).toEqual({
      gated: true,
      gates: [{ name: TOOL, from: 'Agent', outcome: 'Always' }],
    })
  })

  it('lets a call through whose condition is false', () => {
    expect(aCall({ agent: [{ name: TOOL, when: WHEN }] })).toEqual({ gated: false })
    expect(
      aCall({ agent: [{ name: TOOL, when: WHEN }], params: { amount: 2400 }, context: { is_admin: true } }),
    ).toEqual({
      gated: false,
    })
  })

  it('stops a call whose condition is true and shows what it read', () => {
    expect(aCall({ agent: [{ name: TOOL, when: WHEN }], params: { amount: 2400 } })).toEqual({
      gated: true,
      gates: [
        {
          name: TOOL,
          from: 'Agent',
          when: WHEN,
          outcome: 'ConditionTrue',
          values: { 'param.amount': 2400, 'context.is_admin': false },
        },
      ],
    })
  })

  it.each([
    ['a missing parameter', {}, { is_admin: false }, 'param.amount is missing.', {}],
    ['a missing context', { amount: 2400 }, {}, 'context.is_admin is missing.', { 'param.amount': 2400 }],
    [
      'a wrong type',
      { amount: '2400' },
      { is_admin: false },
      'param.amount > 1000 cannot be evaluated: a string and a number have no order.',
      { 'param.amount': '2400' },
    ],
  ])('stops a call whose condition cannot be evaluated for %s', (_, params, context, detail, values) => {
    expect(
      aCall({ agent: [{ name: TOOL, when: WHEN }], params: params as never, context: context as never }),
    ).toEqual({
      gated: true,
      gates: [{ name: TOOL, from: 'Agent', when: WHEN, outcome: 'ConditionUnknown', detail, values }],
    })
  })

  it.each([
    [
      'has a mistake',
      'param.amount >',
      'The condition is not valid, at column 15: The condition ends too early.',
    ],
    ['is empty', '', 'The condition is not valid, at column 1: The condition is empty.'],
    ['is null', null as never, 'The condition is not valid, at column 1: The condition is not a text.'],
    ['is false', false as never, 'The condition is not valid, at column 1: The condition is not a text.'],
  ])('stops a call where the condition %s', (_, when, detail) => {
    const given = aCall({ agent: [{ name: TOOL, when }] })
    expect(given).toEqual({
      gated: true,
      gates: [{ name: TOOL, from: 'Agent', when: String(when), outcome: 'ConditionUnknown', detail }],
    })
  })

  it('stops a call where the gates were never compiled and one is wrong', () => {
    expect(aCall({ agentGates: [{ name: TOOL, when: '???' }] } as never)).toMatchObject({
      gated: true,
      gates: [{ outcome: 'ConditionUnknown' }],
    })
    expect(aCall({ agentGates: [{ name: TOOL, when: WHEN }] } as never)).toEqual({ gated: false })
  })

  it('asks all gates of agent and project, and shows each that fires', () => {
    const given = aCall({
      params: { amount: 2400 },
      agent: [
        { name: 'crm.*' },
        { name: TOOL, when: 'param.amount > 5000' },
        { name: 'order_tools.*', when: 'param.amount > 1000' },
      ],
      project: [{ name: '*', when: 'param.missing' }, { name: TOOL }],
    })
    expect(given.gated && given.gates.map(({ name, from, outcome }) => [name, from, outcome])).toEqual([
      ['order_tools.*', 'Agent', 'ConditionTrue'],
      ['*', 'Project', 'ConditionUnknown'],
      [TOOL, 'Project', 'Always'],
    ])
  })

  it.each(['Agent', 'Project'] as const)(
    'lets no other gate let through what a gate of the %s stops',
    from => {
      const gates = { agent: [{ name: TOOL, when: 'false' }], project: [{ name: '*', when: 'false' }] }
      gates[from === 'Agent' ? 'agent' : 'project'].push({ name: 'order*', when: 'true' })
      expect(aCall(gates)).toMatchObject({
        gated: true,
        gates: [{ name: 'order*', from, outcome: 'ConditionTrue' }],
      })
    },
  )

  describe('with properties that the schema does not declare', () => {
    const params = { amount: 20, Amount: 999_999 }
    const detail = "The tool's schema does not declare param.Amount (declared is amount)."

    it('stops a call that its condition would let through', () => {
      expect(aCall({ agent: [{ name: TOOL, when: WHEN }], params })).toEqual({
        gated: true,
        gates: [
          {
            name: TOOL,
            from: 'Agent',
            when: WHEN,
            outcome: 'ConditionUnknown',
            detail,
            values: { 'param.amount': 20 },
          },
        ],
      })
    })
    it('stops it on a condition of the project too', () => {
      expect(aCall({ project: [{ name: '*', when: 'false' }], params })).toMatchObject({
        gates: [{ from: 'Project', outcome: 'ConditionUnknown', detail }],
      })
    })
    it('says ConditionTrue where the condition is true all the same', () => {
      expect(aCall({ agent: [{ name: TOOL, when: 'param.amount == 20' }], params })).toMatchObject({
        gates: [{ outcome: 'ConditionTrue' }],
      })
    })
    it('lets it through where no conditional gate matches', () => {
      expect(aCall({ agent: [{ name: 'crm.*', when: WHEN }], params })).toEqual({ gated: false })
    })
    it('stops each call of a tool whose schema declares nothing', () => {
      expect(aCall({ agent: [{ name: TOOL, when: WHEN }], schema: { type: 'object' } })).toMatchObject({
        gates: [{ outcome: 'ConditionUnknown', detail: "The tool's schema does not declare param.amount." }],
      })
    })
  })

  describe('of a tool that is not the one that was pinned', () => {
    it('stops a call that no gate matches', () => {
      expect(aCall({ toolChanged: 'its schema changed' })).toEqual({
        gated: true,
        gates: [{ name: TOOL, from: 'Agent', outcome: 'ToolChanged', detail: 'its schema changed' }],
      })
    })
    it('says so beside the other gates', () => {
      expect(aCall({ toolChanged: 'new', agent: [{ name: TOOL }] })).toMatchObject({
        gates: [{ outcome: 'ToolChanged' }, { outcome: 'Always' }],
      })
    })
  })

  describe('with redacted parameters', () => {
    const key = Buffer.alloc(32, 1)
    const params = { amount: 2400, card: { number: '4111111111111111', cvc: 123 } }
    const secret = /4111|123/

    it.each([
      [
        'the value itself',
        ['param.card.number'],
        'param.card.number == "4111111111111111"',
        'param.card.number',
      ],
      [
        'what stands beneath it',
        ['param.card'],
        'param.card.number == "4111111111111111"',
        'param.card.number',
      ],
      ['what stands above it', ['param.card.number', 'param.card.cvc'], 'param.card != null', 'param.card'],
      ['all params', ['param.card'], '"card" in param', 'param'],
    ])('shows the mark for %s, and decides by the real value', (_, paths, when, read) => {
      const { shown } = redactParams(params, paths, key)
      const given = aCall({ agent: [{ name: TOOL, when }], params, shown })
      expect(given).toMatchObject({
        gates: [{ outcome: 'ConditionTrue', values: { [read]: expect.anything() } }],
      })
      const values = given.gated ? JSON.stringify(given.gates[0]?.values) : ''
      expect(values).toContain('$redacted')
      expect(values.replace(/hmac-sha256:[0-9a-f]{64}/g, '')).not.toMatch(secret)
    })

    it('names no value where the condition cannot be evaluated', () => {
      const { shown } = redactParams(params, ['param.card'], key)
      for (const when of [
        'param.card.number > 5',
        'param.card.cvc',
        'param.card.number in context.is_admin',
      ]) {
        const given = aCall({ agent: [{ name: TOOL, when }], params, shown })
        expect(given).toMatchObject({ gates: [{ outcome: 'ConditionUnknown' }] })
        expect(JSON.stringify(given).replace(/hmac-sha256:[0-9a-f]{64}/g, '')).not.toMatch(secret)
      }
    })
  })

  describe('keeps what it shows within what an ApprovalRequest may hold', () => {
    const check = (given: ReturnType<typeof evaluateGates>) => {
      if (!given.gated) throw new Error('not gated')
      for (const gate of given.gates) expect(firedGate.safeParse(gate)).toMatchObject({ success: true })
      return given.gates
    }
    const long = 'x'.repeat(60_000)

    it('with long values, names and details', () => {
      const name = 'n'.repeat(1900)
      const params = { amount: 1, [name]: long }
      const gates = check(
        aCall({ agent: [{ name: TOOL, when: `param.${name} != "a"` }], params, toolChanged: long }),
      )
      expect(gates[1]?.values).toEqual({ [`param.${'n'.repeat(505)}…`]: `${'x'.repeat(255)}…` })
    })

    it('with two hundred gates that all fire on long values, and a changed tool', () => {
      const when = Array.from({ length: 60 }, (_, i) => `param.p${i} != "a"`).join(' and ')
      const params = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`p${i}`, long.slice(0, 1000)]))
      const many = Array.from({ length: 100 }, () => ({ name: TOOL, when }))
      const gates = check(aCall({ agent: many, project: many, params, toolChanged: 'new' }))
      expect(gates).toHaveLength(200)
      expect(gates[0]?.outcome).toBe('ToolChanged')
      expect(JSON.stringify(gates).length).toBeLessThan(500_000)
      expect(gates.at(-1)).toMatchObject({
        outcome: 'ConditionTrue',
        detail: 'The values are left out: too many.',
      })
    })
  })

  it('shows only values that the API server gives back as they were', () => {
    const params = { amount: 1, note: `${'x'.repeat(254)}\u{1f600}${'y'.repeat(100)}` }
    const given = aCall({ agent: [{ name: TOOL, when: 'param.note != ""' }], params })
    const shown = given.gated ? given.gates[0]?.values?.['param.note'] : undefined
    expect(shown).toBe(`${'x'.repeat(254)}…`)
  })
})
