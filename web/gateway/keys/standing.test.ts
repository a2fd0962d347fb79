import { describe, expect, test } from 'vitest'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { type Fault, standingOf } from './standing.ts'
import { aKey, aProject, inSeconds, madeWith, now } from './testing.ts'

interface Row {
  readonly when: string
  readonly keys?: readonly APIKey[]
  readonly project?: Project | undefined
  readonly wrong?: boolean
  readonly is: Fault | 'works'
}

const revoked = { deletionTimestamp: inSeconds(-1) }
const marked = { annotations: { 'countersign.dev/revoked-by': 'alice@acme.com' } }

const rows: readonly Row[] = [
  { when: 'it is there, young, and its user a member', is: 'works' },
  { when: 'there is no such key', keys: [], is: 'Unknown' },
  { when: 'the secret is another', wrong: true, is: 'WrongSecret' },
  {
    when: 'the secret is another and it has expired: only its holder is told of that',
    keys: [aKey('k', { expiresAt: inSeconds(-1) })],
    wrong: true,
    is: 'WrongSecret',
  },
  { when: 'it is being deleted', keys: [aKey('k', {}, revoked)], is: 'Revoked' },
  { when: 'it is to be deleted', keys: [aKey('k', {}, marked)], is: 'Revoked' },
  { when: 'it ends a second from now', keys: [aKey('k', { expiresAt: inSeconds(1) })], is: 'works' },
  { when: 'it ends now', keys: [aKey('k', { expiresAt: inSeconds(0) })], is: 'Expired' },
  { when: 'its end cannot be read', keys: [aKey('k', { expiresAt: 'soon' })], is: 'Expired' },
  {
    when: 'it was revoked and has expired: it is as if it had never been',
    keys: [aKey('k', { expiresAt: inSeconds(-1) }, revoked)],
    is: 'Revoked',
  },
  { when: 'there is no such project', project: undefined, is: 'ProjectGone' },
  { when: 'the project is being deleted', project: aProject(undefined, revoked), is: 'ProjectGone' },
  {
    when: 'its user is no member any more',
    project: aProject([{ user: 'alice@acme.com', role: 'Owner' }]),
    is: 'NotAMember',
  },
  {
    when: 'a group bears the name of its user',
    project: aProject([{ group: 'carol@acme.com', role: 'Owner' }]),
    is: 'NotAMember',
  },
  {
    when: 'its user is spelled otherwise',
    project: aProject([{ user: 'Carol@acme.com', role: 'Owner' }]),
    is: 'NotAMember',
  },
  {
    when: 'its user is a part of the system, even if the project names it',
    keys: [aKey('k', { user: 'system:serviceaccount:countersign-system:countersign-operator' })],
    project: aProject([
      { user: 'system:serviceaccount:countersign-system:countersign-operator', role: 'Owner' },
    ]),
    is: 'SystemUser',
  },
  { when: 'its parent works', keys: [aKey('k', {}, madeWith('p')), aKey('p')], is: 'works' },
  { when: 'its parent is gone', keys: [aKey('k', {}, madeWith('p'))], is: 'ParentRevoked' },
  {
    when: 'its parent is another one of that name',
    keys: [aKey('k', {}, madeWith('p', 'uid-of-an-earlier-p')), aKey('p')],
    is: 'ParentRevoked',
  },
  {
    when: 'its parent is revoked',
    keys: [aKey('k', {}, madeWith('p')), aKey('p', {}, revoked)],
    is: 'ParentRevoked',
  },
  {
    when: 'its parent has expired before it',
    keys: [aKey('k', {}, madeWith('p')), aKey('p', { expiresAt: inSeconds(-1) })],
    is: 'Expired',
  },
  {
    when: "its parent's parent is revoked",
    keys: [aKey('k', {}, madeWith('p')), aKey('p', {}, madeWith('g')), aKey('g', {}, marked)],
    is: 'ParentRevoked',
  },
  {
    when: 'it is its own parent',
    keys: [aKey('k', {}, madeWith('k'))],
    is: 'ParentRevoked',
  },
  {
    when: 'it is owned by something that is no key',
    keys: [aKey('k', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'p', uid: 'u' }] })],
    is: 'works',
  },
]

describe('a key', () => {
  test.each(rows)('when $when: $is', row => {
    const keys = row.keys ?? [aKey('k')]
    const project = 'project' in row ? row.project : aProject()
    const standing = standingOf('k', {
      now,
      secretMatches: row.wrong !== true,
      key: id => keys.find(({ metadata }) => metadata.name === id),
      project: namespace => (namespace === 'shop' ? project : undefined),
    })
    expect(standing.works ? 'works' : standing.fault).toBe(row.is)
  })

  test('should be looked at together with those that it was made with', () => {
    const keys = [aKey('k', {}, madeWith('p')), aKey('p', {}, madeWith('g')), aKey('g')]
    const standing = standingOf('k', {
      now,
      secretMatches: true,
      key: id => keys.find(({ metadata }) => metadata.name === id),
      project: () => aProject(),
    })
    expect(standing.works && standing.chain.map(({ metadata }) => metadata.name)).toEqual(['k', 'p', 'g'])
  })
})
