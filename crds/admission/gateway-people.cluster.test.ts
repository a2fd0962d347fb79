// As whom the gateway may act at the most, whoever says so. All of it dry: the role is one for the whole cluster, and
// other tests need it.
import { describe, expect, it } from 'vitest'
import { outcome, people } from '../../hack/admission.ts'
import type { Client } from '../../kube/client.ts'
import { clusterRoles, PEOPLE_ROLE, type PolicyRule } from '../../operator/rbac.ts'

const all = people('default')
const constrained = 'authentication.k8s.io'
const rule = (changes: Partial<PolicyRule> = {}): PolicyRule => ({
  apiGroups: [constrained],
  resources: ['users'],
  resourceNames: ['alice@acme.com'],
  verbs: ['impersonate:user-info'],
  ...changes,
})
const applies = (client: Client, rules: readonly PolicyRule[]) =>
  client.patch(
    clusterRoles,
    { name: PEOPLE_ROLE },
    { type: 'apply', force: true, body: { metadata: { name: PEOPLE_ROLE }, rules } },
    { dryRun: true, fieldManager: 'countersign-operator' },
  )

const via = { resources: ['userextras/countersign.dev/via'], resourceNames: ['Web', 'API', 'Slack'] }
const legacy = { apiGroups: [''], verbs: ['impersonate'] }

describe('the role of whom the gateway may act as', () => {
  it.each<[string, readonly PolicyRule[]]>([
    ['nobody', []],
    ['people and their groups', [rule(), rule({ resources: ['groups'], resourceNames: ['reviewers'] })]],
    ['the paths they come over', [rule(via)]],
    [
      'the same for servers before 1.36',
      [rule(legacy), rule({ ...legacy, resources: ['groups'] }), rule({ ...via, verbs: ['impersonate'] })],
    ],
  ])('may name %s', async (_what, rules) => {
    expect(await outcome(applies(all['the operator'], rules))).toBe('allowed')
    expect(await outcome(applies(all['cluster-admin'], rules))).toBe('allowed')
  })

  it.each<[string, PolicyRule]>([
    ['a user of the system', rule({ resourceNames: ['alice@acme.com', 'system:admin'] })],
    ['a group of the system', rule({ resources: ['groups'], resourceNames: ['system:masters'] })],
    ['a user of the system, the old way', rule({ ...legacy, resourceNames: ['system:admin'] })],
    ['everybody, by naming nobody', rule({ resourceNames: [] })],
    ['everybody, by a star', rule({ resourceNames: ['*'] })],
    ['ServiceAccounts', rule({ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] })],
    ['uids', rule({ resources: ['uids'] })],
    ['another extra', rule({ resources: ['userextras/scopes'], resourceNames: ['Web'] })],
    ['another path', rule({ ...via, resourceNames: ['Kubectl'] })],
    ['a name as a path and a user at once', rule({ resources: ['users', 'userextras/countersign.dev/via'] })],
    ['the old verb in the new group', rule({ verbs: ['impersonate'] })],
    ['the new verb in the old group', rule({ apiGroups: [''] })],
    ['every group of APIs', rule({ apiGroups: ['*'] })],
    ['another verb', rule({ verbs: ['impersonate:user-info', 'get'] })],
    ['every verb', rule({ verbs: ['*'] })],
    [
      'another kind altogether',
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['some'], verbs: ['get'] },
    ],
    ['what is no kind', { nonResourceURLs: ['/metrics'], verbs: ['get'] } as PolicyRule],
  ])('may not name %s, whoever writes it', async (_what, wrong) => {
    const refused = /^countersign-gateway-people refuses: /
    expect(await outcome(applies(all['the operator'], [wrong]))).toMatch(refused)
    expect(await outcome(applies(all['cluster-admin'], [rule(), wrong]))).toMatch(refused)
  })

  it('may have no rules, as the manifest brings it', async () => {
    const attempt = all['cluster-admin'].patch(
      clusterRoles,
      { name: PEOPLE_ROLE },
      { type: 'merge', body: { rules: null } },
      { dryRun: true },
    )
    expect(await outcome(attempt)).toBe('allowed')
  })

  it('gathers no other roles', async () => {
    const body = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { some: 'label' } }] } }
    const attempt = all['cluster-admin'].patch(
      clusterRoles,
      { name: PEOPLE_ROLE },
      { type: 'merge', body },
      { dryRun: true },
    )
    expect(await outcome(attempt)).toContain('countersign-gateway-people refuses: countersign-gateway-people')
  })

  it('is gathered by no other role, which by labels any may be', async () => {
    const labelled = (label: string) =>
      outcome(
        all['the operator'].patch(
          clusterRoles,
          { name: PEOPLE_ROLE },
          { type: 'merge', body: { metadata: { labels: { [label]: 'true' } } } },
          { dryRun: true },
        ),
      )
    for (const role of ['view', 'edit', 'admin']) {
      expect(await labelled(`rbac.authorization.k8s.io/aggregate-to-${role}`)).toMatch(
        /^countersign-gateway-people refuses: no other role gathers/,
      )
    }
    expect(await labelled('app.kubernetes.io/part-of')).toBe('allowed')
  })

  it.each(['the gateway', 'owner', 'stranger'] as const)('%s does not write it', async who => {
    expect(await outcome(applies(all[who], []))).toBe('refused by a role')
  })
})

it('the operator writes no other role, and the gateway may not be given more by it', async () => {
  const apply = (name: string) =>
    outcome(
      all['the operator'].patch(
        clusterRoles,
        { name },
        { type: 'apply', force: true, body: { metadata: { name }, rules: [rule()] } },
        { dryRun: true },
      ),
    )
  expect(await apply('countersign-gateway')).toBe('refused by a role')
  expect(await apply('countersign-gateway-as-people')).toBe('refused by a role')
  expect(await apply('mine')).toBe('refused by a role')
})
