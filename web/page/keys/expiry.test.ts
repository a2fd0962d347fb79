import { expect, test } from 'vitest'
import { lives, secondsOf } from './expiry.ts'

test('each choice is a time that the gateway takes', () => {
  for (const [life] of lives.slice(0, -1)) {
    expect(secondsOf(life, '', '')).toEqual({ seconds: Number(life) })
    expect(Number(life)).toBeLessThanOrEqual(365 * 86_400)
  }
})

test('another time is said in whole numbers, from a minute to a year', () => {
  const other = (count: string, unit: string) => secondsOf('custom', count, unit)
  expect(other('1', '60')).toEqual({ seconds: 60 })
  expect(other(' 45 ', '86400')).toEqual({ seconds: 45 * 86_400 })
  expect(other('365', '86400')).toEqual({ seconds: 31_536_000 })
  for (const [count, unit] of [
    ['0', '60'],
    ['366', '86400'],
    ['', '60'],
    ['1.5', '86400'],
    ['-1', '86400'],
    ['1e3', '60'],
  ] as const) {
    expect(other(count, unit)).toHaveProperty('wrong')
  }
})
