import { describe, expect, test } from 'vitest'
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { wholeScope } from '../access/scope.ts'
import type { Scope } from '../credentials.ts'
import { hashOf } from './columns.ts'
import type { AuditFilter } from './filter.ts'
import { idOf, ProjectIndex, type RecordID } from './project-index.ts'
import { readPage } from './read.ts'
import { aChain, anEntry, aRecord } from './testing.ts'

/** A project with this chain. `gone`: seqs of records that the API server has no more, though the index knows them yet. */
function project(chain: readonly AuditRecord[], gone: readonly number[] = []) {
  const index = new ProjectIndex()
  for (const record of chain) index.add(record)
  const asked: number[] = []
  const records = {
    read: async (_: string, { first }: RecordID) => {
      asked.push(first)
      return gone.includes(first) ? undefined : chain.find(record => idOf(record).first === first)
    },
  }
  const page = (filter: AuditFilter, limit: number, token?: string, scope: Scope = wholeScope) =>
    readPage({ namespace: 'shop', index, records }, scope, filter, { limit, continue: token })
  const seqs = async (filter: AuditFilter, limit = 500, scope: Scope = wholeScope) =>
    (await page(filter, limit, undefined, scope)).items.map(({ seq }) => seq)
  return { index, asked, page, seqs }
}

describe('a page of the audit log', () => {
  test('should hold entries newest first, each with the name of its record', async () => {
    const { page } = project(aChain(5, 2))
    const { items } = await page({}, 10)
    expect(items.map(({ seq, record }) => `${seq} ${record}`)).toEqual([
      '5 audit-000000000005',
      '4 audit-000000000003',
      '3 audit-000000000003',
      '2 audit-000000000001',
      '1 audit-000000000001',
    ])
    expect(items[0]).toEqual({ ...anEntry(5), record: 'audit-000000000005' })
  })

  test.each([1, 2, 3, 7, 200, 499])('should, by %d, make the whole log with the others', async limit => {
    const { page } = project(aChain(400, 3))
    const read: number[] = []
    let token: string | undefined
    do {
      const { items, ...rest } = await page({}, limit, token)
      expect(items.length).toBeLessThanOrEqual(limit)
      expect(items.length).toBeGreaterThan(0)
      read.push(...items.map(({ seq }) => seq))
      token = rest.continue
    } while (token !== undefined)
    expect(read).toEqual(Array.from({ length: 400 }, (_, i) => 400 - i))
  })

  test('should say that more follow only where more follow', async () => {
    const { page } = project(aChain(4))
    expect((await page({}, 4)).continue).toBeUndefined()
    expect((await page({}, 3)).continue).toBeDefined()
    expect((await page({ until: 0 }, 3)).continue).toBeUndefined()
  })

  test('should read the records of its entries, and one more at most', async () => {
    const { page, asked } = project(aChain(300, 1, seq => anEntry(seq, { agent: `a${seq % 10}` })))
    await page({ agent: 'a4' }, 5)
    expect(asked).toEqual([294, 284, 274, 264, 254, 244])
  })

  test('should be filled up in place of entries that went while it was read', async () => {
    const { page } = project(aChain(10), [9, 8, 5])
    const first = await page({}, 3)
    expect(first.items.map(({ seq }) => seq)).toEqual([10, 7, 6])
    const second = await page({}, 10, first.continue)
    expect(second.items.map(({ seq }) => seq)).toEqual([4, 3, 2, 1])
  })

  test('should not hold what only looks alike to the index', async () => {
    const [one, two] = ['run-302948', 'run-1826500']
    expect(hashOf(one)).toBe(hashOf(two))
    const { index, seqs } = project(aChain(10, 1, seq => anEntry(seq, { run: seq % 2 ? one : two })))
    expect(index.find({ filter: { run: one }, max: 99 })).toHaveLength(10)
    expect(await seqs({ run: one })).toEqual([9, 7, 5, 3, 1])
    expect(await seqs({ run: two }, 2)).toEqual([10, 8])
  })

  test('should hold nothing of agents that the credential is not for, nor of no agent', async () => {
    const agents = ['one', 'two', undefined]
    const { seqs } = project(
      aChain(9, 3, seq => {
        const agent = agents[seq % 3]
        return anEntry(seq, agent === undefined ? {} : { agent })
      }),
    )
    expect(await seqs({}, 500, { readOnly: false, agents: ['two'] })).toEqual([7, 4, 1])
    expect(await seqs({ agent: 'one' }, 500, { readOnly: false, agents: ['two'] })).toEqual([])
    expect(await seqs({}, 500, { readOnly: false, agents: [] })).toEqual([])
  })

  test('should end before it is too large to be answered, and go on from there: one entry at least', async () => {
    const params = { text: 'x'.repeat(3 * 1024 * 1024) }
    const { page } = project(aChain(5, 1, seq => anEntry(seq, { params })))
    const first = await page({}, 100)
    expect(first.items.map(({ seq }) => seq)).toEqual([5, 4])
    const second = await page({}, 100, first.continue)
    expect(second.items.map(({ seq }) => seq)).toEqual([3, 2])
    const huge = { text: 'x'.repeat(9 * 1024 * 1024) }
    const one = await project([aRecord([anEntry(1, { params: huge })])]).page({}, 100)
    expect(one.items).toHaveLength(1)
  })

  test('should not be read on for somebody who left', async () => {
    const { index } = project(aChain(3))
    const records = { read: async (): Promise<AuditRecord | undefined> => undefined }
    const reading = readPage(
      { namespace: 'shop', index, records, signal: AbortSignal.abort(new Error('left')) },
      wholeScope,
      {},
      { limit: 3 },
    )
    await expect(reading).rejects.toThrow('left')
  })

  test.each(['', 'x', 'W10', 'WyJhIl0', 'WzEsMl0'])('should not go on from %j', async token => {
    await expect(project(aChain(3)).page({}, 3, token)).rejects.toMatchObject({ code: 'Invalid' })
  })

  test('should be one that its reader may keep: nothing of it is kept to be changed', async () => {
    const chain = aChain(1)
    const { page } = project(chain)
    const { items } = await page({}, 1)
    ;(items[0] as AuditEntry).reason = 'changed'
    expect(chain[0]?.spec.entries[0]).toEqual(anEntry(1))
  })
})
