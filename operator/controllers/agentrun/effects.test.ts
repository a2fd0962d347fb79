import { describe, expect, it } from 'vitest'
import type { ToolOutcome } from '../../agent/types.ts'
import { createEffects, type ModelOutcome } from './effects.ts'

const paid: ToolOutcome = { kind: 'Result', text: 'paid', sent: true }
const never = () => new Promise<never>(() => {})

/** Whether a promise has resolved by now. */
const isSettled = async (promise: Promise<void>): Promise<boolean> => {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise(setImmediate)
  return settled
}

describe('a call', () => {
  it('is made once: neither again while it goes on nor after it', async () => {
    const effects = createEffects()
    const done = Promise.withResolvers<void>()
    let made = 0
    const work = async () => {
      made++
      return paid
    }
    expect(() => effects.start('run', '1.0', work, done.resolve)).toThrow('not fenced')
    effects.fence('run', '1.0')
    effects.fence('run', '1.0')
    effects.start('run', '1.0', work, done.resolve)
    expect(() => effects.fence('run', '1.0')).toThrow('made already')
    expect(() => effects.start('run', '1.0', work, done.resolve)).toThrow('not fenced')
    await done.promise
    expect(effects.call('run', '1.0')).toEqual({ state: 'Done', outcome: paid })
    expect(() => effects.fence('run', '1.0')).toThrow('made already')
    expect(made).toBe(1)
  })

  it('that throws is an error that says that it may have been executed', async () => {
    const effects = createEffects()
    const done = Promise.withResolvers<void>()
    effects.fence('run', '1.0')
    effects.start('run', '1.0', () => Promise.reject(new Error('secret')), done.resolve)
    await done.promise
    const flight = effects.call('run', '1.0')
    expect(flight).toMatchObject({ state: 'Done', outcome: { kind: 'Error', sent: true } })
    expect(JSON.stringify(flight)).not.toContain('secret')
  })

  it('is waited for until its outcome was taken, a fenced one as well', async () => {
    const effects = createEffects()
    const done = Promise.withResolvers<void>()
    expect(await isSettled(effects.idle())).toBe(true)
    effects.fence('run', '1.0')
    effects.fence('run', '1.1')
    const idle = effects.idle()
    effects.start('run', '1.0', async () => paid, done.resolve)
    await done.promise
    expect(await isSettled(idle)).toBe(false)
    effects.forgetCall('run', '1.0')
    expect(await isSettled(idle)).toBe(false)
    expect(effects.unfence('run')).toEqual(['1.1'])
    expect(await isSettled(idle)).toBe(true)
  })

  it('keeps being made when the fences of its run are forgotten', () => {
    const effects = createEffects()
    effects.fence('run', '1.0')
    effects.start('run', '1.0', never, () => {})
    expect(effects.unfence('run')).toEqual([])
    expect(effects.call('run', '1.0').state).toBe('Calling')
  })
})

describe('calls of a run that another operator has ended', () => {
  it('are waited for while they are made, and nobody waits for what has become of them', async () => {
    const effects = createEffects()
    const [made, over] = [Promise.withResolvers<ToolOutcome>(), Promise.withResolvers<void>()]
    for (const id of ['1.0', '1.1', '1.2']) effects.fence('run', id)
    effects.start('run', '1.0', async () => paid, over.resolve)
    effects.start('run', '1.1', () => made.promise, never)
    await over.promise
    effects.forgetCalls('run')
    expect(['1.0', '1.1', '1.2'].map(id => effects.call('run', id).state)).toEqual([
      'None',
      'Calling',
      'None',
    ])
    const idle = effects.idle()
    expect(await isSettled(idle)).toBe(false)
    made.resolve(paid)
    expect(await isSettled(idle)).toBe(true)
    expect(effects.call('run', '1.1').state).toBe('None')
  })

  it('do not come back when the trace has told their end before they have', async () => {
    const effects = createEffects()
    const [made, over] = [Promise.withResolvers<ToolOutcome>(), Promise.withResolvers<void>()]
    for (const id of ['1.0', '1.1']) effects.fence('run', id)
    effects.start('run', '1.0', () => made.promise, over.resolve)
    effects.forgetCall('run', '1.0')
    made.resolve(paid)
    await over.promise
    expect(effects.call('run', '1.0').state).toBe('None')
    effects.unfence('run')
    expect(await isSettled(effects.idle())).toBe(true)
  })
})

describe('a question to a model', () => {
  const outcome: ModelOutcome = { ok: false, error: new Error('no') }

  it('that was forgotten is aborted, and its late answer is not taken', async () => {
    const effects = createEffects()
    const answer = Promise.withResolvers<ModelOutcome>()
    let told = 0
    let signal: AbortSignal | undefined
    const work = (given: AbortSignal) => {
      signal = given
      return answer.promise
    }
    effects.ask('run', 1, work, () => told++)
    effects.forgetModel('run')
    expect(signal?.aborted).toBe(true)
    answer.resolve(outcome)
    await new Promise(setImmediate)
    expect(effects.model('run')).toEqual({ state: 'None' })
    expect(told).toBe(0)
  })

  it('is kept with its answer until it is forgotten, also when all others are aborted', async () => {
    const effects = createEffects()
    const done = Promise.withResolvers<void>()
    effects.ask('run', 2, async () => outcome, done.resolve)
    effects.ask('other', 1, never, () => {})
    await done.promise
    effects.abortModels()
    expect(effects.model('run')).toEqual({ state: 'Done', turn: 2, outcome })
    expect(effects.model('other')).toEqual({ state: 'None' })
  })
})
