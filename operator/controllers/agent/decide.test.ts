import { describe, expect, it } from 'vitest'
import { type Agent, type AgentStatus, agentStatus } from '../../../crds/v1alpha1/agent.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { toolsHash } from '../../policy/digests.ts'
import type { Listing } from '../../toolbox/toolbox.ts'
import { findCondition } from '../conditions.ts'
import { decideAgent, type Facts, wantsRetry } from './decide.ts'

const hash = (digit: string) => `sha256:${digit.repeat(64)}`

const tool = (name: string, version = '0'): ToolDefinition => ({
  name: `shop.${name}`,
  toolset: 'shop',
  inputSchema: { type: 'object' },
  schemaHash: hash(version),
})

const serves = (...tools: ToolDefinition[]): Listing => ({ toolset: 'shop', ok: true, tools })
const away = (reason: Extract<Listing, { ok: false }>['reason'] = 'ToolsetUnavailable'): Listing => ({
  toolset: 'shop',
  ok: false,
  reason,
  message: 'does not answer',
  lastKnown: [],
})

const anAgent = (changes: {
  readonly gates?: readonly object[]
  readonly redact?: readonly string[]
  readonly generation?: number
  readonly status?: AgentStatus
  readonly accepts?: string
}): Agent =>
  ({
    metadata: {
      name: 'a',
      generation: changes.generation ?? 1,
      ...(changes.accepts ? { annotations: { [ANNOTATIONS.acceptTools]: changes.accepts } } : {}),
    },
    spec: { toolsets: [], approval: { tools: changes.gates ?? [], redact: changes.redact ?? [] } },
    status: changes.status,
  }) as unknown as Agent

const decide = (agent: Agent, listings: Listing[], facts: Partial<Facts> = {}): AgentStatus => {
  const status = decideAgent(
    { agent, projectGates: [], listings, modelSecret: undefined, ...facts },
    '2026-01-01T00:00:00Z',
  )
  expect(agentStatus.safeParse(status).error?.issues ?? []).toEqual([])
  return status
}

/** Ready, Accepted, ToolsResolved, ToolsUnchanged: `+`, or the reason why not. */
const truth = (status: AgentStatus): string =>
  ['Ready', 'Accepted', 'ToolsResolved', 'ToolsUnchanged']
    .map(type => findCondition(status.conditions, type))
    .map(condition => (condition?.status === 'True' ? '+' : condition?.reason))
    .join(' ')

const pay = tool('pay')
const pinned = decide(anAgent({}), [serves(pay)])
const other = tool('pay', '1')

describe('an agent', () => {
  it.each<[string, AgentStatus, string]>([
    ['that is fine', pinned, '+ + + +'],
    ['with a gate on a tool', decide(anAgent({ gates: [{ name: 'shop.pay' }] }), [serves(pay)]), '+ + + +'],
    [
      'with a gate that names no tool',
      decide(anAgent({ gates: [{ name: 'shop.pya' }] }), [serves(pay)]),
      'UnknownTool + UnknownTool +',
    ],
    [
      'with a condition that does not parse',
      decide(anAgent({ gates: [{ name: 'shop.pay', when: 'a b' }] }), [serves(pay)]),
      'InvalidCondition InvalidCondition + +',
    ],
    [
      'with a redact path that does not parse',
      decide(anAgent({ redact: ['param.'] }), [serves(pay)]),
      'InvalidRedactPath InvalidRedactPath + +',
    ],
    [
      'whose model has no Secret',
      decide(anAgent({}), [serves(pay)], { modelSecret: { reason: 'SecretNotFound', message: 'no' } }),
      'SecretNotFound SecretNotFound + +',
    ],
    [
      'whose toolset never answered',
      decide(anAgent({}), [away()]),
      'ToolsetUnavailable + ToolsetUnavailable +',
    ],
    [
      'whose toolset is away for now',
      decide(anAgent({ status: pinned }), [away()]),
      '+ + ToolsetUnavailable +',
    ],
    [
      'whose toolset is away since its spec was changed',
      decide(anAgent({ status: pinned, generation: 2 }), [away()]),
      'ToolsetUnavailable + ToolsetUnavailable +',
    ],
    [
      'whose toolset lost its Secret',
      decide(anAgent({ status: pinned }), [away('SecretNotLabelled')]),
      'SecretNotLabelled + SecretNotLabelled +',
    ],
    ['whose tool is another one', decide(anAgent({ status: pinned }), [serves(other)]), '+ + + ToolsChanged'],
    [
      'with one more tool',
      decide(anAgent({ status: pinned }), [serves(pay, tool('more'))]),
      '+ + + ToolsChanged',
    ],
    ['with one tool less', decide(anAgent({ status: pinned }), [serves()]), '+ + + +'],
    [
      'whose tool is another one since its spec was changed',
      decide(anAgent({ status: pinned, generation: 2 }), [serves(other)]),
      '+ + + +',
    ],
    [
      'whose tool is another one that somebody accepted',
      decide(anAgent({ status: pinned, accepts: toolsHash([other]) }), [serves(other)]),
      '+ + + +',
    ],
    [
      'whose tool is another one than the one that somebody accepted',
      decide(anAgent({ status: pinned, accepts: toolsHash([pay]) }), [serves(other)]),
      '+ + + ToolsChanged',
    ],
  ])('%s', (_what, status, expected) => expect(truth(status)).toBe(expected))

  it('keeps the tools that were pinned while they are others', () => {
    const changed = decide(anAgent({ status: pinned }), [serves(other, tool('more'))])
    expect(changed.tools).toEqual(pinned.tools)
    expect(changed.toolsHash).toBe(toolsHash([other, tool('more')]))
  })

  it('says of each tool what its gates and those of its project may do', () => {
    const gates = [{ name: 'shop.pay', when: 'param.amount > 1' }]
    const status = decide(anAgent({ gates }), [serves(pay, tool('read'), tool('drop'))], {
      projectGates: [{ name: 'shop.drop' }],
    })
    expect(status.tools?.map(({ name, gate }) => [name, gate])).toEqual([
      ['shop.drop', 'Always'],
      ['shop.pay', 'Conditional'],
      ['shop.read', 'None'],
    ])
  })

  it('is written the same again where nothing changed', () => {
    const again = decideAgent(
      {
        agent: anAgent({ status: pinned }),
        projectGates: [],
        listings: [serves(pay)],
        modelSecret: undefined,
      },
      '2027-01-01T00:00:00Z',
    )
    expect(again).toEqual(pinned)
  })

  it('is looked at again soon only while something outside of it is wrong', () => {
    expect(wantsRetry(decide(anAgent({}), [away()]))).toBe(true)
    expect(wantsRetry(decide(anAgent({ gates: [{ name: 'shop.pya' }] }), [serves(pay)]))).toBe(false)
    expect(wantsRetry(pinned)).toBe(false)
  })
})
