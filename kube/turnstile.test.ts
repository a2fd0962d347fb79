import { describe, expect, test } from 'vitest'
import { Turnstile, type Urgency } from './turnstile.ts'

/** A turnstile for one with somebody inside, a clock, and a log of who came in. */
const busy = async () => {
  let now = 0
  const inside: string[] = []
  const stile = new Turnstile(1, () => now)
  await stile.enter('High')
  return {
    stile,
    inside,
    at: (ms: number, name: string, urgency: Urgency, signal?: AbortSignal) => {
      now = ms
      return stile.enter(urgency, signal).then(() => {
        inside.push(name)
      })
    },
    /** Lets the one inside go, until nobody waits. */
    leave: async (times: number) => {
      for (let left = times; left > 0; left--) {
        stile.leave()
        await Promise.resolve()
        await Promise.resolve()
        await Promise.resolve()
      }
    },
  }
}

describe('A turnstile', () => {
  test('lets as many through as it is for, and no more', async () => {
    const stile = new Turnstile(2)
    let inside = 0
    const come = () => stile.enter('Normal').then(() => inside++)
    const [, , third] = [come(), come(), come()]
    await Promise.resolve()
    await Promise.resolve()
    expect(inside).toBe(2)
    stile.leave()
    await third
    expect(inside).toBe(3)
  })

  test('lets the more urgent go first, and of the same urgency who came first', async () => {
    const { at, inside, leave } = await busy()
    void at(0, 'low', 'Low')
    void at(1, 'normal', 'Normal')
    void at(2, 'high', 'High')
    void at(3, 'normal too', 'Normal')
    await leave(4)
    expect(inside).toEqual(['high', 'normal', 'normal too', 'low'])
  })

  test('starves nobody: who has waited for long goes before somebody urgent that has just come', async () => {
    const { at, inside, leave } = await busy()
    void at(0, 'low', 'Low')
    void at(4999, 'high', 'High')
    void at(5001, 'late', 'High')
    await leave(3)
    expect(inside).toEqual(['high', 'low', 'late'])
  })

  test('lets go who does not want to wait any more, and gives its turn to the next', async () => {
    const { at, inside, leave } = await busy()
    const away = new AbortController()
    const gone = at(0, 'gone', 'High', away.signal)
    void at(1, 'next', 'High')
    away.abort(new Error('enough'))
    await expect(gone).rejects.toThrow('enough')
    await leave(1)
    expect(inside).toEqual(['next'])
  })

  test('takes nobody who had given up before', async () => {
    const stile = new Turnstile(1)
    await expect(stile.enter('High', AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
    await stile.enter('High')
  })
})
