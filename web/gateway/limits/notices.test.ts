import { expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import { Notices } from './notices.ts'

function fresh() {
  const clock = new TestClock()
  const said: [string, number][] = []
  return { clock, said, notices: new Notices(clock, (key, times) => said.push([key, times])) }
}

test('should say it at once, then once a minute with how often it was', async () => {
  const { clock, said, notices } = fresh()
  for (let i = 0; i < 100; i++) notices.happened('a')
  expect(said).toEqual([['a', 1]])
  await clock.advance(60_000)
  notices.happened('a')
  expect(said).toEqual([
    ['a', 1],
    ['a', 100],
  ])
})

test('should speak of each by itself', () => {
  const { said, notices } = fresh()
  for (const key of ['a', 'b', 'a', 'b', 'c']) notices.happened(key)
  expect(said.map(([key]) => key)).toEqual(['a', 'b', 'c'])
})

test('should not fill the log though they are a million', async () => {
  const { clock, said, notices } = fresh()
  for (let i = 0; i < 1_000_000; i++) notices.happened(`a${i}`)
  expect(said).toHaveLength(10_000)
  await clock.advance(60_000)
  notices.happened('b')
  expect(said.at(-1)).toEqual(['b', 1])
})
