import { expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import { Wakes } from './wakes.ts'

function wakes() {
  const clock = new TestClock()
  const made = new Wakes(clock)
  const told: string[] = []
  const leave = made.listen('shop', () => told.push('shop'))
  made.listen('bank', () => told.push('bank'))
  return { clock, told, leave, wake: (namespace: string) => made.wake(namespace), wakes: made }
}

test('whoever listens should be told at once, and not again for a quarter of a second, but then of what came', async () => {
  const { clock, told, wake } = wakes()
  wake('shop')
  expect(told).toEqual(['shop'])
  for (let i = 0; i < 100; i++) wake('shop')
  await clock.advance(249)
  expect(told).toHaveLength(1)
  await clock.advance(1)
  expect(told).toHaveLength(2)
  await clock.advance(1000)
  expect(told).toHaveLength(2)
})

test('a storm should be told of four times a second', async () => {
  const { clock, told, wake } = wakes()
  for (let i = 0; i < 200; i++) {
    wake('shop')
    await clock.advance(10)
  }
  // Over two seconds: at the beginning, and then every 250 ms.
  expect(told).toHaveLength(9)
})

test('whoever listens should be told of their project alone, until they leave', async () => {
  const { clock, told, leave, wake, wakes: made } = wakes()
  wake('bank')
  wake('elsewhere')
  expect(told).toEqual(['bank'])
  wake('shop')
  wake('shop')
  leave()
  await clock.advance(1000)
  wake('shop')
  expect(told).toEqual(['bank', 'shop'])
  expect([made.has('shop'), made.has('bank')]).toEqual([false, true])
  expect(clock.pending()).toEqual([])
})
