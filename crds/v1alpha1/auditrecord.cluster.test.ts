import { beforeAll, describe } from 'vitest'
import { testNamespace } from '../../hack/testing.ts'
import { asOperator, creating, updating } from '../../hack/truthtable.ts'
import { auditRecords } from './resources.ts'
import { sampleAuditRecord } from './samples.ts'

const table = { client: asOperator, resource: auditRecords }
const entry = (seq: number) => ({ seq, time: '2026-11-22T10:00:00Z', action: 'RunStarted' })
const hash = `sha256:${'1'.repeat(64)}`
let namespace: string

beforeAll(async () => {
  namespace = await testNamespace('audit-schema')
  await asOperator().create(auditRecords, sampleAuditRecord(namespace))
})

describe('an AuditRecord', () => {
  describe('when created', () => {
    const next = {
      '/metadata/name': 'audit-000000000002',
      '/spec/entries': [entry(2)],
      '/spec/prevHash': hash,
    }
    creating(table, () => sampleAuditRecord(namespace), [
      { when: 'follows another', set: next },
      { when: 'holds several entries', set: { ...next, '/spec/entries': [entry(2), entry(3), entry(4)] } },
      {
        when: 'is named after its first entry',
        set: { ...next, '/metadata/name': 'audit-000000000003' },
        refused: 'an audit record is named audit-<seq of its first entry, in 12 digits>',
      },
      {
        when: 'is named in twelve digits',
        set: { ...next, '/metadata/name': 'audit-2' },
        refused: 'an audit record is named audit-<seq of its first entry, in 12 digits>',
      },
      {
        when: 'names the hash of the one before',
        set: { ...next, '/spec/prevHash': undefined },
        refused: 'spec.prevHash: Invalid value: every record but the first',
      },
      {
        when: 'names no hash before the first',
        set: { '/metadata/name': 'audit-000000000001', '/spec/prevHash': hash },
        refused: 'every record but the first',
      },
      {
        when: 'leaves no gap between its entries',
        set: { ...next, '/spec/entries': [entry(2), entry(4)] },
        refused: 'entries are numbered one after the other',
      },
      { when: 'holds an entry', set: { ...next, '/spec/entries': [] }, refused: 'spec.entries' },
      {
        when: 'holds 100 entries at most',
        set: { ...next, '/spec/entries': Array.from({ length: 101 }, (_, index) => entry(index + 2)) },
        refused: 'must have at most 100 items',
      },
      {
        when: 'tells of actions that are known',
        set: { ...next, '/spec/entries/0/action': 'Forgotten' },
        refused: 'spec.entries[0].action',
      },
    ])
  })

  describe('once created', () => {
    const refused = 'spec: Forbidden: what is recorded cannot be changed'
    updating(table, () => ({ namespace, name: 'audit-000000000001' }), [
      { when: 'keeps its hash', set: { '/spec/hash': hash }, refused },
      { when: 'keeps its entries', set: { '/spec/entries/0/action': 'RunEnded' }, refused },
      { when: 'gets no actor', set: { '/spec/entries/0/actor': 'bob@acme.com' }, refused },
      {
        when: 'keeps the params of its entries',
        set: { '/spec/entries/0/params/lines/0/sku': 'A-2' },
        refused,
      },
      { when: 'gets no further entry', set: { '/spec/entries/1': entry(2) }, refused },
    ])
  })
})
