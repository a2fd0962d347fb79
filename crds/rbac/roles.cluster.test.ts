// What each role may do, asked of the API server itself, line by line: what is not listed is not granted.
import { beforeAll, describe, expect, it } from 'vitest'
import { people, projectNamespace, type Who } from '../../hack/admission.ts'
import type { Client } from '../../kube/client.ts'

const system = 'countersign-system'
const group = 'countersign.dev'
const verbs = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'approve',
  'setcontext',
  'own',
  'impersonate',
] as const
const resources = [
  'agents.countersign.dev',
  'agents.countersign.dev/status',
  'agentruns.countersign.dev',
  'agentruns.countersign.dev/status',
  'agentruns.countersign.dev/finalizers',
  'agentturns.countersign.dev',
  'agentturns.countersign.dev/status',
  'approvalrequests.countersign.dev',
  'approvalrequests.countersign.dev/status',
  'auditrecords.countersign.dev',
  'projects.countersign.dev',
  'projects.countersign.dev/status',
  'apikeys.countersign.dev',
  'apikeys.countersign.dev/status',
  'secrets.',
  'configmaps.',
  'pods.',
  'namespaces.',
  'serviceaccounts.',
  'serviceaccounts./token',
  'users.',
  'groups.',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
] as const
type Granted = Partial<Record<(typeof resources)[number], string>>

async function may(client: Client, namespace: string, verb: string, what: string): Promise<boolean> {
  const [resource, rest = ''] = [what.slice(0, what.indexOf('.')), what.slice(what.indexOf('.') + 1)]
  const [group, subresource] = rest.split('/')
  const answer = (await client.raw({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace, verb, group, resource, subresource } },
    },
  })) as { status: { allowed: boolean } }
  return answer.status.allowed
}

async function granted(client: Client, namespace: string): Promise<Granted> {
  const all: Granted = {}
  for (const resource of resources) {
    const answers = await Promise.all(verbs.map(verb => may(client, namespace, verb, resource)))
    const allowed = verbs.filter((_, i) => answers[i])
    if (allowed.length > 0) all[resource] = allowed.join(' ')
  }
  return all
}

const read = 'get list watch'
const member: Granted = {
  'agents.countersign.dev': read,
  'agentruns.countersign.dev': `${read} create`,
  'approvalrequests.countersign.dev': `${read} approve`,
  'approvalrequests.countersign.dev/status': 'get patch',
  'auditrecords.countersign.dev': read,
  'projects.countersign.dev': read,
  'events.events.k8s.io': read,
}
const admin: Granted = {
  ...member,
  'agents.countersign.dev': `${read} create update patch delete deletecollection`,
  'agentruns.countersign.dev': `${read} create update patch delete deletecollection setcontext`,
  'projects.countersign.dev': `${read} update patch`,
}
const operator: Granted = {
  'agents.countersign.dev': read,
  'agents.countersign.dev/status': 'get update patch',
  'agentruns.countersign.dev': `${read} update patch delete`,
  'agentruns.countersign.dev/status': 'get update patch',
  'agentruns.countersign.dev/finalizers': 'update',
  'agentturns.countersign.dev': `${read} create delete`,
  'agentturns.countersign.dev/status': 'get update patch',
  'approvalrequests.countersign.dev': `${read} create delete`,
  'approvalrequests.countersign.dev/status': 'get update patch',
  'auditrecords.countersign.dev': `${read} create`,
  'projects.countersign.dev': read,
  'projects.countersign.dev/status': 'get update patch',
  'secrets.': 'get',
  'namespaces.': read,
  'events.events.k8s.io': 'create patch',
  // To three names, as below; RBAC cannot say so of a create.
  'rolebindings.rbac.authorization.k8s.io': 'create',
}
const gateway: Granted = {
  'agents.countersign.dev': read,
  'agentruns.countersign.dev': read,
  'approvalrequests.countersign.dev': read,
  'auditrecords.countersign.dev': read,
  'projects.countersign.dev': read,
  'subjectaccessreviews.authorization.k8s.io': 'create',
}
const keys = 'get list watch create patch delete'

let project: string
beforeAll(async () => {
  project = await projectNamespace('roles')
})

describe('in a project', () => {
  it.each<[Who, Granted]>([
    ['member', member],
    ['another member', member],
    ['a ServiceAccount with the member role', member],
    ['admin', admin],
    ['owner', { ...admin, 'projects.countersign.dev': `${read} create update patch delete own` }],
    ['stranger', {}],
    ['the operator', operator],
    ['the gateway', gateway],
  ])('%s may do this and no more', async (who, expected) => {
    expect(await granted(people(project)[who], project)).toEqual(expected)
  })
})

describe(`in ${system}`, () => {
  it.each<[Who, Granted]>([
    ['owner', {}],
    ['stranger', {}],
    [
      'the operator',
      {
        ...operator,
        'apikeys.countersign.dev': `${read} update delete`,
        'secrets.': 'get create',
        'leases.coordination.k8s.io': `${read} create update patch`,
      },
    ],
    ['the gateway', { ...gateway, [`apikeys.${group}`]: keys, [`apikeys.${group}/status`]: 'patch' }],
  ])('%s may do this and no more', async (who, expected) => {
    expect(await granted(people(project)[who], system)).toEqual(expected)
  })

  it.each([
    ['countersign-canary', true],
    ['countersign-gateway', false],
    ['default', false],
  ])('the operator may impersonate the ServiceAccount %s: %s', async (name, allowed) => {
    const as = people(project)['the operator']
    const answer = (await as.raw({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: { namespace: system, verb: 'impersonate', resource: 'serviceaccounts', name },
        },
      },
    })) as { status: { allowed: boolean } }
    expect(answer.status.allowed).toBe(allowed)
  })
})
