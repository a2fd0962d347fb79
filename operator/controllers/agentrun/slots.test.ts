import { describe, expect, it } from 'vitest'
import { createSlots, type Work } from './slots.ts'

const woken: string[] = []
const work = (runUID: string, project = 'shop', server = 'model', limit = 2): Work => ({
  runUID,
  id: 'model',
  kind: 'model',
  project,
  server,
  limit,
  wake: () => woken.push(runUID),
})
const begun = () => true

const fresh = (perProject = 10, projects?: ReadonlyMap<string, number>) => {
  woken.length = 0
  return createSlots({ perProject, ...(projects ? { projects } : {}) })
}

describe('slots', () => {
  it('are taken until there are no more, and then in the order of asking', () => {
    const slots = fresh()
    expect(['a', 'b', 'c', 'd'].map(run => slots.take(work(run)))).toEqual([true, true, false, false])
    expect(slots.counts().model).toEqual({ held: 2, waiting: 2 })
    slots.give('a', 'model')
    expect(woken).toEqual(['c'])
    // It is kept for the one whose turn it is.
    expect(slots.take(work('e'))).toBe(false)
    expect(slots.take(work('c'))).toBe(true)
    slots.give('b', 'model')
    expect(woken).toEqual(['c', 'd'])
  })

  it('are had by turns of the projects that stand in line', () => {
    const slots = fresh()
    const many = Array.from({ length: 50 }, (_, index) => `many-${index}`)
    for (const run of many) slots.take(work(run, 'many'))
    slots.take(work('few-0', 'few'))
    slots.take(work('few-1', 'few'))
    for (const run of ['many-0', 'many-1']) slots.give(run, 'model')
    slots.give('many-2', 'model')
    slots.give('few-0', 'model')
    expect(woken).toEqual(['many-2', 'few-0', 'many-3', 'few-1'])
  })

  it('of a project are bounded over all servers, and hold up no other project', () => {
    const slots = fresh(3)
    const servers = ['m1', 'm2', 'm3', 'm4']
    expect(servers.map((server, index) => slots.take(work(`a${index}`, 'a', server)))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(slots.take(work('b', 'b', 'm4'))).toBe(true)
    slots.give('a0', 'model')
    expect(woken).toEqual(['a3'])
  })

  it('are more for some projects, and fewer for others', () => {
    const limits = new Map([
      ['few', 1],
      ['many', 3],
    ])
    const slots = fresh(2, limits)
    const had = (project: string) =>
      [0, 1, 2, 3].filter(index => slots.take(work(`${project}-${index}`, project, 'model', 100))).length
    expect([had('few'), had('many'), had('other')]).toEqual([1, 3, 2])
    slots.give('few-0', 'model')
    expect(woken).toEqual(['few-1'])
  })

  it('of a project go to a call of a tool before questions to models, and models take turns', () => {
    const slots = fresh(2)
    for (const run of ['a0', 'a1', 'a2']) slots.take(work(run, 'shop', 'a'))
    for (const run of ['b0', 'b1']) slots.take(work(run, 'shop', 'b'))
    slots.take({ ...work('approved', 'shop', 'tool'), kind: 'toolset' })
    slots.give('a0', 'model')
    expect(woken).toEqual(['approved'])
    slots.give('approved', 'model')
    slots.give('a1', 'model')
    expect(woken).toEqual(['approved', 'a2', 'b0'])
  })

  it('of a server that hangs hold up nothing for another one', () => {
    const slots = fresh()
    for (const run of ['a', 'b', 'c']) slots.take(work(run, 'shop', 'hangs'))
    expect(slots.take(work('d', 'shop', 'well'))).toBe(true)
  })

  it('are given back where a run was woken and makes no use of its own', () => {
    const slots = fresh()
    for (const run of ['a', 'b', 'c', 'd']) {
      slots.take(work(run))
      slots.looked(run, begun)
    }
    slots.give('a', 'model')
    expect(woken).toEqual(['c'])
    slots.looked('c', begun)
    expect(woken).toEqual(['c', 'd'])
    expect(slots.counts().model).toEqual({ held: 2, waiting: 0 })
  })

  it('that come during a look are kept for the next one', () => {
    const slots = fresh()
    for (const run of ['a', 'b', 'c']) slots.take(work(run))
    slots.give('a', 'model')
    slots.looked('c', () => false)
    expect(slots.take(work('c'))).toBe(true)
    slots.looked('c', begun)
    expect(slots.counts().model).toEqual({ held: 2, waiting: 0 })
  })

  it('are stood in line for anew by a run that is to ask another server', () => {
    const slots = fresh()
    for (const run of ['a', 'b', 'c', 'd']) slots.take(work(run))
    slots.give('a', 'model')
    expect(woken).toEqual(['c'])
    // What was kept for it goes to the next.
    expect(slots.take(work('c', 'shop', 'other', 1))).toBe(true)
    expect(woken).toEqual(['c', 'd'])
    expect(slots.take(work('e', 'shop', 'other', 1))).toBe(false)
    expect(slots.take(work('e'))).toBe(false)
    slots.give('c', 'model')
    expect(woken).toEqual(['c', 'd'])
    slots.give('b', 'model')
    expect(woken).toEqual(['c', 'd', 'e'])
  })

  it('are counted by what has no room for those who wait', () => {
    const slots = fresh(3)
    const call = (run: string, project?: string) =>
      slots.take({ ...work(run, project, 'tool', 1), kind: 'toolset' as const })
    for (const run of ['a', 'b', 'c']) slots.take(work(run))
    expect(slots.counts()).toEqual({
      project: { held: 2, waiting: 0 },
      model: { held: 2, waiting: 1 },
      toolset: { held: 0, waiting: 0 },
    })
    // Now the project has no room either, for c as for e; nor has the tool.
    for (const run of ['d', 'e']) call(run)
    call('f', 'other')
    expect(slots.counts()).toEqual({
      project: { held: 3, waiting: 2 },
      model: { held: 2, waiting: 1 },
      toolset: { held: 1, waiting: 2 },
    })
  })

  it('are not stood in line for by a run that asks no more, nor kept by work that was not begun', () => {
    const slots = fresh()
    for (const run of ['a', 'b', 'c']) slots.take(work(run))
    slots.looked('c', begun)
    slots.looked('c', begun)
    expect(slots.counts().model).toEqual({ held: 2, waiting: 0 })
    slots.looked('a', () => false)
    expect(slots.counts().model).toEqual({ held: 1, waiting: 0 })
  })

  it('are never more than may be, and none is left over, whatever happens in whatever order', () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    const slots = fresh(4)
    const has = new Map<string, Work>()
    for (let step = 0; step < 20_000; step++) {
      const run = `r${random(40)}`
      const asked = work(run, `p${random(40) % 3}`, `s${Number(run.slice(1)) % 2}`, 5)
      const standing = { ...asked, project: `p${Number(run.slice(1)) % 3}` }
      if (random(3) > 0) {
        if (slots.take(standing)) has.set(run, standing)
      } else {
        slots.give(run, 'model')
        has.delete(run)
      }
      for (const key of ['s0', 's1'])
        expect([...has.values()].filter(({ server }) => server === key).length).toBeLessThanOrEqual(5)
      for (const key of ['p0', 'p1', 'p2'])
        expect([...has.values()].filter(({ project }) => project === key).length).toBeLessThanOrEqual(4)
    }
    // All that were granted meanwhile are taken, and given back: nothing is left over.
    for (let run = 0; run < 40; run++) slots.give(`r${run}`, 'model')
    expect(slots.counts().model).toEqual({ held: 0, waiting: 0 })
  })
})
