import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AgentRun,
  type AgentRunStatus,
  agentRunStatus,
  type Step,
} from '../../../crds/v1alpha1/agentrun.ts'
import { findCondition } from '../conditions.ts'
import { allOver, awaitsApproval, callSteps, ended, goingOn, hasEnded, millisecondsLeft } from './status.ts'

const at = (seconds: number): string => new Date(seconds * 1000).toISOString()
const running = { reason: 'Running', message: 'turn 1' } as const

const step = (id: string, state: Step['state'] = 'Pending'): Step => ({
  type: 'ToolCall',
  id,
  ...(state ? { state } : {}),
  approvalRequest: `run-${id.replace('.', '-')}`,
})

describe('the calls of a turn', () => {
  const steps: Step[] = [{ type: 'Model', turn: 1 }, step('1.0'), step('1.1'), step('11.0'), step('2.0')]
  it.each([
    [1, ['1.0', '1.1']],
    [2, ['2.0']],
    [11, ['11.0']],
    [3, []],
  ])('turn %i', (turn, ids) => expect(callSteps(steps, turn).map(({ id }) => id)).toEqual(ids))

  it.each([
    [['Succeeded', 'Rejected'], true, false],
    [['Succeeded', 'Executing'], false, false],
    [['AwaitingApproval', 'Executing'], false, true],
    [['Pending'], false, false],
    [[], true, false],
  ] as const)('%s', (states, over, awaits) => {
    const calls = states.map((state, index) => step(`1.${index}`, state))
    expect([allOver(calls), awaitsApproval(calls)]).toEqual([over, awaits])
  })
})

describe('the time that a run has left', () => {
  const run = (status: Partial<AgentRunStatus> | undefined): AgentRun =>
    ({ metadata: { name: 'r' }, spec: {}, status }) as unknown as AgentRun
  const awaiting = (since: number, status: 'True' | 'False' = 'True') => [
    { type: 'AwaitingApproval', status, reason: 'x', message: '', lastTransitionTime: at(since) },
  ]
  it.each([
    ['not started', undefined, undefined],
    ['started', { startedAt: at(0) }, 90],
    ['waited for people before', { startedAt: at(0), waitedSeconds: 4 }, 94],
    ['waits for people', { startedAt: at(0), conditions: awaiting(3) }, 97],
    ['waits for people again', { startedAt: at(0), waitedSeconds: 2, conditions: awaiting(7) }, 95],
    ['does not wait any more', { startedAt: at(0), waitedSeconds: 2, conditions: awaiting(7, 'False') }, 92],
  ] as const)('%s', (_what, status, left) => {
    const is = millisecondsLeft(run(status as Partial<AgentRunStatus>), 100, 10_000)
    expect(is).toBe(left === undefined ? undefined : left * 1000)
  })
})

describe('the seconds that people took', () => {
  it('are added up over every wait, to the second, however the run goes on', () => {
    const waits = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 })), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(waits, fc.boolean(), (spans, ends) => {
        let now = 1000
        let status: AgentRunStatus = {
          phase: 'Running',
          startedAt: at(now),
          steps: [step('1.0', 'AwaitingApproval')],
        }
        for (const [work, waited] of spans) {
          now += work
          status = goingOn({ ...status, phase: 'AwaitingApproval' }, running, 1, at(now))
          now += waited
          status = goingOn({ ...status, phase: 'Running' }, running, 1, at(now))
        }
        if (ends) status = ended({ ...status, phase: 'Succeeded' }, 1, at(now))
        const total = spans.reduce((sum, [, waited]) => sum + waited, 0)
        const worked = spans.reduce((sum, [work]) => sum + work, 0)
        expect(status.waitedSeconds ?? 0).toBe(total)
        const run = { metadata: { name: 'r' }, spec: {}, status } as unknown as AgentRun
        expect(millisecondsLeft(run, 10_000, now * 1000)).toBe((10_000 - worked) * 1000)
        expect(agentRunStatus.safeParse(status).success).toBe(true)
      }),
    )
  })

  it('do not shrink when the clock is set back', () => {
    const waiting = goingOn(
      { phase: 'AwaitingApproval', startedAt: at(0), waitedSeconds: 5 },
      running,
      1,
      at(100),
    )
    expect(goingOn({ ...waiting, phase: 'Running' }, running, 1, at(50)).waitedSeconds).toBe(5)
  })
})

describe('the conditions of a run', () => {
  const truth = (status: AgentRunStatus) =>
    ['Complete', 'Failed', 'AwaitingApproval'].map(type => findCondition(status.conditions, type)?.status)
  it.each([
    ['Pending', goingOn({ phase: 'Pending' }, running, 1, at(1)), ['False', 'False', 'False']],
    ['Running', goingOn({ phase: 'Running' }, running, 1, at(1)), ['False', 'False', 'False']],
    [
      'AwaitingApproval',
      goingOn({ phase: 'AwaitingApproval' }, running, 1, at(1)),
      ['False', 'False', 'True'],
    ],
    ['Succeeded', ended({ phase: 'Succeeded' }, 1, at(1)), ['True', 'False', 'False']],
    ['Cancelled', ended({ phase: 'Cancelled' }, 1, at(1)), ['True', 'False', 'False']],
    ['Failed', ended({ phase: 'Failed' }, 1, at(1)), ['False', 'True', 'False']],
  ] as const)('%s', (phase, status, expected) => {
    expect(truth(status)).toEqual(expected)
    expect(hasEnded({ status } as AgentRun)).toBe(['Succeeded', 'Cancelled', 'Failed'].includes(phase))
    expect(agentRunStatus.safeParse(status).success).toBe(true)
  })

  it('fit the schema however many requests are open and however long a message is', () => {
    const steps = Array.from({ length: 64 }, (_, index) => ({
      ...step(`1.${index}`, 'AwaitingApproval'),
      approvalRequest: `${'a'.repeat(240)}-1-${index}`,
    }))
    const status = goingOn(
      { phase: 'AwaitingApproval', steps },
      { ...running, message: '😀'.repeat(5000) },
      1,
      at(1),
    )
    expect(agentRunStatus.safeParse(status).success).toBe(true)
    for (const { message } of status.conditions ?? []) expect(message.isWellFormed()).toBe(true)
  })

  it('change their time only when their status does', () => {
    const first = goingOn({ phase: 'Running' }, running, 1, at(1))
    const second = goingOn(first, { ...running, message: 'turn 2' }, 1, at(9))
    expect(findCondition(second.conditions, 'Complete')).toMatchObject({
      lastTransitionTime: at(1),
      message: 'turn 2',
    })
  })
})
