import { expect, it } from 'vitest'
import { duration, when } from './duration.ts'

const s = 1000
const m = 60 * s
const h = 60 * m
const d = 24 * h

it.each([
  [-5 * s, '0s'],
  [999, '0s'],
  [45 * s, '45s'],
  [119 * s, '119s'],
  [3 * m + 20 * s, '3m20s'],
  [4 * m, '4m'],
  [47 * m + 59 * s, '47m'],
  [179 * m, '179m'],
  [3 * h + 5 * m, '3h5m'],
  [26 * h, '26h'],
  [3 * d + 4 * h, '3d4h'],
  [12 * d + 4 * h, '12d'],
])('%i ms reads %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

it.each([
  ['2026-11-22T17:04:11Z', '2026-11-22 17:04:11Z (5m ago)'],
  ['2026-11-22T17:10:11Z', '2026-11-22 17:10:11Z (in 60s)'],
  ['rubbish', 'at an unknown time'],
])('%s reads %s', (time, text) => {
  expect(when(time, Date.parse('2026-11-22T17:09:11Z'))).toBe(text)
})
