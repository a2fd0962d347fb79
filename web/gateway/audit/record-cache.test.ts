import { beforeEach, describe, expect, test } from 'vitest'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { settled } from '../../../kube/testing.ts'
import { idOf } from './project-index.ts'
import { RecordCache } from './record-cache.ts'
import { aChain, anEntry, aRecord } from './testing.ts'

const chain = aChain(40)
const one = (seq: number) => chain[seq - 1] as AuditRecord
const size = JSON.stringify(one(11)).length

/** What the API server holds, and was asked for. */
let there: Map<string, AuditRecord>
let asked: string[]
/** Answers wait for this. */
let gate: Promise<void>

beforeEach(() => {
  there = new Map(chain.map(record => [record.metadata.name, record]))
  asked = []
  gate = Promise.resolve()
})

const cache = (options: { maxSize?: number; atOnce?: number } = {}) =>
  new RecordCache({
    ...options,
    load: async (_, name) => {
      asked.push(name)
      await gate
      return there.get(name)
    },
  })
const read = (records: RecordCache, ...seqs: number[]) =>
  Promise.all(seqs.map(seq => records.read('shop', idOf(one(seq)))))

describe('the records that were read last', () => {
  test('should be asked for once, whoever asks meanwhile and later', async () => {
    const records = cache()
    const [a, b] = await read(records, 11, 11)
    expect(a).toBe(b)
    expect((await read(records, 11))[0]).toEqual(one(11))
    expect(asked).toHaveLength(1)
  })

  test('should not be asked for when they came by themselves', async () => {
    const records = cache()
    records.put(one(11))
    expect((await read(records, 11))[0]).toBe(one(11))
    expect(asked).toEqual([])
  })

  test('should take no more than they may: what was used longest ago goes', async () => {
    const records = cache({ maxSize: 3 * size })
    for (const seq of [11, 12, 13]) await read(records, seq)
    await read(records, 11)
    await read(records, 14)
    expect(records.size).toBe(3 * size)
    asked = []
    await read(records, 11, 13, 14)
    expect(asked).toEqual([])
    await read(records, 12)
    expect(asked).toHaveLength(1)
  })

  test('should be answered also where one is larger than all that may be kept', async () => {
    const records = cache({ maxSize: 10 })
    expect((await read(records, 11))[0]).toEqual(one(11))
    expect(records.size).toBe(0)
  })

  test('should be counted once, however often they come', () => {
    const records = cache()
    records.put(one(11))
    records.put(one(11))
    expect(records.size).toBe(size)
    records.drop('shop', idOf(one(11)))
    expect(records.size).toBe(0)
  })

  test('should not be taken for another of their name, nor for one of another project', async () => {
    const records = cache()
    records.put(aRecord([anEntry(11)], { uid: 'of-a-namespace-that-was-deleted' }))
    expect((await read(records, 11))[0]).toEqual(one(11))
    expect(await records.read('shop', { first: 11, id: 1 })).toBeUndefined()
    await records.read('bank', idOf(one(11)))
    expect(asked).toHaveLength(3)
  })

  test('should not be there where they are gone, and not be kept from whoever asks when they are there', async () => {
    const records = cache()
    there.delete(one(11).metadata.name)
    expect(await read(records, 11)).toEqual([undefined])
    there.set(one(11).metadata.name, one(11))
    expect((await read(records, 11))[0]).toEqual(one(11))
  })

  test('should be asked for a few at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    const records = cache({ atOnce: 4 })
    const reading = read(records, ...Array.from({ length: 20 }, (_, i) => i + 1))
    await settled()
    expect(asked).toHaveLength(4)
    resolve()
    expect(await reading).toHaveLength(20)
    expect(asked).toHaveLength(20)
  })

  test('should be asked for again after a failure, which leaves no turn taken', async () => {
    gate = Promise.reject(new Error('away'))
    gate.catch(() => {})
    const records = cache({ atOnce: 1 })
    await expect(read(records, 11, 12)).rejects.toThrow('away')
    gate = Promise.resolve()
    expect((await read(records, 11))[0]).toEqual(one(11))
  })
})
