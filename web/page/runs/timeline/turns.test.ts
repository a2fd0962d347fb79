import { expect, test } from 'vitest'
import { callStates } from '../../../../crds/v1alpha1/agentrun.ts'
import { TEXTS } from '../../../../operator/controllers/agentrun/texts.ts'
import type { Step } from '../../api/types.ts'
import { modelAtWork, turnsOf } from './turns.ts'
import { explained, stateWords } from './words.ts'

const model = (turn: number, ...toolCalls: string[]): Step => ({ type: 'Model', turn, toolCalls })
const call = (id: string, changes: Partial<Step> = {}): Step => ({
  type: 'ToolCall',
  id,
  tool: 'shop.refund',
  state: 'Succeeded',
  ...changes,
})

test('calls stand with the answer that asked for them', () => {
  const turns = turnsOf([model(1, '1.0', '1.1'), call('1.0'), call('1.1'), model(2), call('10.0')])
  expect(turns.map(({ number, calls }) => [number, calls.map(({ id }) => id)])).toEqual([
    [1, ['1.0', '1.1']],
    [2, []],
    [10, ['10.0']],
  ])
  expect(turns[2]?.answer).toBeUndefined()
})

test('a turn is drawn anew when a call of it moves on, and not otherwise', () => {
  const markOf = (changes: Partial<Step>) => turnsOf([model(1, '1.0'), call('1.0', changes)])[0]?.mark
  const waiting = { state: 'AwaitingApproval', approvalRequest: 'run-1-0' } as const
  expect(markOf(waiting)).toBe(markOf({ ...waiting }))
  const approval = { verdict: 'Approved', reviewers: ['a'], waitedSeconds: 3 } as const
  expect(markOf({ ...waiting, approval: { ...approval, reviewers: ['a'] } })).not.toBe(markOf(waiting))
  expect(markOf({ state: 'Succeeded', result: 'done' })).not.toBe(markOf({ state: 'Succeeded' }))
})

test('the model is at work from the start, and from the end of the last call of a turn', () => {
  const running = { phase: 'Running', startedAt: '2026-11-22T10:00:00Z' }
  const done = (finishedAt: string) => ({ finishedAt })
  expect(modelAtWork(running, [])).toEqual({ since: running.startedAt })
  const turns = turnsOf([
    model(1, '1.0', '1.1'),
    call('1.0', done('2026-11-22T10:00:09Z')),
    call('1.1', done('2026-11-22T10:00:05Z')),
  ])
  expect(modelAtWork(running, turns)).toEqual({ since: '2026-11-22T10:00:09Z' })
  expect(modelAtWork({ ...running, phase: 'Succeeded' }, turns)).toBeUndefined()
  const after = (state: Step['state']) =>
    modelAtWork(running, turnsOf([model(1, '1.0'), call('1.0', { state })]))
  expect(after('Executing')).toBeUndefined()
  expect(after('Rejected')).toEqual({ since: undefined })
})

test('every state has a word, and every one in which a call is not simply answered a sentence', () => {
  const plain = ['AwaitingApproval', 'Executing', 'Succeeded']
  for (const state of callStates) {
    expect(stateWords[state]).toBeTruthy()
    expect(explained(call('1.0', { state })) === undefined).toBe(plain.includes(state))
  }
})

test('a call that changed after it was approved is told from one that the end of its run overtook', () => {
  const approval = { verdict: 'Approved' as const, reviewers: ['a'], waitedSeconds: 3 }
  const notCalled = (result: string) =>
    explained(call('1.0', { state: 'NotExecuted', approval: { ...approval, reviewers: ['a'] }, result }))
  expect(notCalled(TEXTS.callChanged)).toContain('CallChanged')
  expect(notCalled(TEXTS.stopped)).toContain('It was approved, and not called all the same')
})

test('a call that was refused before it was made is not said to have been made', () => {
  expect(explained(call('1.0', { state: 'Failed' }))).toContain('refused before it was called')
  expect(explained(call('1.0', { state: 'Failed', startedAt: '2026-11-22T10:00:00Z' }))).toContain(
    'was called',
  )
})
