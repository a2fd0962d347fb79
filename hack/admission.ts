// Helpers for the tests of crds/admission and crds/rbac: people in their roles, the four ways to write, and what
// came of it in one line.
import { randomUUID } from 'node:crypto'
import type { ApprovalRequest, ApprovalRequestSpec, Decision } from '../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../crds/v1alpha1/resources.ts'
import { sampleApprovalRequest } from '../crds/v1alpha1/samples.ts'
import type { Client } from '../kube/client.ts'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject, ObjectRef, Resource } from '../kube/types.ts'
import {
  adminClient,
  clientFor,
  clientForServiceAccount,
  eventually,
  isAllowed,
  testNamespace,
} from './testing.ts'

interface RoleBinding extends KubeObject {
  roleRef: object
  subjects: object[]
}

interface Role extends KubeObject {
  rules: object[]
}

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true }
const roleBindings: Resource<RoleBinding> = { ...rbac, kind: 'RoleBinding', plural: 'rolebindings' }
const roles: Resource<Role> = { ...rbac, kind: 'Role', plural: 'roles' }

const system = 'countersign-system'
const clusterAdmins = ['system:masters']

/** Everybody who tries something: a client by what they are. Those with a role have it in `namespace`. */
export const people = (namespace: string) => ({
  owner: clientFor('alice@acme.com'),
  admin: clientFor('bob@acme.com'),
  member: clientFor('carol@acme.com'),
  'another member': clientFor('dave@acme.com', ['reviewers']),
  stranger: clientFor('mallory@acme.com'),
  'cluster-admin': clientFor('kubernetes-admin', clusterAdmins),
  'a ServiceAccount with the member role': clientForServiceAccount(namespace, 'bot'),
  'a ServiceAccount that is cluster-admin': clientFor(`system:serviceaccount:${namespace}:robot`, [
    ...clusterAdmins,
    'system:serviceaccounts',
  ]),
  'the operator': clientForServiceAccount(system, 'countersign-operator'),
  'the operator with every right': clientFor(
    `system:serviceaccount:${system}:countersign-operator`,
    clusterAdmins,
  ),
  'the gateway': clientForServiceAccount(system, 'countersign-gateway'),
  'the gateway with every right': clientFor(
    `system:serviceaccount:${system}:countersign-gateway`,
    clusterAdmins,
  ),
})
export type Who = keyof ReturnType<typeof people>

/** The user name of each. */
export const nameOf = (who: Who, namespace: string): string =>
  ({
    owner: 'alice@acme.com',
    admin: 'bob@acme.com',
    member: 'carol@acme.com',
    'another member': 'dave@acme.com',
    stranger: 'mallory@acme.com',
    'cluster-admin': 'kubernetes-admin',
    'a ServiceAccount with the member role': `system:serviceaccount:${namespace}:bot`,
    'a ServiceAccount that is cluster-admin': `system:serviceaccount:${namespace}:robot`,
    'the operator': `system:serviceaccount:${system}:countersign-operator`,
    'the operator with every right': `system:serviceaccount:${system}:countersign-operator`,
    'the gateway': `system:serviceaccount:${system}:countersign-gateway`,
    'the gateway with every right': `system:serviceaccount:${system}:countersign-gateway`,
  })[who]

/** A namespace of its own in which owner, admin, members and a ServiceAccount have the shipped roles. */
export async function projectNamespace(prefix: string): Promise<string> {
  const namespace = await testNamespace(prefix)
  const user = (name: string) => ({ kind: 'User', name, apiGroup: rbac.group })
  await Promise.all([
    bind(namespace, 'countersign-owner', [user('alice@acme.com')]),
    bind(namespace, 'countersign-admin', [user('bob@acme.com')]),
    bind(namespace, 'countersign-member', [
      user('carol@acme.com'),
      { kind: 'Group', name: 'reviewers', apiGroup: rbac.group },
      { kind: 'ServiceAccount', name: 'bot', namespace },
    ]),
  ])
  const all = people(namespace)
  const bound = [
    all.owner,
    all.admin,
    all.member,
    all['another member'],
    all['a ServiceAccount with the member role'],
  ]
  await Promise.all(bound.map(client => untilAllowed(client, namespace, 'approve', 'approvalrequests')))
  return namespace
}

async function bind(namespace: string, role: string, subjects: object[]): Promise<void> {
  await adminClient().create(roleBindings, {
    metadata: { name: role, namespace },
    roleRef: { apiGroup: rbac.group, kind: 'ClusterRole', name: role },
    subjects,
  })
}

/** Waits until the API server has taken a role binding up, which it does in its own time and without telling. */
const untilAllowed = (client: Client, namespace: string, verb: string, what: string): Promise<unknown> => {
  const [resource, subresource] = what.split('/')
  return eventually(() => isAllowed(client, { namespace, verb, resource, subresource }))
}

