// The namespace, the objects and the people that the table of rights (crds/admission/rights) is tried on.
import { randomUUID } from 'node:crypto'
import { type Actor, actors, type Who } from '../../crds/admission/rights/actors.ts'
import type { Place } from '../../crds/admission/rights/roles.ts'
import { KEY_FINALIZER, RUN_FINALIZER } from '../../crds/v1alpha1/meta.ts'
import {
  agentRuns,
  agents,
  agentTurns,
  apiKeys,
  approvalRequests,
  auditRecords,
  projects,
} from '../../crds/v1alpha1/resources.ts'
import * as samples from '../../crds/v1alpha1/samples.ts'
import type { Client } from '../../kube/client.ts'
import type { KubeObject, ObjectRef, Resource } from '../../kube/types.ts'
import { people, projectNamespace } from '../admission.ts'
import { adminClient, clientFor, eventually } from '../testing.ts'
import { asOperator, changed } from '../truthtable.ts'

const system = 'countersign-system'

/** A kind of ours: what is stored to try on, and what is sent to create another. */
export interface Stored {
  readonly resource: Resource
  readonly stored: KubeObject
  readonly sample: (namespace: string) => KubeObject
}

export interface World {
  readonly namespaces: Readonly<Record<Place, string>>
  readonly kinds: Readonly<Record<string, Stored>>
  readonly client: (who: Who) => Client
  /** Name of a Lease in countersign-system. */
  readonly lease: string
  /** Takes away what is not in the namespace. */
  end(): Promise<void>
}

/** The name of an actor, as the API server authenticates them. */
export const userOf = (who: Who, project: string): string => inProject(actorOf(who).user, project)

const actorOf = (who: Who): Actor => actors.find(actor => actor.who === who) as Actor
const inProject = (text: string, project: string): string => text.replaceAll('$project', project)

const cluster = (
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced = false,
): Resource => ({
  group,
  version,
  kind,
  plural,
  namespaced,
})
const rbac = 'rbac.authorization.k8s.io'
const clusterRoles = cluster(rbac, 'v1', 'ClusterRole', 'clusterroles')
const clusterRoleBindings = cluster(rbac, 'v1', 'ClusterRoleBinding', 'clusterrolebindings')
const roleBindings = cluster(rbac, 'v1', 'RoleBinding', 'rolebindings', true)
const serviceAccounts = cluster('', 'v1', 'ServiceAccount', 'serviceaccounts', true)
const leases = cluster('coordination.k8s.io', 'v1', 'Lease', 'leases', true)

/** Makes a project with one object of each kind, and the people of the table. Takes some seconds. */
export async function makeWorld(): Promise<World> {
  const project = await projectNamespace('rights')
  const id = randomUUID().slice(0, 8)
  const made: [Resource, ObjectRef][] = []
  const make = async (resource: Resource, object: object): Promise<void> => {
    const { name, namespace } = (object as KubeObject).metadata
    await adminClient().create(resource, object as KubeObject)
    made.push([resource, { name, ...(namespace !== undefined && { namespace }) }])
  }
  const user = (name: string) => ({ kind: 'User', name, apiGroup: rbac })
  const bind = (role: string, name: string) => ({
    metadata: { name: `rights-${id}-${role}-${name.split('@')[0]}`, namespace: project },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [user(name)],
  })
  const everything = bind('cluster-admin', 'greta@rights.acme.com')
  const acting = `rights-${id}-people`
  const gateway = { kind: 'ServiceAccount', name: 'countersign-gateway', namespace: system }
  await Promise.all([
    adminClient().create(roleBindings, bind('admin', 'nina@acme.com') as KubeObject),
    adminClient().create(roleBindings, bind('countersign-member', 'grace@rights.acme.com') as KubeObject),
    makeEditor(project, id),
    adminClient().create(serviceAccounts, { metadata: { name: 'bot', namespace: project } }),
    make(clusterRoleBindings, { ...everything, metadata: { name: everything.metadata.name } }),
    make(leases, { metadata: { name: `rights-${id}`, namespace: system }, spec: {} }),
    // As the operator writes it for the two whom a Project would name.
    make(clusterRoles, {
      metadata: { name: acting },
      rules: [
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['users'],
          resourceNames: ['grace@rights.acme.com', 'greta@rights.acme.com'],
          verbs: ['impersonate:user-info'],
        },
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['userextras/countersign.dev/via'],
          resourceNames: ['API'],
          verbs: ['impersonate:user-info'],
        },
      ],
    }),
    make(clusterRoleBindings, {
      metadata: { name: acting },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: acting },
      subjects: [gateway],
    }),
  ])
  const token = await tokenOf('countersign-gateway')
  const client = (who: Who): Client => {
    const { user: name, groups } = actorOf(who)
    if (who.startsWith('gateway for '))
      return adminClient()
        .withToken(token)
        .impersonate({ user: name, extra: { 'countersign.dev/via': ['API'] } })
    if (who === 'nobody signed in') return adminClient().impersonate({ user: name, groups })
    return clientFor(
      inProject(name, project),
      groups.map(group => inProject(group, project)),
    )
  }
  const stored = await makeObjects(project, id, made)
  const bound: readonly Who[] = [
    'editor',
    'namespace admin',
    'gateway for a member',
    'gateway for a cluster-admin',
  ]
  await Promise.all(
    bound.map(who => {
      const resource = who === 'namespace admin' ? leases : agents
      return eventually(() => client(who).list(resource, { namespace: project }))
    }),
  )
  return {
    namespaces: { project, system },
    kinds: stored,
    client,
    lease: `rights-${id}`,
    end: async () => {
      const byGateway = people(project)['the gateway with every right']
      for (const [resource, ref] of made) {
        const by = resource === apiKeys ? byGateway : adminClient()
        await by.delete(resource, ref).catch(() => undefined)
        if (resource === apiKeys) await releaseKey(ref)
      }
    },
  }
}

