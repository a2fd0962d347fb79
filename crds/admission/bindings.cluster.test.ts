// What the operator may bind, whatever roles it is given.
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome, people } from '../../hack/admission.ts'
import { adminClient, testNamespace } from '../../hack/testing.ts'
import { RBAC_GROUP, type RoleBinding, roleBindings, type Subject } from '../../operator/rbac.ts'
import { projects } from '../v1alpha1/resources.ts'
import { sampleProject } from '../v1alpha1/samples.ts'

const user = (name: string): Subject => ({ apiGroup: RBAC_GROUP, kind: 'User', name })

let namespace: string
let uid: string
beforeAll(async () => {
  namespace = await testNamespace('bindings')
  const { metadata } = await adminClient().create(projects, sampleProject(namespace))
  uid = metadata.uid ?? ''
})

const aBinding = (changes: Partial<RoleBinding> & { name?: string } = {}): RoleBinding => {
  const { name = 'countersign-member', ...rest } = changes
  return {
    metadata: {
      name,
      namespace,
      ownerReferences: [{ apiVersion: 'countersign.dev/v1alpha1', kind: 'Project', name: 'project', uid }],
    },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
    subjects: [user('carol@acme.com'), { apiGroup: RBAC_GROUP, kind: 'Group', name: 'reviewers' }],
    ...rest,
  }
}
const creates = (who: 'the operator' | 'the operator with every right', binding: RoleBinding) =>
  outcome(people(namespace)[who].create(roleBindings, binding, { dryRun: true }))

const noOther =
  'countersign-operator-bindings refuses: the operator writes no binding but the RoleBindings countersign-owner, countersign-admin and countersign-member'
const noOtherRole =
  "countersign-operator-bindings refuses: the operator binds the ClusterRole of the binding's own name and no other"
const noSystem =
  'countersign-operator-bindings refuses: the operator binds people and their groups: no ServiceAccount, no user or group of the system (system:...)'

describe('the operator binds', () => {
  it.each(['countersign-owner', 'countersign-admin', 'countersign-member'])('%s', async name => {
    expect(await creates('the operator', aBinding({ name }))).toBe('allowed')
  })

  it('a role without anybody', async () => {
    expect(await creates('the operator', aBinding({ subjects: [] }))).toBe('allowed')
  })
})

describe('the operator does not bind', () => {
  it('a role under another name', async () => {
    const { roleRef } = aBinding()
    expect(await creates('the operator', aBinding({ name: 'mine', roleRef }))).toBe(noOther)
  })

  it('another role of the three under the name of one', async () => {
    const { roleRef } = aBinding({ name: 'countersign-owner' })
    expect(await creates('the operator', aBinding({ roleRef }))).toBe(noOtherRole)
  })

  it.each([
    ['ClusterRole', 'cluster-admin'],
    ['ClusterRole', 'countersign-operator'],
    ['Role', 'countersign-canary'],
  ])('the %s %s, even with the right to', async (kind, name) => {
    const roleRef = { apiGroup: RBAC_GROUP, kind, name }
    expect(await creates('the operator with every right', aBinding({ roleRef }))).toBe(noOtherRole)
  })

  it.each<[string, Subject]>([
    ['a user of the system', user('system:admin')],
    ['a group of the system', { apiGroup: RBAC_GROUP, kind: 'Group', name: 'system:authenticated' }],
    ['a ServiceAccount', { kind: 'ServiceAccount', name: 'bot', namespace: 'default' }],
    ['a ServiceAccount by its user name', user('system:serviceaccount:default:bot')],
  ])('%s', async (_what, subject) => {
    const subjects = [user('carol@acme.com'), subject]
    expect(await creates('the operator', aBinding({ subjects }))).toBe(noSystem)
  })

  it('what no project owns', async () => {
    const { name } = aBinding().metadata
    expect(await creates('the operator', { ...aBinding(), metadata: { name, namespace } })).toBe(
      'countersign-operator-bindings refuses: a binding of the operator is owned by the Project of its namespace',
    )
  })

  it('by a change of one that is there, nor takes bindings of others away', async () => {
    const all = people(namespace)
    const theirs = { ...aBinding(), metadata: { namespace, name: 'theirs' } }
    await all['cluster-admin'].create(roleBindings, theirs)
    const ref = { namespace, name: 'theirs' }
    const root = all['the operator with every right']
    expect(await outcome(root.delete(roleBindings, ref))).toBe(noOther)
    expect(await outcome(all['the operator'].delete(roleBindings, ref))).toBe('refused by a role')
    const body = { subjects: [user('mallory@acme.com')] }
    expect(await outcome(root.patch(roleBindings, ref, { type: 'merge', body }))).toBe(noOther)

    await all['the operator'].create(roleBindings, aBinding())
    const own = { namespace, name: 'countersign-member' }
    const system = { subjects: [user('system:admin')] }
    expect(await outcome(all['the operator'].patch(roleBindings, own, { type: 'merge', body: system }))).toBe(
      noSystem,
    )
    expect(await outcome(all['the operator'].delete(roleBindings, own))).toBe('allowed')
  })

  it('in the whole cluster, whatever roles it is given', async () => {
    const attempt = people(namespace)['the operator with every right'].create(
      { ...roleBindings, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false },
      { ...aBinding(), metadata: { ...aBinding().metadata, namespace: undefined as never } },
      { dryRun: true },
    )
    expect(await outcome(attempt)).toBe(noOther)
  })
})

it('others bind as they may', async () => {
  const binding = aBinding({ name: 'other', subjects: [user('system:admin')] })
  const attempt = people(namespace)['cluster-admin'].create(roleBindings, binding, { dryRun: true })
  expect(await outcome(attempt)).toBe('allowed')
})
