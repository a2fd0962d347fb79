import { describe, expect, test } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { itemOf } from './item.ts'

const aRun = (status: Partial<NonNullable<AgentRun['status']>>): AgentRun =>
  ({
    metadata: { name: 'run-1', namespace: 'shop' },
    spec: { agentRef: { name: 'order-manager' }, input: 'Do it.', cancel: false },
    status,
  }) as AgentRun

const complete = (status: 'True' | 'False', reason: string, message: string) => ({
  type: 'Complete',
  status,
  reason,
  message,
  lastTransitionTime: '2026-11-22T10:00:00Z',
})

describe('what a run waits for', () => {
  test('should be the last word of the operator', () => {
    const waits = complete('False', 'AgentNotReady', 'Agent order-manager is not ready: no tool is named a.b')
    expect(itemOf(aRun({ phase: 'Pending', conditions: [waits] })).waiting).toEqual({
      reason: 'AgentNotReady',
      message: 'Agent order-manager is not ready: no tool is named a.b',
    })
  })

  test('should be nothing once the run has ended, or before anybody looked', () => {
    const finishedAt = '2026-11-22T10:00:00Z'
    const failed = complete('False', 'MaxTurns', 'too many turns')
    expect(itemOf(aRun({ phase: 'Failed', finishedAt, conditions: [failed] })).waiting).toBeUndefined()
    const ended = complete('True', 'Succeeded', '')
    expect(itemOf(aRun({ phase: 'Succeeded', finishedAt, conditions: [ended] })).waiting).toBeUndefined()
    expect(itemOf(aRun({ phase: 'Pending' })).waiting).toBeUndefined()
  })
})
