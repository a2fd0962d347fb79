import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Approval } from '../api/types.ts'
import { Pending } from './pending.ts'

const item = (name: string, second: number): Approval =>
  ({
    name,
    uid: name,
    decisions: [],
    expiresAt: new Date(Date.UTC(2026, 10, 22) + second * 1000).toISOString(),
  }) as unknown as Approval

test('is in the order of deadlines, whatever comes and goes', () => {
  const change = fc.oneof(
    fc.record({ put: fc.integer({ min: 0, max: 20 }), at: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ delete: fc.integer({ min: 0, max: 20 }) }),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), changes => {
      const pending = new Pending()
      const model = new Map<string, Approval>()
      for (const one of changes) {
        if ('put' in one) {
          const put = item(`r${one.put}`, one.at)
          pending.put(put)
          model.set(put.name, put)
        } else {
          pending.delete(`r${one.delete}`)
          model.delete(`r${one.delete}`)
        }
        const sorted = [...model.values()].sort(
          (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt) || (a.name < b.name ? -1 : 1),
        )
        expect(pending.list()).toEqual(sorted)
      }
      const again = new Pending()
      again.replace(pending.list())
      expect(again.list()).toEqual(pending.list())
    }),
  )
})

test('is the same array until something changes', () => {
  const pending = new Pending()
  pending.put(item('a', 1))
  const list = pending.list()
  expect(pending.list()).toBe(list)
  pending.delete('unknown')
  expect(pending.list()).toBe(list)
  pending.delete('a')
  expect(pending.list()).not.toBe(list)
})
