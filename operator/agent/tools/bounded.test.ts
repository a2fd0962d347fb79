import { describe, expect, it } from 'vitest'
import { bounded } from './bounded.ts'

const busyFor = (ms: number): void => {
  for (const began = performance.now(); performance.now() - began < ms; );
}

describe('bounded work', () => {
  it('is given back, and what it throws is thrown', () => {
    expect(bounded(10_000, () => 7)).toEqual({ done: true, value: 7 })
    expect(() =>
      bounded(10_000, () => {
        throw new Error('no')
      }),
    ).toThrow('no')
  })

  it('is ended where it goes on for ever', () => {
    expect(
      bounded(20, () => {
        for (;;);
      }),
    ).toEqual({ done: false })
  })

  it('is done where only the first try took too long, as when the process stood still meanwhile', () => {
    let tries = 0
    const work = () => {
      tries++
      if (tries === 1) busyFor(60_000)
      return tries
    }
    expect(bounded(1000, work)).toEqual({ done: true, value: 2 })
  })
})
