import { describe, expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import { Buckets } from './buckets.ts'

const maxKeys = 100

function fresh() {
  const clock = new TestClock()
  const buckets = new Buckets({ burst: 3, refillMs: 1000, clock, maxKeys })
  const empty = (key: string) => {
    while (buckets.take(key) === 0);
  }
  return { clock, buckets, empty }
}

describe('a bucket', () => {
  test('should give its burst at once, then say how long the next token takes', () => {
    const { buckets } = fresh()
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 1000])
    expect(buckets.available('a')).toBe(0)
    expect(buckets.available('b')).toBe(3)
  })

  test('should refill one by one, and never beyond its size', async () => {
    const { clock, buckets, empty } = fresh()
    empty('a')
    await clock.advance(999)
    expect(buckets.waitMs('a')).toBe(1)
    await clock.advance(1)
    expect(buckets.available('a')).toBe(1)
    expect(buckets.take('a')).toBe(0)
    expect(buckets.take('a')).toBe(1000)
    await clock.advance(3_600_000)
    expect(buckets.available('a')).toBe(3)
  })

  test('should not be emptied further by whoever is refused', async () => {
    const { clock, buckets, empty } = fresh()
    empty('a')
    for (let i = 0; i < 1000; i++) buckets.take('a')
    await clock.advance(1000)
    expect(buckets.take('a')).toBe(0)
  })

  test('should hold nobody up for longer when the clock is turned back', async () => {
    const { clock, buckets, empty } = fresh()
    await clock.advance(86_400_000)
    empty('a')
    clock.jump(-80_000_000)
    expect(buckets.waitMs('a')).toBeLessThanOrEqual(1000)
  })

  test.each([0.3, 7, 33.3, 600])(
    'should have a token in the very moment that it named, at %d ms each',
    async refillMs => {
      const clock = new TestClock()
      const buckets = new Buckets({ burst: 20, refillMs, clock })
      for (let i = 0; i < 200; i++) {
        const waitMs = buckets.take('a')
        if (waitMs > 0) await clock.advance(waitMs)
        if (waitMs > 0) expect(buckets.take('a')).toBe(0)
      }
    },
  )
})

describe('many buckets', () => {
  test('should be forgotten when they are full', async () => {
    const { clock, buckets } = fresh()
    for (let i = 0; i < 50; i++) buckets.take(`a${i}`)
    await clock.advance(1000)
    for (let i = 0; i < 10; i++) buckets.take(`b${i}`)
    expect(buckets.size).toBe(10)
  })

  test('should never be more than they may', () => {
    const { buckets } = fresh()
    for (let i = 0; i < 10_000; i++) {
      buckets.take(`a${i}`)
      expect(buckets.size).toBeLessThanOrEqual(maxKeys)
    }
  })

  test('should keep an empty one, whatever number of others is touched once', () => {
    const { buckets, empty } = fresh()
    empty('guesser')
    for (let i = 0; i < 100_000; i++) buckets.take(`a${i}`)
    expect(buckets.available('guesser')).toBe(0)
  })

  test('should keep empty ones together, whatever number of others is touched once', () => {
    const { buckets, empty } = fresh()
    const guessers = Array.from({ length: 60 }, (_, i) => `guesser${i}`)
    for (const guesser of guessers) empty(guesser)
    for (let i = 0; i < 10_000; i++) buckets.take(`a${i}`)
    expect(guessers.filter(guesser => buckets.available(guesser) > 0)).toEqual([])
  })

  test('should take in a new one though many are full of what came before', () => {
    const { buckets, empty } = fresh()
    for (let i = 0; i < 30; i++) empty(`guesser${i}`)
    for (let i = 0; i < maxKeys; i++) buckets.take(`a${i}`)
    for (let i = 0; i < 10; i++) buckets.take('late')
    expect(buckets.available('late')).toBe(0)
  })

  test('should keep an empty one until about as many as are remembered were emptied', () => {
    const { buckets, empty } = fresh()
    empty('guesser')
    for (let i = 0; i < maxKeys - 1; i++) empty(`a${i}`)
    expect(buckets.available('guesser')).toBe(0)
  })
})
