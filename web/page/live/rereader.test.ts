import { expect, test } from 'vitest'
import { rereader } from './rereader.ts'

test('a storm of changes is read a few times, one at a time, and the last change is always read', async () => {
  let now = 0
  let under = 0
  let most = 0
  let read = 0
  const found: number[] = []
  const reader = rereader(
    async () => {
      read++
      most = Math.max(most, ++under)
      const value = now
      await new Promise(done => setTimeout(done, 20))
      under--
      return value
    },
    value => found.push(value),
    () => {},
  )
  for (let i = 0; i < 60; i++) {
    await new Promise(done => setTimeout(done, 10))
    now++
    reader.again()
  }
  await expect.poll(() => found.at(-1)).toBe(60)
  reader.stop()
  expect(most).toBe(1)
  // However slow the machine is: far fewer than there were changes, and not only when all was over.
  expect(read).toBeLessThan(30)
  expect(found.length).toBeGreaterThan(2)
})

test('a failure is told, and what happens next is read all the same', async () => {
  const told: unknown[] = []
  let fails = true
  const reader = rereader(
    async () => {
      if (fails) throw new Error('away')
      return 'here'
    },
    value => told.push(value),
    error => told.push(error.message),
  )
  await expect.poll(() => told).toEqual(['away'])
  fails = false
  reader.again()
  await expect.poll(() => told).toEqual(['away', 'here'])
  reader.stop()
})

test('nothing is told after its end', async () => {
  const told: unknown[] = []
  let answer = (_: string) => {}
  const reader = rereader(
    () => new Promise<string>(resolve => (answer = resolve)),
    value => told.push(value),
    error => told.push(error),
  )
  reader.stop()
  answer('late')
  await new Promise(done => setTimeout(done, 0))
  expect(told).toEqual([])
})
