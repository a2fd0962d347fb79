import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { isActor } from './actor.ts'
import { type AuditFilter, auditQuery, matches } from './filter.ts'

const entry: AuditEntry = {
  seq: 7,
  time: '2026-11-22T10:00:00.500Z',
  action: 'ApprovalApproved',
  actor: 'alice@acme.com, carol@acme.com',
  agent: 'order-manager',
  run: 'order-run-7',
  approvalRequest: 'order-run-7-1-0',
  tool: 'order_tools.process_refund',
}
const at = Date.parse(entry.time)

describe('a filter of the audit log', () => {
  /** One that the entry fits, and ones that it does not. */
  const filters: readonly [AuditFilter, readonly AuditFilter[]][] = [
    [{ action: ['ApprovalApproved'] }, [{ action: ['ApprovalRejected'] }]],
    [{ action: ['RunEnded', 'ApprovalApproved'] }, [{ action: ['RunEnded', 'RunStarted'] }]],
    [{ actor: 'carol@acme.com' }, [{ actor: 'carol' }, { actor: 'bob@acme.com' }]],
    [{ agent: 'order-manager' }, [{ agent: 'order' }, { agent: 'order-manager*' }]],
    [{ run: 'order-run-7' }, [{ run: 'order-run' }, { run: 'order-run-7-1-0' }]],
    [{ approvalRequest: 'order-run-7-1-0' }, [{ approvalRequest: 'order-run-7' }]],
    [{ tool: 'order_tools.process_refund' }, [{ tool: 'order_tools.process' }]],
    [{ tool: 'order_tools.*' }, [{ tool: 'crm.*' }, { tool: '*_refund' }]],
    [{ tool: '*' }, [{ tool: '' }]],
    [{ since: at }, [{ since: at + 1 }]],
    [{ until: at + 1 }, [{ until: at }]],
  ]

  test.each(filters)('should let through what fits %j, and not %j', (fits, others) => {
    expect(matches(entry, fits)).toBe(true)
    for (const other of others) expect(matches(entry, other), JSON.stringify(other)).toBe(false)
  })

  test('should let through only what fits every part of it', () => {
    const fitting = Object.assign({}, ...filters.map(([fits]) => fits)) as AuditFilter
    expect(matches(entry, fitting)).toBe(true)
    for (const [, others] of filters) {
      for (const other of others) expect(matches(entry, { ...fitting, ...other })).toBe(false)
    }
    expect(matches(entry, {})).toBe(true)
  })

  test.each(['actor', 'agent', 'tool', 'run', 'approvalRequest'])(
    'should let nothing through that has no %s where one is asked for',
    field => {
      const { [field as 'agent']: value, ...without } = entry
      expect(matches(without as AuditEntry, { [field]: value ?? '' })).toBe(false)
      expect(matches(without as AuditEntry, { [field]: '*' })).toBe(false)
    },
  )
})

describe('the actor of an entry', () => {
  test.each([
    ['alice', true, 'alice', true],
    ['alice', false, 'alice', true],
    ['alice, bob', true, 'alice', true],
    ['alice, bob', true, 'bob', true],
    ['alice, bob, carol', true, 'bob', true],
    ['alice, bob', true, 'alice, bob', true],
    ['malice, bob', true, 'alice', false],
    ['alice, bobby', true, 'bob', false],
    ['alice,bob', true, 'bob', false],
    // The first place where it stands is not always the one.
    ['bobby, bob', true, 'bob', true],
    ['x-bob, bob', true, 'bob', true],
    // People whose names hold what stands between names.
    ['Doe, Jane', true, 'Doe, Jane', true],
    ['alice, Doe, Jane', true, 'Doe, Jane', true],
    ['Doe, Jane, bob', true, 'Doe, Jane', true],
    ['alice, Doe, Jane, bob', true, 'Doe, Jane', true],
    ['alice, Doe, Jane, bob', true, 'bob', true],
    ['Doe, Janet', true, 'Doe, Jane', false],
    // Where only one can have acted, a part of the name is nobody.
    ['Doe, Jane', false, 'Doe, Jane', true],
    ['Doe, Jane', false, 'Jane', false],
    ['alice', true, '', false],
    [undefined, true, 'alice', false],
  ])('%j (several may have: %j) should be held to be %j: %j', (actor, several, name, expected) => {
    expect(isActor(actor, several, name)).toBe(expected)
  })
})

describe('a query of the audit log', () => {
  test('should be read as a filter', () => {
    const query = { action: 'RunEnded,RunStarted', since: '2026-11-22T11:00:00+01:00', tool: 'crm.*' }
    expect(auditQuery.parse(query)).toEqual({
      limit: 100,
      action: ['RunEnded', 'RunStarted'],
      since: Date.parse('2026-11-22T10:00:00Z'),
      tool: 'crm.*',
    })
  })

  test.each([
    { action: 'Forgotten' },
    { action: 'RunEnded,Forgotten' },
    { action: 'RunEnded,' },
    { action: 'RunEnded, RunStarted' },
    { since: 'yesterday' },
    { until: '2026-11-22' },
    { verdict: 'Approved' },
    { agent: 'a'.repeat(321) },
    { agent: ['a', 'b'] },
  ])('should be refused as %j', query => {
    expect(auditQuery.safeParse(query).success).toBe(false)
  })
})
