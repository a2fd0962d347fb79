import { describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { EMPTY, headAfter, nextRecord } from '../../../operator/audit/chain.ts'
import { verifyChain } from './chain.ts'

const entry = (reason: string) => ({
  time: '2026-11-22T12:00:00.000Z',
  action: 'ToolExecuted' as const,
  reason,
})

/** A chain of three records with four entries, as the operator writes it. */
const chain = (): AuditRecord[] => {
  const first = nextRecord('shop', EMPTY, [entry('a')], ['k1'])
  const second = nextRecord('shop', headAfter(first), [entry('b'), entry('ü')], ['k2', 'k3'])
  return [first, second, nextRecord('shop', headAfter(second), [entry('d')], ['k4'])]
}

const changed = (change: (records: AuditRecord[]) => void): AuditRecord[] => {
  const records = structuredClone(chain())
  change(records)
  return records
}

describe('verifying the chain of audit records', () => {
  it('accepts what the operator writes, in whatever order it is listed, and gives the entries in order', () => {
    const verified = verifyChain('shop', chain().toReversed())
    expect(verified.ok && verified.entries.map(({ reason }) => reason)).toEqual(['a', 'b', 'ü', 'd'])
  })

  it.each<[string, AuditRecord[], string]>([
    [
      'an entry that was changed',
      changed(([, second]) => {
        if (second?.spec.entries[0]) second.spec.entries[0].reason = 'x'
      }),
      'its hash is',
    ],
    [
      'a record that is missing',
      changed(records => records.splice(1, 1)),
      'entry 2 was expected, and 4 found',
    ],
    [
      'a first record that is missing',
      changed(records => records.shift()),
      'entry 1 was expected, and 2 found',
    ],
    [
      'a prevHash that is another',
      changed(([first, , third]) => {
        if (third && first) third.spec.prevHash = first.spec.hash
      }),
      'prevHash',
    ],
  ])('finds %s', (_, records, message) => {
    expect(verifyChain('shop', records)).toEqual({ ok: false, wrong: expect.stringContaining(message) })
  })

  it('finds records that belong to another project', () => {
    expect(verifyChain('shop-2', chain()).ok).toBe(false)
  })
})
