import { expect, test } from 'vitest'
import { placeOf, urlOf } from './router.ts'

test('a place comes back from its address, with its filters', () => {
  const place = {
    project: 'shop',
    section: 'audit',
    run: 'run-1',
    query: { actor: 'alice@acme.com', action: 'RunStarted,RunEnded', tool: 'a&b=ü' },
  } as const
  expect(placeOf(urlOf(place))).toEqual(place)
  expect(urlOf(place)).toMatch(/^\/projects\/shop\/audit\?run=run-1&actor=alice%40acme\.com&/)
})

test('a filter that says nothing is not in the address', () => {
  expect(urlOf({ project: 'shop', section: 'runs', query: { phase: '' } })).toBe('/projects/shop/runs')
  expect(placeOf('/projects/shop/runs?phase=')).toEqual({ project: 'shop', section: 'runs' })
})

test('the settings stand beside the filters', () => {
  const place = { project: 'shop', section: 'runs', settings: true, query: { phase: 'Failed' } } as const
  expect(placeOf(urlOf(place))).toEqual(place)
})

test('an address that nobody gave is still an address', () => {
  expect(placeOf('/projects/shop/refunds')).toEqual({
    project: 'shop',
    section: 'approvals',
    unknown: 'refunds',
  })
  expect(placeOf('/projects/%zz/runs').project).toBe('%zz')
})
