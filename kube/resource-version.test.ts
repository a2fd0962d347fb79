import { expect, test } from 'vitest'
import { compareVersions } from './resource-version.ts'

test.each([
  ['9', '10', -1],
  ['10', '10', 0],
  ['100', '99', 1],
  // Beyond what a number holds exactly.
  ['9007199254740993', '9007199254740992', 1],
  ['010', '9', undefined],
  ['0', '9', undefined],
  ['', '9', undefined],
  ['1e3', '9', undefined],
  ['-5', '9', undefined],
  [undefined, '9', undefined],
])('%s compared with %s is %s', (a, b, order) => {
  const compared = compareVersions(a, b)
  expect(compared === undefined ? undefined : Math.sign(compared)).toBe(order)
})
