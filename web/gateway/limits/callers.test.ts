import { describe, expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import { problemOf } from '../problems/translate.ts'
import { Callers } from './callers.ts'

function fresh() {
  const clock = new TestClock()
  const options = { requestsPerSecond: 100, requestBurst: 500, openRequests: 200, openWaits: 100 }
  return { clock, callers: new Callers({ ...options, clock }) }
}

const refusalOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return problemOf(error)
  }
  return undefined
}

describe('requests of one credential', () => {
  test('should come 500 at once, then 100 a second', async () => {
    const { clock, callers } = fresh()
    const enter = () => callers.enter('a').close()
    for (let i = 0; i < 500; i++) enter()
    expect(refusalOf(enter)).toMatchObject({
      code: 'RateLimited',
      statusCode: 429,
      message: 'This credential may send 100 requests a second. Try again after the time in Retry-After.',
      extras: { retryAfterSeconds: 1 },
    })
    await clock.advance(1000)
    for (let i = 0; i < 100; i++) enter()
    expect(refusalOf(enter)?.code).toBe('RateLimited')
  })

  test('should not weigh on another credential', () => {
    const { callers } = fresh()
    for (let i = 0; i < 500; i++) callers.enter('a').close()
    callers.enter('b').close()
  })

  test('should be 200 at a time, and another when one is over', () => {
    const { callers } = fresh()
    const open = Array.from({ length: 200 }, () => callers.enter('a'))
    expect(refusalOf(() => callers.enter('a'))).toMatchObject({ code: 'RateLimited' })
    callers.enter('b').close()
    open[7]?.close()
    callers.enter('a')
    expect(refusalOf(() => callers.enter('a'))?.message).toMatch(/200 requests under way/)
  })

  test('should not be spent on being refused for what is open', () => {
    const { callers } = fresh()
    const open = Array.from({ length: 200 }, () => callers.enter('a'))
    for (let i = 0; i < 1000; i++) refusalOf(() => callers.enter('a'))
    for (const request of open) request.close()
    for (let i = 0; i < 300; i++) callers.enter('a').close()
  })

  test('should be forgotten when they are over, however often that is said', () => {
    const { callers } = fresh()
    const [one, other] = [callers.enter('a'), callers.enter('a')]
    one.close()
    one.close()
    expect(callers.size).toBe(1)
    other.close()
    expect(callers.size).toBe(0)
  })
})

describe('requests that wait', () => {
  test.each([
    ['LongPoll', 'EventStream', /100 long polls/],
    ['EventStream', 'LongPoll', /100 event streams/],
  ] as const)('should be 100 of kind %s at a time, of which %s is none', (kind, other, message) => {
    const { callers } = fresh()
    const open = Array.from({ length: 100 }, () => {
      const request = callers.enter('a')
      request.wait(kind)
      return request
    })
    expect(refusalOf(() => callers.enter('a').wait(kind))?.message).toMatch(message)
    callers.enter('a').wait(other)
    callers.enter('b').wait(kind)
    open[0]?.close()
    callers.enter('a').wait(kind)
  })

  test('should leave room for others that do not', () => {
    const { callers } = fresh()
    for (let i = 0; i < 100; i++) callers.enter('a').wait('EventStream')
    for (let i = 0; i < 100; i++) callers.enter('a')
  })

  test('should count nothing once the request is over', () => {
    const { callers } = fresh()
    const over = callers.enter('a')
    over.close()
    for (let i = 0; i < 200; i++) over.wait('LongPoll')
    for (let i = 0; i < 100; i++) callers.enter('a').wait('LongPoll')
  })
})