/** Gives a user these rights on kinds of ours in one namespace, and returns a client for them. */
export async function withRights(
  namespace: string,
  user: string,
  rights: Readonly<Record<string, readonly string[]>>,
): Promise<Client> {
  const name = `rights-${randomUUID().slice(0, 8)}`
  await adminClient().create(roles, {
    metadata: { name, namespace },
    rules: Object.entries(rights).map(([resource, verbs]) => ({
      apiGroups: ['countersign.dev'],
      resources: [resource],
      verbs,
    })),
  })
  await adminClient().create(roleBindings, {
    metadata: { name, namespace },
    roleRef: { apiGroup: rbac.group, kind: 'Role', name },
    subjects: [{ kind: 'User', name: user, apiGroup: rbac.group }],
  })
  const client = clientFor(user)
  for (const [resource, verbs] of Object.entries(rights)) {
    for (const verb of verbs) await untilAllowed(client, namespace, verb, resource)
  }
  return client
}

/** What is sent to change an object. */
export const forms = ['merge patch', 'JSON patch', 'server-side apply', 'PUT'] as const
export type Form = (typeof forms)[number]

/**
 * Reads an object (with every right), changes it, and sends the change as `client` in this form: the patches hold
 * `part` as a whole (all of `status`, of `spec`, of `metadata`).
 */
export async function write<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  ref: ObjectRef,
  form: Form,
  part: 'spec' | 'status' | 'metadata',
  change: (object: T) => T,
): Promise<T> {
  const before = await adminClient().get(resource, ref)
  const after = change(structuredClone(before))
  const value = (after as unknown as Record<string, unknown>)[part]
  const options = part === 'status' ? ({ subresource: 'status' } as const) : {}
  switch (form) {
    case 'merge patch':
      return client.patch(resource, ref, { type: 'merge', body: { [part]: value } }, options)
    case 'JSON patch':
      return client.patch(
        resource,
        ref,
        { type: 'json', body: [{ op: 'add', path: `/${part}`, value }] },
        options,
      )
    case 'server-side apply': {
      const { labels, annotations, finalizers, ownerReferences } = after.metadata
      const body = {
        apiVersion: `${resource.group}/${resource.version}`,
        kind: resource.kind,
        metadata: {
          ...ref,
          ...(part === 'metadata' && { labels, annotations, finalizers, ownerReferences }),
        },
        ...(part !== 'metadata' && { [part]: value }),
      }
      const patch = { type: 'apply', body, force: true } as const
      return client.patch(resource, ref, patch, { ...options, fieldManager: 'test-apply' })
    }
    case 'PUT':
      return client.replace(resource, after, options)
  }
}

/** `allowed`, `refused by a role`, `<policy> refuses: <message>`, or `the schema refuses: <message>`. */
export async function outcome(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'allowed'
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const policy = /ValidatingAdmissionPolicy '(.*?)' with binding '.*?' denied request: (.*)/s.exec(
      error.message,
    )
    if (error.code === 403 && policy) return `${policy[1]} refuses: ${policy[2]}`
    if (error.code === 403 && /cannot [\w:-]+ resource|attempting to grant RBAC/.test(error.message))
      return 'refused by a role'
    if (error.code === 422) return `the schema refuses: ${error.message}`
    throw error
  }
}

const operator = (): Client => clientForServiceAccount(system, 'countersign-operator')

/** Creates a request as the operator does, with this spec. Its name is made up. */
export async function aRequest(
  namespace: string,
  spec: Partial<ApprovalRequestSpec> = {},
): Promise<ApprovalRequest> {
  const sample = sampleApprovalRequest(namespace, `request-${randomUUID().slice(0, 8)}`)
  return operator().create(approvalRequests, { ...sample, spec: { ...sample.spec, ...spec } })
}

/** Writes into the status of a request as the operator. */
export const settle = (request: ApprovalRequest, status: object): Promise<ApprovalRequest> =>
  operator().patch(
    approvalRequests,
    refOf(request),
    { type: 'merge', body: { status } },
    { subresource: 'status' },
  )

/** Adds these decisions to a request as the person given as reviewer, who has every right. */
export async function decided(request: ApprovalRequest, ...decisions: readonly Decision[]): Promise<void> {
  for (const decision of decisions) {
    await append(clientFor(decision.reviewer, clusterAdmins), request, decision)
  }
}

/** Adds an entry to the decisions of a request by JSON patch. */
export const append = (
  client: Client,
  request: ApprovalRequest,
  decision: object,
): Promise<ApprovalRequest> =>
  client.patch(
    approvalRequests,
    refOf(request),
    { type: 'json', body: [{ op: 'add', path: '/status/decisions/-', value: decision }] },
    { subresource: 'status' },
  )

/** An approval by this person with their own credential. */
export const approval = (reviewer: string, more: Partial<Decision> = {}): Decision => ({
  reviewer,
  verdict: 'Approve',
  via: 'Kubectl',
  ...more,
})

/** A rejection by this person with a reason. */
export const rejection = (reviewer: string, more: Partial<Decision> = {}): Decision =>
  approval(reviewer, { verdict: 'Reject', reason: 'Not a duplicate.', ...more })

export const refOf = (object: KubeObject): ObjectRef => ({
  name: object.metadata.name,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
})
