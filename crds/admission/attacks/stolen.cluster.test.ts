// What somebody can do who has stolen the token of the gateway or of the operator: real tokens, and no other help.
// Each kind and verb is in the table of rights; here is what it takes impersonation, binding and names to try.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { append, approval, aRequest, outcome, projectNamespace, withRights } from '../../../hack/admission.ts'
import { makeWorld, tokenOf, type World } from '../../../hack/rights/world.ts'
import { adminClient } from '../../../hack/testing.ts'
import { changed } from '../../../hack/truthtable.ts'
import type { Client, Impersonation } from '../../../kube/client.ts'
import type { KubeObject, Resource } from '../../../kube/types.ts'
import { approvalRequests, projects } from '../../v1alpha1/resources.ts'
import { sampleProject } from '../../v1alpha1/samples.ts'

const system = 'countersign-system'
const member = 'grace@rights.acme.com'
const mighty = 'greta@rights.acme.com'
// Other files' Projects, in the same cluster, name the people of theirs: these are nobody's but this file's.
const unnamed = 'unnamed@rights.acme.com'
const via = { 'countersign.dev/via': ['API'] }
const byRole = 'refused by a role'

let world: World
let namespace: string
let gateway: Client
let operator: Client
beforeAll(async () => {
  world = await makeWorld()
  namespace = world.namespaces.project
  await withRights(namespace, unnamed, {
    approvalrequests: ['get', 'approve'],
    'approvalrequests/status': ['patch'],
  })
  gateway = adminClient().withToken(await tokenOf('countersign-gateway'))
  operator = adminClient().withToken(await tokenOf('countersign-operator'))
})
afterAll(() => world?.end())

const get = (client: Client, path: string) => outcome(client.raw({ method: 'GET', path }))
const post = (client: Client, path: string, body: object) =>
  outcome(client.raw({ method: 'POST', path: `${path}?dryRun=All`, body }))
