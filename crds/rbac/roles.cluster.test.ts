// What each role may do, asked of the API server itself, line by line: what is not listed is not granted.
import { beforeAll, describe, expect, it } from 'vitest'
import { people, projectNamespace, type Who } from '../../hack/admission.ts'
import { isAllowed } from '../../hack/testing.ts'
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
  return isAllowed(client, { namespace, verb, group, resource, subresource })
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

/** Whether a client may do this to the ClusterRole of this name, or to a RoleBinding of it in the project. */
const mayNamed = (
  client: Client,
  verb: string,
  resource: string,
  name: string,
  group = 'rbac.authorization.k8s.io',
): Promise<boolean> =>
  isAllowed(client, {
    verb,
    group,
    resource,
    name,
    ...(resource === 'rolebindings' ? { namespace: project } : {}),
  })
const allowedOf = async (client: Client, verbs: readonly string[], resource: string, name: string) => {
  const answers = await Promise.all(verbs.map(verb => mayNamed(client, verb, resource, name)))
  return verbs.filter((_, i) => answers[i]).join(' ')
}

describe(`of the ConfigMaps in ${system}`, () => {
  it.each<[Who, string, string]>([
    ['the gateway', 'countersign-gateway-seen', 'get list watch patch'],
    ['the gateway', 'kube-root-ca.crt', ''],
    ['the operator', 'countersign-gateway-seen', ''],
    ['owner', 'countersign-gateway-seen', ''],
  ])('%s may do to %s this and no more: %s', async (who, name, expected) => {
    const as = people(project)[who]
    const asked = { namespace: system, group: '', resource: 'configmaps', name }
    const answers = await Promise.all(verbs.map(verb => isAllowed(as, { ...asked, verb })))
    expect(verbs.filter((_, i) => answers[i]).join(' ')).toBe(expected)
  })
})

describe('of RBAC', () => {
  const roleVerbs = [...verbs, 'bind', 'escalate']
  it.each([
    ['clusterroles', 'countersign-owner', 'bind'],
    ['clusterroles', 'countersign-admin', 'bind'],
    ['clusterroles', 'countersign-member', 'bind'],
    ['clusterroles', 'countersign-gateway-people', 'get list watch create update patch escalate'],
    ['clusterroles', 'countersign-gateway', ''],
    ['clusterroles', 'countersign-gateway-as-people', ''],
    ['clusterroles', 'countersign-operator', ''],
    ['clusterroles', 'cluster-admin', ''],
    ['rolebindings', 'countersign-owner', 'get list watch create update patch delete'],
    ['rolebindings', 'theirs', 'create'],
    ['clusterrolebindings', 'countersign-operator', ''],
  ])('the operator may of %s %s do this and no more: %s', async (resource, name, expected) => {
    const as = people(project)['the operator']
    expect(await allowedOf(as, roleVerbs, resource, name)).toBe(expected)
  })

  it.each(['clusterroles', 'rolebindings', 'clusterrolebindings'])(
    'the gateway may do nothing to %s',
    async resource => {
      const as = people(project)['the gateway']
      expect(await allowedOf(as, roleVerbs, resource, 'countersign-gateway-people')).toBe('')
    },
  )
})

it('as a person the gateway does what its routes do, and no more', async () => {
  const as = people(project)['the gateway']
  const found: Record<string, string> = {}
  for (const what of resources) {
    const asked = verbs.map(verb => `impersonate-on:user-info:${verb}`)
    const answers = await Promise.all(asked.map(verb => may(as, project, verb, what)))
    const allowed = verbs.filter((_, i) => answers[i]).join(' ')
    if (allowed !== '') found[what] = allowed
  }
  expect(found).toEqual({
    'agents.countersign.dev': read,
    'agentruns.countersign.dev': `${read} create update patch`,
    'approvalrequests.countersign.dev': read,
    'approvalrequests.countersign.dev/status': 'patch',
    'auditrecords.countersign.dev': read,
    'projects.countersign.dev': `${read} update patch`,
  })
})
