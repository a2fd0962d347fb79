import { describe, expect, test } from 'vitest'
import { settled, TestClock } from '../../../kube/testing.ts'
import { guard } from './guard.ts'

/** Somebody who stays, with a right that the test takes away. */
function staying() {
  const clock = new TestClock()
  const state = { has: true, asked: [] as number[], lost: [] as unknown[], hangs: false, unsubscribed: 0 }
  let changed = () => {}
  const end = guard(
    {
      clock,
      onRightsChange: fn => {
        changed = fn
        return () => void state.unsubscribed++
      },
      check: async ageMs => {
        state.asked.push(ageMs)
        if (state.hangs) await new Promise(() => {})
        if (!state.has) throw new Error('lost')
      },
    },
    error => state.lost.push(error),
  )
  return { clock, state, end, change: () => changed() }
}

describe('watching over the right of somebody who stays', () => {
  test('should find out within two seconds that it is gone, counting the age of the answer', async () => {
    const { clock, state } = staying()
    await clock.advance(10_000)
    expect(state.lost).toEqual([])
    state.has = false
    const oldest = Math.max(...state.asked)
    await clock.advance(2000 - oldest)
    expect(state.lost).toHaveLength(1)
  })

  test('should find out at once when the Project changes', async () => {
    const { state, change } = staying()
    state.has = false
    change()
    await settled()
    expect(state.lost).toHaveLength(1)
  })

  test('should say so once and ask no more', async () => {
    const { clock, state, change } = staying()
    state.has = false
    change()
    change()
    await settled()
    const asked = state.asked.length
    await clock.advance(10_000)
    expect(state).toMatchObject({ unsubscribed: 1 })
    expect([state.lost.length, state.asked.length]).toEqual([1, asked])
    expect(clock.pending()).toEqual([])
  })

  test('should take a question that is not answered for a right that is not known', async () => {
    const { clock, state } = staying()
    state.hangs = true
    await clock.advance(1500)
    expect(state.lost).toEqual([])
    await clock.advance(1500)
    expect(state.lost).toMatchObject([{ code: 'Unavailable' }])
  })

  test('should not take a question that was asked a moment ago for one that is not answered', async () => {
    const { clock, state, change } = staying()
    await clock.advance(1499)
    state.hangs = true
    change()
    state.hangs = false
    await clock.advance(1)
    await clock.advance(1499)
    expect(state.lost).toEqual([])
    // Nor for ever for one that will be.
    await clock.advance(1)
    expect(state.lost).toMatchObject([{ code: 'Unavailable' }])
  })

  test('should end with whom it watches over', async () => {
    const { clock, state, end } = staying()
    end()
    state.has = false
    await clock.advance(10_000)
    expect([state.lost.length, state.asked.length, state.unsubscribed]).toEqual([0, 0, 1])
  })
})