const ours = '/apis/countersign.dev/v1alpha1'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const rbacKind = (kind: string, plural: string, namespaced = false): Resource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced,
})
const bindingOf = (role: string, subject: object, name = role, kind = 'ClusterRole') => ({
  metadata: { name, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
  subjects: [subject],
})
const user = (name: string) => ({ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' })

describe('with the token of the gateway', () => {
  it.each([
    ['transcripts of a project', () => `${ours}/namespaces/${namespace}/agentturns`],
    ['all transcripts', () => `${ours}/agentturns`],
    ['one transcript', () => `${ours}/namespaces/${namespace}/agentturns/order-run-t1`],
    ['Secrets of a project', () => `/api/v1/namespaces/${namespace}/secrets`],
    ['all Secrets', () => '/api/v1/secrets'],
    ['its own Secrets', () => `/api/v1/namespaces/${system}/secrets`],
    ['the key of the digests', () => `/api/v1/namespaces/${system}/secrets/countersign-redaction-key`],
    ['ConfigMaps', () => `/api/v1/namespaces/${system}/configmaps`],
    ['namespaces', () => '/api/v1/namespaces'],
    ['who holds which role', () => `${rbac}/namespaces/${namespace}/rolebindings`],
    ['as whom it may act', () => `${rbac}/clusterroles/countersign-gateway-people`],
  ])('one does not read %s', async (_, path) => {
    expect(await get(gateway, path())).toBe(byRole)
  })

  it.each<[string, () => Impersonation]>([
    ['somebody whom no Project names', () => ({ user: 'nobody@rights.acme.com', extra: via })],
    ['a reviewer of this project whom no Project object names', () => ({ user: unnamed, extra: via })],
    ['the operator', () => ({ user: `system:serviceaccount:${system}:countersign-operator` })],
    ['itself', () => ({ user: `system:serviceaccount:${system}:countersign-gateway` })],
    ['a ServiceAccount that is a member', () => ({ user: `system:serviceaccount:${namespace}:bot` })],
    ['a node', () => ({ user: 'system:node:worker-1', groups: ['system:nodes'] })],
    ['nobody', () => ({ user: 'system:anonymous' })],
    ['a member in the masters', () => ({ user: member, groups: ['system:masters'], extra: via })],
    [
      'a member in a group that no Project names',
      () => ({ user: member, groups: ['unnamed@rights'], extra: via }),
    ],
    [
      'a member over a path of their own',
      () => ({ user: member, extra: { 'countersign.dev/via': ['Kubectl'] } }),
    ],
    [
      'a member over two paths',
      () => ({ user: member, extra: { 'countersign.dev/via': ['API', 'Kubectl'] } }),
    ],
    ['a member with another extra', () => ({ user: member, extra: { ...via, scopes: ['all'] } })],
    ['a member whose name is in other case', () => ({ user: 'Grace@rights.acme.com', extra: via })],
    ['everybody at once', () => ({ user: '*' })],
  ])('one does not decide, nor read, as %s', async (_, as) => {
    const request = await aRequest(namespace)
    const client = gateway.impersonate(as())
    expect(await outcome(append(client, request, approval(as().user, { via: 'API' })))).toBe(byRole)
    expect(await outcome(client.get(approvalRequests, { namespace, name: request.metadata.name }))).toBe(
      byRole,
    )
    const { status } = await adminClient().get(approvalRequests, { namespace, name: request.metadata.name })
    expect(status.decisions).toEqual([])
  })

  it('one decides as a member by the path that is said, which is what it is trusted with, and in no other project', async () => {
    const as = gateway.impersonate({ user: member, extra: via })
    const here = await aRequest(namespace)
    expect(await outcome(append(as, here, approval(member, { via: 'API' })))).toBe('allowed')
    const elsewhere = await aRequest(await projectNamespace('stolen-elsewhere'))
    expect(await outcome(append(as, elsewhere, approval(member, { via: 'API' })))).toBe(byRole)
  })

  it.each([member, mighty])('as %s one touches no kind but ours, and no transcript', async who => {
    const as = gateway.impersonate({ user: who, extra: via })
    for (const path of [
      `/api/v1/namespaces/${namespace}/secrets`,
      `/api/v1/namespaces/${namespace}/configmaps`,
      `/api/v1/namespaces/${namespace}/events`,
      '/api/v1/nodes',
      `${rbac}/clusterroles`,
      `${ours}/namespaces/${namespace}/agentturns`,
      `${ours}/namespaces/${system}/apikeys`,
      '/metrics',
      '/logs',
    ]) {
      const answer = await get(as, path).catch((error: { code: number }) => error.code)
      expect([path, answer === byRole || answer === 403]).toEqual([path, true])
    }
    for (const [path, body] of [
      [`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'x' } }],
      [
        `${rbac}/namespaces/${namespace}/rolebindings`,
        bindingOf('countersign-owner', user('mallory@acme.com')),
      ],
      [`${ours}/namespaces/${namespace}/agents`, { metadata: { name: 'x' } }],
      [`/api/v1/namespaces/${system}/serviceaccounts/countersign-operator/token`, {}],
      ['/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'x' } }],
      ['/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'x' } }],
    ] as const) {
      expect([path, await post(as, path, body)]).toEqual([path, byRole])
    }
  })

  it('one mints no token, binds nothing, and gives itself nothing', async () => {
    for (const account of ['countersign-gateway', 'countersign-operator', 'default']) {
      const path = `/api/v1/namespaces/${system}/serviceaccounts/${account}/token`
      expect(await post(gateway, path, { spec: {} })).toBe(byRole)
    }
    const self = { kind: 'ServiceAccount', name: 'countersign-gateway', namespace: system }
    for (const role of ['countersign-owner', 'countersign-member', 'countersign-operator', 'cluster-admin']) {
      const path = `${rbac}/namespaces/${namespace}/rolebindings`
      expect(await post(gateway, path, bindingOf(role, self))).toBe(byRole)
      const everywhere = bindingOf(role, self)
      expect(
        await post(gateway, `${rbac}/clusterrolebindings`, { ...everywhere, metadata: { name: 'x' } }),
      ).toBe(byRole)
    }
    for (const name of [
      'countersign-gateway',
      'countersign-gateway-people',
      'countersign-gateway-as-people',
    ]) {
      const rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
      const body = [{ op: 'add', path: '/rules', value: [rule] }] as const
      expect(
        await outcome(
          gateway.patch(rbacKind('ClusterRole', 'clusterroles'), { name }, { type: 'json', body }),
        ),
      ).toBe(byRole)
    }
    const pod = { metadata: { name: 'x' }, spec: { containers: [{ name: 'a', image: 'a' }] } }
    expect(await post(gateway, `/api/v1/namespaces/${system}/pods`, pod)).toBe(byRole)
  })

  it('one learns from access reviews, and changes nothing by them', async () => {
    const before = await adminClient().listAll(approvalRequests, { namespace })
    const spec = {
      user: 'alice@acme.com',
      resourceAttributes: { namespace, verb: 'get', resource: 'secrets' },
    }
    const answer = await gateway.raw({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
    })
    expect(answer).toMatchObject({ status: { allowed: false } })
    const tokens = '/apis/authentication.k8s.io/v1/tokenreviews'
    expect(await post(gateway, tokens, { spec: { token: 'x' } })).toBe(byRole)
    expect((await adminClient().listAll(approvalRequests, { namespace })).items.length).toBe(
      before.items.length,
    )
  })
})

describe('with the token of the operator', () => {
  const canary = () => operator.impersonate({ user: `system:serviceaccount:${system}:countersign-canary` })

  it('one decides nothing, and approves nothing undecided', async () => {
    const request = await aRequest(namespace)
    const ref = { namespace, name: request.metadata.name }
    const own = `system:serviceaccount:${system}:countersign-operator`
    const never = /^countersign-decisions refuses: ServiceAccounts and components of the system never decide/
    expect(await outcome(append(operator, request, approval(own)))).toMatch(never)
    for (const [name, pattern] of [
      [member, never],
      ['alice@acme.com', never],
    ] as const) {
      expect(await outcome(append(operator, request, approval(name)))).toMatch(pattern)
    }
    for (const phase of ['Approved', 'Rejected', 'Expired']) {
      const body = { status: { phase, decidedAt: '2026-11-22T10:00:00Z' } }
      const attempt = operator.patch(
        approvalRequests,
        ref,
        { type: 'merge', body },
        { subresource: 'status' },
      )
      expect(await outcome(attempt)).toMatch(/^countersign-settlement refuses/)
    }
    expect((await adminClient().get(approvalRequests, ref)).status).toEqual({
      phase: 'Pending',
      decisions: [],
    })
  })

  it.each<[string, () => Impersonation]>([
    ['a reviewer', () => ({ user: member })],
    ['an owner', () => ({ user: 'alice@acme.com' })],
    ['the masters', () => ({ user: 'root', groups: ['system:masters'] })],
    ['the gateway', () => ({ user: `system:serviceaccount:${system}:countersign-gateway` })],
    [
      'the canary in the masters',
      () => ({
        user: `system:serviceaccount:${system}:countersign-canary`,
        groups: ['system:masters'],
      }),
    ],
    [
      'the canary over the page',
      () => ({
        user: `system:serviceaccount:${system}:countersign-canary`,
        extra: { 'countersign.dev/via': ['Web'] },
      }),
    ],
  ])('one acts not as %s', async (_, as) => {
    const request = await aRequest(namespace)
    const client = operator.impersonate(as())
    expect(await outcome(append(client, request, approval(as().user)))).toBe(byRole)
  })

  it('one decides nothing as the canary, and gets no project by it', async () => {
    const request = await aRequest(namespace)
    expect(await outcome(append(canary(), request, approval('x')))).toBe(byRole)
    const mine = changed(sampleProject(system), {
      '/spec/members': [{ user: 'mallory@acme.com', role: 'Owner' }],
    })
    expect(await outcome(canary().create(projects, mine, { dryRun: true }))).toMatch(
      /^countersign-projects refuses: no project stands in countersign-system/,
    )
  })

  it.each([
    ['Secrets of a project', () => `/api/v1/namespaces/${namespace}/secrets`],
    ['all Secrets', () => '/api/v1/secrets'],
    ['Secrets of its own namespace', () => `/api/v1/namespaces/${system}/secrets`],
    ['Secrets by watching', () => '/api/v1/secrets?watch=true&timeoutSeconds=1'],
    ['ConfigMaps', () => `/api/v1/namespaces/${system}/configmaps`],
  ])('one lists no %s', async (_, path) => {
    expect(await get(operator, path())).toBe(byRole)
  })

  it('one binds no role but the three, under no other name, to no part of the system, and nothing in the cluster', async () => {
    const bind = (binding: object) => post(operator, `${rbac}/namespaces/${namespace}/rolebindings`, binding)
    const mallory = user('mallory@acme.com')
    expect(await bind(bindingOf('cluster-admin', mallory))).toMatch(
      /refused by a role|^countersign-operator-bindings/,
    )
    expect(await bind(bindingOf('countersign-operator', mallory, 'countersign-owner'))).toMatch(
      /refused by a role|^countersign-operator-bindings refuses/,
    )
    const refused = /^countersign-operator-bindings refuses/
    expect(await bind(bindingOf('countersign-owner', mallory, 'mine'))).toMatch(refused)
    expect(await bind(bindingOf('countersign-owner', mallory))).toMatch(refused)
    const self = { kind: 'ServiceAccount', name: 'countersign-operator', namespace: system }
    expect(await bind(bindingOf('countersign-member', self, 'countersign-member'))).toMatch(refused)
    const everywhere = { ...bindingOf('countersign-owner', mallory), metadata: { name: 'countersign-owner' } }
    expect(await post(operator, `${rbac}/clusterrolebindings`, everywhere)).toBe(byRole)
  })

  it.each([
    'countersign-operator',
    'countersign-gateway',
    'countersign-gateway-as-people',
    'countersign-member',
    'admin',
    `mine-${randomUUID().slice(0, 8)}`,
  ])('one writes nothing into the role %s', async name => {
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }]
    const patch = { type: 'apply', force: true, body: { metadata: { name }, rules } as KubeObject } as const
    const attempt = operator.patch(rbacKind('ClusterRole', 'clusterroles'), { name }, patch, { dryRun: true })
    expect(await outcome(attempt)).toBe(byRole)
  })

  it('one gives the gateway no more than people, by name', async () => {
    const write = (...rules: object[]) =>
      outcome(
        operator.patch(
          rbacKind('ClusterRole', 'clusterroles'),
          { name: 'countersign-gateway-people' },
          { type: 'merge', body: { rules } },
          { dryRun: true },
        ),
      )
    const refused = /^countersign-gateway-people refuses/
    const users = {
      apiGroups: ['authentication.k8s.io'],
      resources: ['users'],
      verbs: ['impersonate:user-info'],
    }
    expect(await write(users)).toMatch(refused)
    expect(await write({ ...users, resourceNames: ['system:admin'] })).toMatch(refused)
    expect(await write({ ...users, resourceNames: ['a'], verbs: ['impersonate-on:user-info:get'] })).toMatch(
      refused,
    )
    expect(
      await write({ apiGroups: [''], resources: ['secrets'], resourceNames: ['a'], verbs: ['get'] }),
    ).toMatch(refused)
    expect(await write({ ...users, resourceNames: ['alice@acme.com'] })).toBe('allowed')
  })

  it('one changes no Project and no Agent, and mints no token', async () => {
    const project = { namespace, name: 'project' }
    const body = { spec: { members: [{ user: 'mallory@acme.com', role: 'Owner' }] } }
    expect(await outcome(operator.patch(projects, project, { type: 'merge', body }))).toBe(byRole)
    expect(await outcome(operator.delete(projects, project))).toBe(byRole)
    for (const account of ['countersign-gateway', 'countersign-operator']) {
      const path = `/api/v1/namespaces/${system}/serviceaccounts/${account}/token`
      expect(await post(operator, path, { spec: {} })).toBe(byRole)
    }
    const token = {
      type: 'kubernetes.io/service-account-token',
      metadata: {
        name: 'countersign-redaction-key',
        annotations: { 'kubernetes.io/service-account.name': 'countersign-gateway' },
      },
    }
    expect(await post(operator, `/api/v1/namespaces/${system}/secrets`, token)).toMatch(
      /^countersign-operator-secrets refuses/,
    )
  })
})
