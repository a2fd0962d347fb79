import { expect, test } from 'vitest'
import { placeOf, urlOf } from '../../router.ts'
import { beneath, openedFrom, openRun, placeOfRun } from './places.ts'

test.each([
  ['/projects/shop/runs/run-1', 'run-1', '/projects/shop/runs'],
  ['/projects/shop/runs/run-1?phase=Failed', 'run-1', '/projects/shop/runs?phase=Failed'],
  ['/projects/shop/audit?run=run-1', 'run-1', '/projects/shop/audit'],
  ['/projects/shop/approvals/a-1?run=run-1', 'run-1', '/projects/shop/approvals/a-1'],
  ['/projects/shop/runs/run-2?run=run-1', 'run-1', '/projects/shop/runs/run-2'],
])('%s opens %s over %s', (url, run, page) => {
  const place = placeOf(url)
  expect(openRun(place)).toBe(run)
  expect(urlOf(beneath(place))).toBe(page)
  expect(openRun(placeOf(urlOf(placeOfRun(place, 'other'))))).toBe('other')
  expect(urlOf(beneath(placeOfRun(place, 'other')))).toBe(page)
})

test('no run is open over a list or a request', () => {
  expect(openRun(placeOf('/projects/shop/runs'))).toBeUndefined()
  expect(openRun(placeOf('/projects/shop/approvals/a-1'))).toBeUndefined()
})

test('closing goes back to before the first of the drawers, and nowhere else', () => {
  const list = 'http://page/projects/shop/runs'
  const other = 'http://page/projects/shop/audit'
  const wanted = '/projects/shop/runs'
  expect(openedFrom([list, `${list}/a`, `${list}/b`], 2, wanted)).toBe(0)
  expect(openedFrom([other, `${list}/a`], 1, wanted)).toBeUndefined()
  expect(openedFrom([`${list}/a`], 0, wanted)).toBeUndefined()
  expect(openedFrom([null, `${list}/a`], 1, wanted)).toBeUndefined()
  expect(openedFrom([], 0, wanted)).toBeUndefined()
})
