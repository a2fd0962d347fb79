import { describe, expect, it } from 'vitest'
import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun, RunPhase } from '../../../crds/v1alpha1/agentrun.ts'
import { whyUnusable } from './ask.ts'
import { whyPending } from './start.ts'

type Truth = 'True' | 'False'

const agent = (
  conditions: Record<string, readonly [Truth, string]>,
  changes: { readonly observed?: number; readonly tools?: boolean } = {},
): Agent =>
  ({
    metadata: { name: 'a', generation: 2 },
    spec: {},
    status: {
      observedGeneration: changes.observed ?? 2,
      ...(changes.tools ? { tools: [] } : {}),
      conditions: Object.entries(conditions).map(([type, [status, reason]]) => ({
        type,
        status,
        reason,
        message: `${type} says ${reason}`,
      })),
    },
  }) as unknown as Agent

const ready = agent({ Ready: ['True', 'Ready'] })

const run = (spec: object, phase?: RunPhase): AgentRun =>
  ({
    metadata: { name: 'r' },
    spec: { agentRef: { name: 'a' }, ...spec },
    status: { phase },
  }) as unknown as AgentRun

describe('why a run waits before it starts', () => {
  const continues = run({ input: 'x', continueFrom: { name: 'before' } })
  it.each<[string, AgentRun, Agent | undefined, AgentRun | undefined, string | undefined]>([
    ['nothing is in its way', run({ input: 'x' }), ready, undefined, undefined],
    ['no agent', run({ input: 'x' }), undefined, undefined, 'AgentNotFound'],
    [
      'an agent not looked at',
      run({}),
      agent({ Ready: ['True', 'Ready'] }, { observed: 1 }),
      undefined,
      'AgentNotReady',
    ],
    [
      'an agent that is wrong',
      run({}),
      agent({ Ready: ['False', 'UnknownTool'] }),
      undefined,
      'AgentNotReady',
    ],
    ['an agent without a word of it', run({}), agent({}), undefined, 'AgentNotReady'],
    ['a call', run({ call: { tool: 't', params: {} } }), ready, undefined, 'CallNotSupported'],
    ['no earlier run', continues, ready, undefined, 'EarlierRunNotFound'],
    ['an earlier run that goes on', continues, ready, run({}, 'Running'), 'EarlierRunNotEnded'],
    ['an earlier run that waits', continues, ready, run({}, 'AwaitingApproval'), 'EarlierRunNotEnded'],
    [
      'an earlier run of another agent',
      continues,
      ready,
      run({ agentRef: { name: 'b' } }, 'Succeeded'),
      'EarlierRunOfAnotherAgent',
    ],
    ['an earlier run that succeeded', continues, ready, run({}, 'Succeeded'), undefined],
    ['an earlier run that failed', continues, ready, run({}, 'Failed'), undefined],
    ['an earlier run that was cancelled', continues, ready, run({}, 'Cancelled'), undefined],
  ])('%s', (_what, one, its, earlier, reason) => expect(whyPending(one, its, earlier)?.reason).toBe(reason))
})

describe('why a run does not take another turn', () => {
  const fine = { Accepted: ['True', 'Accepted'], ToolsResolved: ['True', 'ToolsResolved'] } as const
  it.each<[string, Agent, string | undefined]>([
    ['nothing is in its way', agent(fine), undefined],
    ['its agent was edited and not looked at', agent(fine, { observed: 1 }), 'has not looked at'],
    [
      'a condition does not parse',
      agent({ ...fine, Accepted: ['False', 'InvalidCondition'] }),
      'InvalidCondition',
    ],
    [
      'a gate names no tool',
      agent({ ...fine, ToolsResolved: ['False', 'UnknownTool'] }, { tools: true }),
      'UnknownTool',
    ],
    [
      'a toolset never answered',
      agent({ ...fine, ToolsResolved: ['False', 'ToolsetUnavailable'] }),
      'ToolsetUnavailable',
    ],
    [
      'a toolset is away for now',
      agent({ ...fine, ToolsResolved: ['False', 'ToolsetUnavailable'] }, { tools: true }),
      undefined,
    ],
    [
      'a Secret lost its label',
      agent({ ...fine, ToolsResolved: ['False', 'SecretNotLabelled'] }, { tools: true }),
      'SecretNotLabelled',
    ],
  ])('%s', (_what, its, why) => {
    const is = whyUnusable(its)
    if (why === undefined) expect(is).toBeUndefined()
    else expect(is).toContain(why)
  })
})
