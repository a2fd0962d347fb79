import { describe, expect, it } from 'vitest'
import { approversOf, membersOf, type RbacObject } from './access.ts'

const role = (name: string, rules: RbacObject['rules'], kind = 'ClusterRole'): RbacObject => ({
  kind,
  metadata: { name },
  rules: rules ?? null,
})
const binding = (
  name: string,
  roleName: string,
  subjects: RbacObject['subjects'],
  kind = 'RoleBinding',
): RbacObject => ({
  kind,
  metadata: { name },
  roleRef: { kind: roleName.startsWith('local') ? 'Role' : 'ClusterRole', name: roleName },
  subjects: subjects ?? [],
})
const user = (name: string) => ({ kind: 'User', name })
const countersign = { apiGroups: ['countersign.dev'] }
const approve = { ...countersign, resources: ['approvalrequests'], verbs: ['get', 'approve'] }
const patch = { ...countersign, resources: ['approvalrequests/status'], verbs: ['patch'] }
const reviewer = role('reviewer', [approve, patch])

const who = (objects: readonly RbacObject[]): string[] =>
  approversOf(objects, 'a').map(({ kind, name, from }) => `${kind} ${name} by ${from}`)

describe('who may decide, out of RBAC', () => {
  it('should be people before groups, each once', () => {
    const subjects = [{ kind: 'Group', name: 'ops' }, user('bob'), user('alice')]
    expect(
      who([reviewer, binding('b1', 'reviewer', subjects), binding('b2', 'reviewer', [user('bob')])]),
    ).toEqual(['User alice by RoleBinding b1', 'User bob by RoleBinding b1', 'Group ops by RoleBinding b1'])
  })

  it('should take both rights, from two bindings as well', () => {
    const objects = [role('a', [approve]), role('p', [patch])]
    expect(who([...objects, binding('b1', 'a', [user('alice'), user('bob')])])).toEqual([])
    expect(
      who([...objects, binding('b1', 'a', [user('alice'), user('bob')]), binding('b2', 'p', [user('bob')])]),
    ).toEqual(['User bob by RoleBinding b1'])
  })

  it.each([
    ['wildcards count', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], true],
    [
      '*/status is every status',
      [approve, { ...countersign, resources: ['*/status'], verbs: ['patch'] }],
      true,
    ],
    ['another group does not count', [{ ...approve, apiGroups: ['apps'] }, patch], false],
    ['another verb does not count', [{ ...approve, verbs: ['update'] }, patch], false],
    ['a resourceName counts', [{ ...approve, resourceNames: ['a'] }, patch], true],
    ["another's resourceName does not", [{ ...approve, resourceNames: ['b'] }, patch], false],
  ])('%s', (_, rules, holds) => {
    expect(who([role('r', rules), binding('b', 'r', [user('alice')])])).toHaveLength(holds ? 1 : 0)
  })

  it('should not confuse a Role with the ClusterRole of the same name', () => {
    expect(who([role('local', [approve, patch]), binding('b', 'local', [user('alice')])])).toEqual([])
    expect(
      who([role('local', [approve, patch], 'Role'), binding('b', 'local', [user('alice')])]),
    ).toHaveLength(1)
  })

  it('should leave out ServiceAccounts, which never decide', () => {
    const account = { kind: 'ServiceAccount', name: 'bot', namespace: 'shop' }
    expect(who([reviewer, binding('b', 'reviewer', [account])])).toEqual([])
  })
})

it('members of a Project, of any role, may decide', () => {
  const members = [
    { user: 'alice', role: 'Owner' },
    { group: 'ops', role: 'Member' },
  ]
  expect(membersOf({ spec: { members } })).toEqual([
    { kind: 'User', name: 'alice', from: 'Owner of the project' },
    { kind: 'Group', name: 'ops', from: 'Member of the project' },
  ])
})
