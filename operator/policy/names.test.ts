import { describe, expect, it, vi } from 'vitest'
import { editDistance, nearestNames, unmatchedGates } from './names.ts'

const tools = ['order_tools.process_refund', 'order_tools.cancel_order', 'order_tools.lookup', 'crm.lookup']

// Below a second alone; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('unmatchedGates', () => {
  it('is empty when each gate names a tool or begins one', () => {
    const gates = [{ name: 'order_tools.process_refund' }, { name: 'order_tools.*' }, { name: '*' }]
    expect(unmatchedGates(gates, tools)).toEqual([])
  })
  it.each([
    ['order_tools.proces_refund', 'order_tools.process_refund'],
    ['order_tools.process_refunds', 'order_tools.process_refund'],
    ['Order_Tools.Process_Refund', 'order_tools.process_refund'],
    ['order-tools.lookup', 'order_tools.lookup'],
    ['process_refund', 'order_tools.process_refund'],
    ['refund', 'order_tools.process_refund'],
    ['ordertools.*', 'order_tools.cancel_order'],
    ['cmr.*', 'crm.lookup'],
  ])('suggests for %s first of all %s', (name, nearest) => {
    const [found] = unmatchedGates([{ name }], tools)
    expect(found).toMatchObject({ name, nearest: expect.arrayContaining([nearest]) })
    if (name !== 'refund') expect(found?.nearest[0]).toBe(nearest)
    expect(found?.nearest.length).toBeLessThanOrEqual(3)
  })
  it('finds every gate unmatched, prefixes too, where there are no tools', () => {
    expect(unmatchedGates([{ name: 'a.b' }, { name: '*' }], [])).toEqual([
      { name: 'a.b', nearest: [] },
      { name: '*', nearest: [] },
    ])
  })
})

describe('nearestNames', () => {
  it('gives at most three, the same in whatever order the candidates stand', () => {
    const names = ['t.b', 't.a', 't.d', 't.c']
    expect(nearestNames('t.x', names)).toEqual(['t.a', 't.b', 't.c'])
    expect(nearestNames('t.x', names.toReversed())).toEqual(['t.a', 't.b', 't.c'])
  })
})

describe('many gates and many tools', () => {
  it('are looked through without holding the operator up', () => {
    const long = (i: number) => `toolset.${'abcdefgh'.repeat(28)}_${i}`
    const tools = Array.from({ length: 2048 }, (_, i) => long(i * 7919))
    const gates = Array.from({ length: 200 }, (_, i) => ({ name: `tolset.${'abdcefgh'.repeat(28)}_${i}` }))
    const found = unmatchedGates(gates, tools)
    expect(found).toHaveLength(200)
    expect(found[4]?.nearest).toHaveLength(3)
    expect(found[5]?.nearest).toEqual([])
  })
})

describe('editDistance', () => {
  it('gives up once it is sure to exceed what was asked for', () => {
    expect(editDistance('kitten', 'sitting', 3)).toBe(3)
    expect(editDistance('kitten', 'sitting', 2)).toBe(Number.POSITIVE_INFINITY)
    expect(editDistance('a', 'abcdef', 2)).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
    ['same', 'same', 0],
  ])('between %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})
