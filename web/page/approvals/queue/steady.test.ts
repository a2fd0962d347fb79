import { describe, expect, test } from 'vitest'
import type { Approval } from '../../api/types.ts'
import { filtered } from './filter.ts'
import { free, type Line, steady } from './steady.ts'

const item = (name: string, minute: number, more: Partial<Approval> = {}): Approval =>
  ({
    name,
    uid: name,
    agent: 'order-manager',
    tool: 'order_tools.process_refund',
    run: 'run-1',
    params: {},
    expiresAt: `2026-11-22T10:${String(minute).padStart(2, '0')}:00Z`,
    ...more,
  }) as Approval

const shown = (lines: readonly Line[]) =>
  lines.map(({ approval, gone }) => (gone ? `(${approval.name})` : approval.name))

describe('the list while somebody points at it', () => {
  const [a, b, c, d] = [item('a', 1), item('b', 2), item('c', 3), item('d', 4)]
  const { lines } = free([a, b, c, d])

  test('keeps a settled request in its place', () => {
    expect(shown(steady(lines, [a, c, d], 3).lines)).toEqual(['a', '(b)', 'c', 'd'])
  })

  test('holds a new one that would come between what is in view', () => {
    const { lines: now, held } = steady(lines, [item('x', 0), a, b, c, d], 2)
    expect(shown(now)).toEqual(['a', 'b', 'c', 'd'])
    expect(held).toBe(1)
  })

  test('takes a new one in beneath what is in view, at its place', () => {
    const { lines: now, held } = steady(lines, [a, b, c, item('x', 3), d, item('y', 9)], 2)
    expect(shown(now)).toEqual(['a', 'b', 'c', 'x', 'd', 'y'])
    expect(held).toBe(0)
  })

  test('lets go beneath what is in view what was settled', () => {
    expect(shown(steady(lines, [a, b, c], 1).lines)).toEqual(['a', 'b', 'c'])
  })

  test('keeps its places however often it is drawn', () => {
    const once = steady(lines, [item('x', 0), a, c, d], 3).lines
    expect(shown(steady(once, [item('x', 0), a, d], 3).lines)).toEqual(['a', '(b)', '(c)', 'd'])
  })

  test('shows what a request has become', () => {
    const now = item('b', 2, { approvals: 1 } as Partial<Approval>)
    expect(steady(lines, [a, now, c, d], 3).lines[1]?.approval).toBe(now)
  })
})

describe('the filter', () => {
  const refund = item('run-1-1-0', 1, { params: { order: 'ORD-1287', amount: 2400 } as never })
  const gone = item('run-2-1-0', 2, {
    tool: 'crm.delete_customer',
    params: { who: { email: 'Eve@acme.com' } } as never,
  })
  test.each([
    ['', ['run-1-1-0', 'run-2-1-0']],
    ['  ', ['run-1-1-0', 'run-2-1-0']],
    ['1287', ['run-1-1-0']],
    ['eve@ACME', ['run-2-1-0']],
    ['who.email', ['run-2-1-0']],
    ['amount 2400', ['run-1-1-0']],
    ['crm order-manager', ['run-2-1-0']],
    ['crm 2400', []],
  ])('%j finds %j', (typed, names) => {
    expect(filtered([refund, gone], typed).map(({ name }) => name)).toEqual(names)
  })
})
