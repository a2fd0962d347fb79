import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Newest } from './newest.ts'
import { decodePosition, encodePosition, newestFirst, type Position } from './position.ts'

const position = fc.tuple(
  fc.integer({ min: 0, max: 5 }).map(String),
  fc.integer({ min: 0, max: 99 }).map(String),
)

/** Reads all pages, offering the items in their order each time. */
function readAll(items: readonly Position[], limit: number): Position[] {
  const read: Position[] = []
  let after: Position | undefined
  do {
    const newest = new Newest<Position>(limit, after)
    for (const item of items) newest.offer(item, () => item)
    const page = newest.page()
    read.push(...page.items)
    after = page.continue === undefined ? undefined : decodePosition(page.continue, ['string', 'string'])
    if (read.length > items.length) throw new Error('an item is on two pages')
  } while (after !== undefined)
  return read
}

describe('pages, newest first', () => {
  test('should together be the sorted list, whatever the order of arrival and the limit', () => {
    const items = fc.uniqueArray(position, { selector: String, maxLength: 60 })
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 7 }), (list, limit) => {
        expect(readAll(list, limit)).toEqual(list.toSorted(newestFirst))
      }),
    )
  })

  test('should end before it is too large to be answered, and go on from there: one item at least', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ at: [100 - i], text: 'x'.repeat(3 * 1024 * 1024) }))
    many[7] = { at: [93], text: 'x'.repeat(20 * 1024 * 1024) }
    const pages: number[] = []
    let after: Position | undefined
    do {
      const newest = new Newest<string>(500, after)
      for (const { at, text } of many) newest.offer(at, () => text)
      const page = newest.page()
      pages.push(page.items.length)
      after = page.continue === undefined ? undefined : decodePosition(page.continue, ['number'])
    } while (after !== undefined)
    expect(pages).toEqual([2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 2])
  })

  test('should not be disturbed by items that are newer than those already read', () => {
    const older = [
      ['2', 'a'],
      ['1', 'a'],
      ['0', 'a'],
    ] as const
    const first = new Newest<Position>(1)
    for (const item of older) first.offer(item, () => item)
    const after = decodePosition(first.page().continue ?? '', ['string', 'string'])
    const second = new Newest<Position>(5, after)
    for (const item of [...older, ['3', 'new'] as const]) second.offer(item, () => item)
    expect(second.page()).toEqual({
      items: [
        ['1', 'a'],
        ['0', 'a'],
      ],
    })
  })

  test('should make only the items that may be part of the page', () => {
    const newest = new Newest<number>(1, ['5', ''])
    let made = 0
    for (const time of ['9', '8', '5', '6']) newest.offer([time, ''], () => ++made)
    expect(made).toBe(0)
  })

  test.each(['', 'x', 'W10', encodePosition(['a']), encodePosition([1, 2]), encodePosition(['a', 'b', 'c'])])(
    'should refuse %j as a place to go on from',
    text => {
      expect(() => decodePosition(text, ['string', 'string'])).toThrow(/continue/)
    },
  )
})
