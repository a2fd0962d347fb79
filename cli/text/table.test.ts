import { expect, it } from 'vitest'
import { clip, table } from './table.ts'

it('columns are as wide as their widest cell, three spaces apart, without trailing ones', () => {
  expect(
    table(
      ['NAME', 'AGE'],
      [
        ['refund-1-1-0', '5s'],
        ['x', ''],
      ],
    ),
  ).toBe(['NAME           AGE', 'refund-1-1-0   5s', 'x', ''].join('\n'))
})

it('characters outside the basic plane count as one', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['🙂🙂', 'x'],
        ['ab', 'y'],
      ],
    ),
  ).toBe('A    B\n🙂🙂   x\nab   y\n')
})

it.each([
  ['short', 10, 'short'],
  ['exactly', 7, 'exactly'],
  ['too long', 5, 'too …'],
])('%s in %i characters is %s', (text, width, shown) => {
  expect(clip(text, width)).toBe(shown)
})
