import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { sleep, systemClock, systemMonotonicClock } from './clock.ts'
import { settled, TestClock } from './testing.ts'

test('sleep ends with its time, or as soon as the signal aborts, and leaves nothing behind', async () => {
  const clock = new TestClock()
  const stop = new AbortController()
  let woken = 0
  const wake = () => woken++
  void sleep(clock, 100, stop.signal).then(wake)
  void sleep(clock, 500, stop.signal).then(wake)
  await clock.advance(100)
  expect(woken).toBe(1)
  stop.abort()
  await settled()
  expect(woken).toBe(2)
  expect(clock.pending()).toEqual([])
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  await sleep(clock, 1000, stop.signal)
})

test('the system clock keeps time, can be cancelled, and takes a wait longer than the platform does', async () => {
  let fired = false
  const cancel = systemClock.after(2 ** 40, () => {
    fired = true
  })
  const before = systemMonotonicClock.monotonic()
  await sleep(systemClock, 5)
  expect(systemMonotonicClock.monotonic() - before).toBeGreaterThanOrEqual(4)
  expect(fired).toBe(false)
  cancel()
})

test('the test clock runs timers in order, those that they set too, and cancelled ones never', async () => {
  const clock = new TestClock(0)
  const ran: string[] = []
  clock.after(20, () => ran.push(`b at ${clock.now()}`))
  clock.after(10, () => {
    ran.push(`a at ${clock.now()}`)
    clock.after(5, () => ran.push(`c at ${clock.now()}`))
  })
  clock.after(15, () => ran.push('never'))()
  await clock.advance(30)
  expect(ran).toEqual(['a at 10', 'c at 15', 'b at 20'])
  expect(clock.now()).toBe(30)
})
