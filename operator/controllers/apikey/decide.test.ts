import { describe, expect, it } from 'vitest'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS, KEY_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import type { Member, Project } from '../../../crds/v1alpha1/project.ts'
import { decideKey, KEEP_EXPIRED_MS } from './decide.ts'
import { created, revoked } from './entries.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const inMs = (ms: number) => new Date(NOW + ms).toISOString()
const hour = 3_600_000

const aKey = (metadata: Partial<APIKey['metadata']> = {}, spec: Partial<APIKey['spec']> = {}): APIKey => ({
  metadata: {
    name: 'abc',
    namespace: 'countersign-system',
    uid: 'u1',
    finalizers: [KEY_FINALIZER],
    ...metadata,
  },
  spec: {
    project: 'shop',
    user: 'alice',
    name: 'nightly job',
    hash: `sha256:${'ab'.repeat(32)}`,
    readOnly: false,
    ...spec,
  },
})
const members = (...list: Member[]): Project => ({
  metadata: { name: 'project', namespace: 'shop' },
  spec: { members: list },
})
const shop = members({ user: 'alice', role: 'Owner' })
const revokedBy = { annotations: { [ANNOTATIONS.revokedBy]: 'bob' } }
const deleted = { deletionTimestamp: inMs(-1000) }
const expired = { expiresAt: inMs(-KEEP_EXPIRED_MS) }

describe('an API key', () => {
  it.each<[string, APIKey, Project | undefined, string]>([
    ['is kept', aKey(), shop, `Keep ${hour}`],
    ['is kept while it will expire', aKey({}, { expiresAt: inMs(5000) }), shop, `Keep ${hour}`],
    [
      'is kept a week after it expired',
      aKey({}, { expiresAt: inMs(60_000 - KEEP_EXPIRED_MS) }),
      shop,
      'Keep 60000',
    ],
    ['goes a week after it expired', aKey({}, expired), shop, `Delete expired at ${expired.expiresAt}`],
    ['goes with its project', aKey(), undefined, 'Delete? the project shop is gone'],
    [
      'goes with its user',
      aKey(),
      members({ user: 'bob', role: 'Owner' }),
      'Delete? alice is no longer named as a user in spec.members of the project',
    ],
    [
      'goes when its user is a member by a group alone: it acts by name',
      aKey(),
      members({ group: 'alice', role: 'Owner' }),
      'Delete? alice is no longer named as a user in spec.members of the project',
    ],
    ['goes when somebody revoked it and did not come to delete it', aKey(revokedBy), shop, 'Delete revoked'],
    ['is let go when it was revoked', aKey({ ...revokedBy, ...deleted }), shop, 'Release revoked'],
    ['is let go after it expired', aKey(deleted, expired), shop, `Release expired at ${expired.expiresAt}`],
    ['is let go after its project', aKey(deleted), undefined, 'Release the project shop is gone'],
    [
      'is let go after the key that it was made with',
      aKey({
        ...deleted,
        ownerReferences: [
          { apiVersion: 'countersign.dev/v1alpha1', kind: 'APIKey', name: 'parent', uid: 'u0' },
        ],
      }),
      shop,
      'Release the key that it was made with is gone',
    ],
    [
      'is left to others once we have let it go',
      aKey({ ...deleted, finalizers: ['other'] }),
      shop,
      `Keep ${hour}`,
    ],
  ])('%s', (_what, key, project, expected) => {
    const plan = decideKey(key, project, NOW)
    const text =
      plan.plan === 'Keep'
        ? `Keep ${plan.untilMs - NOW}`
        : `${plan.plan}${plan.plan === 'Delete' && plan.doubtful ? '?' : ''} ${plan.why}`
    expect(text).toBe(expected)
  })
})

describe('what is recorded of it', () => {
  const key = aKey(
    {
      annotations: {
        [ANNOTATIONS.createdVia]: 'Token',
        [ANNOTATIONS.revokedVia]: 'API',
        ...revokedBy.annotations,
      },
    },
    { readOnly: true, agents: ['order-manager'], expiresAt: inMs(0) },
  )

  it('says who made it, over which path, and what it may do', () => {
    expect(created(key).entry).toEqual({
      action: 'KeyCreated',
      actor: 'alice',
      via: 'Token',
      object: {
        kind: 'APIKey',
        name: 'abc',
        diff: 'name: nightly job\nuser: alice\nexpires: 2026-11-22T10:00:00.000Z\nread only\nagents: order-manager',
      },
    })
  })

  it('says who revoked it', () => {
    expect(revoked(key, 'revoked').entry).toMatchObject({ action: 'KeyRevoked', actor: 'bob', via: 'API' })
  })

  it('says that the operator did, and why', () => {
    expect(revoked(aKey(), 'the project shop is gone').entry).toMatchObject({
      actor: 'system:serviceaccount:countersign-system:countersign-operator',
      reason: 'the project shop is gone',
    })
  })

  it('never holds its hash', () => {
    const text = JSON.stringify([created(key), revoked(key, 'revoked')])
    expect(text).not.toContain('ab'.repeat(8))
  })

  it('is recorded once: the same key of an entry for the same object, another for another', () => {
    expect(created(key).key).toBe(created(aKey()).key)
    expect(created(aKey({ uid: 'u2' })).key).not.toBe(created(key).key)
    expect(revoked(key, 'a').key).not.toBe(created(key).key)
  })
})