/** Gives Edith a role that somebody wrote who meant well: every verb of Kubernetes, and none of ours. */
async function makeEditor(project: string, id: string): Promise<void> {
  const metadata = { name: `rights-${id}-editor`, namespace: project }
  const plurals = [agents, agentRuns, agentTurns, approvalRequests, projects, auditRecords, apiKeys].map(
    k => k.plural,
  )
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']
  const status = plurals.filter(plural => plural !== 'auditrecords').map(plural => `${plural}/status`)
  const rule = (resources: readonly string[], some: readonly string[]) => ({
    apiGroups: ['countersign.dev'],
    resources,
    verbs: some,
  })
  const rules = [rule(plurals, verbs), rule(status, ['get', 'update', 'patch'])]
  await adminClient().create(cluster(rbac, 'v1', 'Role', 'roles', true), { metadata, rules } as KubeObject)
  await adminClient().create(roleBindings, {
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'User', name: 'edith@acme.com', apiGroup: rbac }],
  } as KubeObject)
}

/** Takes the finalizer out of a deleted key, as the operator does once the end of the key is recorded. */
export async function releaseKey(ref: ObjectRef): Promise<void> {
  const key = await adminClient().find(apiKeys, ref)
  if (!key) return
  const metadata = { ...key.metadata, finalizers: [] }
  await asOperator()
    .replace(apiKeys, { ...key, metadata })
    .catch(() => undefined)
}

/** A token of a ServiceAccount in countersign-system, as a thief would have it. */
export async function tokenOf(name: string): Promise<string> {
  const answer = (await adminClient().raw({
    method: 'POST',
    path: `/api/v1/namespaces/${system}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  })) as { status: { token: string } }
  return answer.status.token
}

async function makeObjects(
  project: string,
  id: string,
  made: [Resource, ObjectRef][],
): Promise<Readonly<Record<string, Stored>>> {
  const fresh = () => `try-${randomUUID().slice(0, 8)}`
  const byGateway = people(project)['the gateway with every right']
  const run = changed(samples.sampleAgentRun(project), { '/metadata/finalizers': [RUN_FINALIZER] })
  const request = changed(samples.sampleApprovalRequest(project), { '/spec/requiredApprovals': 2 })
  const gated = changed(samples.sampleProject(project), { '/spec/approval': { tools: [{ name: 'crm.*' }] } })
  const second = changed(samples.sampleAuditRecord(project, 'audit-000000000002'), {
    '/spec/entries/0/seq': 2,
    '/spec/prevHash': `sha256:${'0'.repeat(64)}`,
  })
  const withFinalizer = (name: string) =>
    changed(samples.sampleAPIKey(system, name), { '/metadata/finalizers': [KEY_FINALIZER] })
  const key = withFinalizer(`rights${id}`)
  const kind = async <T extends KubeObject>(
    by: Client,
    resource: Resource<T>,
    object: T,
    sample: (namespace: string) => T,
  ): Promise<Stored> => ({ resource, stored: await by.create(resource, object), sample })
  const aRequest = (name: string, set: Readonly<Record<string, unknown>>) =>
    kind(
      asOperator(),
      approvalRequests,
      changed(samples.sampleApprovalRequest(project, name), set),
      () => request,
    )
  const strict = { '/spec/allowSelfApproval': false }
  const others = {
    'half decided request': await aRequest('half-decided', { '/spec/requiredApprovals': 2 }),
    'settled request': await aRequest('settled', {}),
    'request of nobody': await aRequest('of-nobody', strict),
    "request of Carol's": await aRequest('of-carol', { ...strict, '/spec/requestedBy': 'carol@acme.com' }),
  }
  const write = (name: string, by: Client, status: object) =>
    by.patch(
      approvalRequests,
      { namespace: project, name },
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    )
  const dana = { reviewer: 'dana@acme.com', verdict: 'Approve', via: 'Kubectl' }
  const stored = {
    ...others,
    'half decided request': {
      ...others['half decided request'],
      stored: await write('half-decided', clientFor('dana@acme.com', ['system:masters']), {
        decisions: [dana],
      }),
    },
    'settled request': {
      ...others['settled request'],
      stored: await write('settled', asOperator(), { phase: 'Cancelled' }),
    },
  }
  const [agent, agentrun, approvalrequest, turn, aProject, record, apikey] = await Promise.all([
    kind(adminClient(), agents, samples.sampleAgent(project), ns => samples.sampleAgent(ns, fresh())),
    kind(adminClient(), agentRuns, run, ns => samples.sampleAgentRun(ns, fresh())),
    kind(asOperator(), approvalRequests, request, ns => samples.sampleApprovalRequest(ns, fresh())),
    kind(asOperator(), agentTurns, samples.sampleAgentTurn(project), ns =>
      samples.sampleAgentTurn(ns, fresh()),
    ),
    kind(adminClient(), projects, gated, samples.sampleProject),
    kind(asOperator(), auditRecords, second, samples.sampleAuditRecord),
    kind(byGateway, apiKeys, key, ns =>
      changed(withFinalizer(fresh().replace('-', '')), { '/metadata/namespace': ns }),
    ),
  ])
  made.push([apiKeys, { namespace: system, name: key.metadata.name }])
  return {
    ...stored,
    agents: agent,
    agentruns: agentrun,
    approvalrequests: approvalrequest,
    agentturns: turn,
    projects: aProject,
    auditrecords: record,
    apikeys: apikey,
  }
}
