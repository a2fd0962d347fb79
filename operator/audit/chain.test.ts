import { describe, expect, it } from 'vitest'
import { EMPTY, headAfter, keysOf, nextRecord, recordHash, recordName } from './chain.ts'
import { auditKey } from './entry.ts'

const entry = (run: string) => ({ time: '2026-01-01T00:00:00Z', action: 'RunStarted', run }) as const

describe('a chain', () => {
  const first = nextRecord('shop', EMPTY, [entry('a'), entry('b')], ['k1', 'k2'])
  const second = nextRecord('shop', headAfter(first), [entry('c')], ['k3'])

  it('numbers its entries without a gap and names each record by its first', () => {
    expect([first, second].flatMap(({ spec }) => spec.entries.map(({ seq }) => seq))).toEqual([1, 2, 3])
    expect([first, second].map(({ metadata }) => metadata.name)).toEqual([recordName(1), recordName(3)])
  })

  it('ties each record to the one before it, and the first to none', () => {
    expect(first.spec.prevHash).toBeUndefined()
    expect(second.spec.prevHash).toBe(first.spec.hash)
    expect(second.spec.hash).toBe(recordHash('shop', second.spec.entries, first.spec.hash))
  })

  it.each([
    ['another project', recordHash('bank', second.spec.entries, first.spec.hash)],
    ['another record before it', recordHash('shop', second.spec.entries, second.spec.hash)],
    ['no record before it', recordHash('shop', second.spec.entries, undefined)],
    ['another entry', recordHash('shop', first.spec.entries, first.spec.hash)],
  ])('has another hash with %s', (_what, hash) => expect(hash).not.toBe(second.spec.hash))

  it('says in each record what it records, for a writer that starts later', () => {
    expect(keysOf(first.metadata.annotations)).toEqual(['k1', 'k2'])
    expect(keysOf(undefined)).toEqual([])
  })

  it('has names that sort as it does', () => {
    const names = [9, 10, 99, 100, 123_456_789_012].map(recordName)
    expect(names.toSorted()).toEqual(names)
  })
})

describe('a key', () => {
  it.each([
    ['another action', auditKey('ToolExecuted', 'run', '1.0')],
    ['another run', auditKey('ToolExecuting', 'other', '1.0')],
    ['another call', auditKey('ToolExecuting', 'run', '1.1')],
    ['another process', auditKey('ToolExecuting', 'run', '1.0', 'process')],
    ['the same letters, put together otherwise', auditKey('ToolExecuting', 'run1', '.0')],
  ])('is another one for %s', (_what, key) => expect(key).not.toBe(auditKey('ToolExecuting', 'run', '1.0')))

  it('is the same for the same', () => expect(auditKey('RunEnded', 'run')).toBe(auditKey('RunEnded', 'run')))
})
