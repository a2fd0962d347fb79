import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auditActions } from '../../../crds/v1alpha1/audit-actions.ts'
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { settled } from '../../../kube/testing.ts'
import { coversAgent } from '../access/scope.ts'
import { type AuditFilter, matches } from './filter.ts'
import { idOf, ProjectIndex, type Search } from './project-index.ts'
import { aChain, anEntry, aRecord } from './testing.ts'

const filled = (records: readonly AuditRecord[]): ProjectIndex => {
  const index = new ProjectIndex()
  for (const record of records) index.add(record)
  return index
}
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const memoryInUse = async (): Promise<number> => {
  // What stood beside the heap is given back a moment after its owner.
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await settled()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const seqs = (index: ProjectIndex, search: Partial<Search> = {}) =>
  index.find({ filter: {}, max: Number.POSITIVE_INFINITY, ...search }).map(({ seq }) => seq)

describe('the index of a chain', () => {
  test('should find entries newest first, each with the record that holds it', () => {
    const records = aChain(7, 3)
    expect(filled(records).find({ filter: {}, max: 5 })).toEqual(
      [7, 6, 5, 4, 3].map(seq => ({ seq, ...idOf(records[Math.floor((seq - 1) / 3)] as AuditRecord) })),
    )
  })

  test('should go on inside a record, whatever came since', () => {
    const index = filled(aChain(7, 3))
    index.add(aRecord([anEntry(8), anEntry(9)]))
    expect(seqs(index, { before: 6, max: 3 })).toEqual([5, 4, 3])
    expect(seqs(index, { before: 2 })).toEqual([1])
    expect(seqs(index, { before: 1 })).toEqual([])
    expect(seqs(index, { after: 5 })).toEqual([9, 8, 7, 6])
    expect(seqs(index, { after: 9 })).toEqual([])
  })

  test('should hold what came twice once, and what came out of order in its place', () => {
    const [a, b, c, d] = aChain(8, 2) as [AuditRecord, AuditRecord, AuditRecord, AuditRecord]
    const index = filled([a, d, b, d, c, a])
    expect(seqs(index)).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    expect(index.size).toBe(8)
  })

  test('should lose what was removed, and not what bears its name', () => {
    const index = filled(aChain(6, 2))
    const second = aRecord([anEntry(3), anEntry(4)])
    index.remove({ ...idOf(second), id: 1 })
    index.remove({ first: 4, id: idOf(second).id })
    expect(index.size).toBe(6)
    index.remove(idOf(second))
    index.remove(idOf(second))
    expect(seqs(index)).toEqual([6, 5, 2, 1])
    expect([index.size, index.has(idOf(second)), index.records().length]).toEqual([4, false, 2])
    index.add(second)
    expect(seqs(index)).toEqual([6, 5, 4, 3, 2, 1])
  })

  test('should hold the newer of two of one name: the namespace was made anew', () => {
    const index = filled(aChain(2))
    index.add(aRecord([anEntry(1, { action: 'RunStarted' }), anEntry(2)], { uid: 'another' }))
    expect(seqs(index, { filter: { action: ['RunStarted'] } })).toEqual([1])
  })

  test('should give back the place of what was removed', () => {
    const chain = aChain(4000, 1, seq => anEntry(seq, { agent: `agent-${seq % 7}`, run: `run-${seq}` }))
    const index = filled(chain)
    const { bytes } = index
    for (const record of chain.slice(0, 3000)) index.remove(idOf(record))
    expect(index.bytes).toBeLessThan(bytes / 2)
    expect(seqs(index, { filter: { agent: 'agent-3' }, max: 2 })).toEqual([4000, 3993])
    expect(seqs(index, { filter: { run: 'run-3001' } })).toEqual([3001])
    expect(seqs(index).length).toBe(1000)
  })

  test('should take less than 100 bytes an entry, all told', async () => {
    const entries = 100_000
    const people = ['system:serviceaccount:countersign-system:countersign-operator', 'alice@acme.com']
    const entry = (seq: number) =>
      anEntry(seq, {
        actor: people[seq % 2] ?? '',
        agent: `agent-${seq % 50}`,
        run: `a-run-with-a-long-name-${seq >> 3}`,
        approvalRequest: `a-run-with-a-long-name-${seq >> 3}-1-0`,
        tool: `tools.tool-${seq % 100}`,
      })
    const before = await memoryInUse()
    const index = new ProjectIndex()
    // One at a time, so that nothing is left but what the index keeps.
    for (let seq = 1; seq <= entries; seq++) index.add(aRecord([entry(seq)]))
    const taken = (await memoryInUse()) - before
    expect(index.size).toBe(entries)
    expect(taken / entries).toBeLessThan(100)
  })
})

const filterNames = ['action', 'actor', 'agent', 'tool', 'run', 'approvalRequest', 'since', 'until']

describe('what an index finds', () => {
  const optional = (...values: readonly string[]) => fc.constantFrom(undefined, ...values)
  const fields = fc.record({
    action: fc.constantFrom(...auditActions.slice(0, 4)),
    actor: optional('alice', 'bob', 'alice, bob', 'Doe, Jane', 'bob, Doe, Jane'),
    agent: optional('one', 'two', 'one-more'),
    tool: optional('crm.find', 'crm.change', 'shop.find'),
    run: optional('a', 'b', 'a-1'),
    approvalRequest: optional('a-1-0', 'b-1-0'),
  })
  const filters = fc.record({
    action: fc.subarray(auditActions.slice(0, 4), { minLength: 1 }),
    actor: fc.constantFrom('alice', 'bob', 'Doe, Jane', 'Jane', 'nobody'),
    agent: fc.constantFrom('one', 'two', 'three'),
    tool: fc.constantFrom('crm.find', 'crm.*', '*', 'x*'),
    run: fc.constantFrom('a', 'c'),
    approvalRequest: fc.constantFrom('a-1-0', 'c-1-0'),
    since: fc.integer({ min: 0, max: 40 }).map(n => Date.UTC(2026, 10, 22, 10) + n * 5000),
    until: fc.integer({ min: 0, max: 40 }).map(n => Date.UTC(2026, 10, 22, 10) + n * 5000),
  })
  // One or two at a time: of more, nothing would be left.
  const filter = fc
    .tuple(filters, fc.subarray(filterNames, { maxLength: 2 }))
    .map(([all, keys]) => Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))))
  const agents = fc.option(fc.subarray(['one', 'two', 'three']), { nil: undefined })

  test('should be what fits, and nothing else, whatever the filter, the scope and the order of arrival', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fields, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 8 }),
        fc.array(fc.nat()),
        filter as fc.Arbitrary<AuditFilter>,
        agents,
        (chunks, order, wanted, only) => {
          let seq = 0
          const records = chunks.map(chunk =>
            aRecord(chunk.map(entry => anEntry(++seq, entry as Partial<AuditEntry>))),
          )
          const shuffled = records.toSorted(
            (a, b) => (order[idOf(a).first] ?? 0) - (order[idOf(b).first] ?? 0),
          )
          const expected = records
            .flatMap(({ spec }) => spec.entries)
            .filter(
              entry =>
                matches(entry, wanted) &&
                coversAgent({ readOnly: false, ...(only && { agents: only }) }, entry.agent),
            )
            .map(entry => entry.seq)
            .reverse()
          expect(seqs(filled(shuffled), { filter: wanted, agents: only })).toEqual(expected)
        },
      ),
    )
  })
})
