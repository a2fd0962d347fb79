// Helpers for cluster tests of the gateway: projects with members, and an operator played by the test.
import type {
  ApprovalRequest,
  ApprovalRequestSpec,
  NotificationEntry,
} from '../../crds/v1alpha1/approvalrequest.ts'
import { agents, approvalRequests } from '../../crds/v1alpha1/resources.ts'
// biome-ignore lint/style/noRestrictedImports: helpers of tests
import { adminClient, clientForServiceAccount, cluster, testNamespace } from '../../hack/testing.ts'
import type { Client, WatchOptions } from '../../kube/client.ts'
import { ConnectionError } from '../../kube/errors.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { settle } from '../../operator/policy/decisions.ts'

interface RoleBinding extends KubeObject {
  roleRef: unknown
  subjects: unknown
}

const roleBindings: Resource<RoleBinding> = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
}

/** The people of the tests have tokens only on a cluster of our own. */
export const haveTokens = (): boolean => cluster().people['alice@acme.com']?.token !== undefined

/** The token of one of `cluster().people`. */
export function tokenOf(user: string): string {
  const token = cluster().people[user]?.token
  if (token === undefined) throw new Error(`${user} has no token on this cluster`)
  return token
}

/** A namespace where alice is an owner, bob an admin, carol a member, and mallory nobody. */
export async function testProject(prefix: string): Promise<string> {
  const namespace = await testNamespace(prefix)
  const roles = { owner: 'alice@acme.com', admin: 'bob@acme.com', member: 'carol@acme.com' }
  await Promise.all(Object.entries(roles).map(([role, user]) => bindRole(namespace, role, user)))
  return namespace
}

/** Gives this person a role (`owner`, `admin`, `member`) in a namespace. */
export async function bindRole(namespace: string, role: string, user: string): Promise<void> {
  await adminClient().create(roleBindings, {
    metadata: { name: `${role}-${user.replace('@', '-')}`, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `countersign-${role}` },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  })
}

/** Takes a role away again. */
export async function unbindRole(namespace: string, role: string, user: string): Promise<void> {
  await adminClient().delete(roleBindings, { name: `${role}-${user.replace('@', '-')}`, namespace })
}

/** A client whose watches the test cuts, and lets be opened again. */
export function cuttable(real: Client): { client: Client; cut(): void; mend(): void } {
  const state = { cut: new AbortController() }
  const client = new Proxy(real, {
    get(target, name) {
      if (name === 'watch') {
        return (resource: Resource, options: WatchOptions = {}) => {
          const { signal: cut } = state.cut
          const signal = options.signal === undefined ? cut : AbortSignal.any([options.signal, cut])
          return target.watch(resource, { ...options, signal })
        }
      }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    client,
    cut: () => state.cut.abort(new ConnectionError('the watch was cut (a test)')),
    mend: () => {
      state.cut = new AbortController()
    },
  }
}

/** The operator, as far as the API server can tell. */
export const operator = () => clientForServiceAccount('countersign-system', 'countersign-operator')

const digest = (digit: string) => `sha256:${digit.repeat(64)}`

/** Creates a request as the operator does. */
export async function anApproval(
  namespace: string,
  name: string,
  spec: Partial<ApprovalRequestSpec> = {},
): Promise<ApprovalRequest> {
  const request = {
    metadata: { name, namespace },
    spec: {
      agentRef: { name: 'order-manager' },
      runRef: { name: 'order-run', uid: '00000000-0000-0000-0000-000000000001' },
      callID: '1.0',
      tool: 'order_tools.process_refund',
      params: { order: 'ORD-1287', amount: 2400 },
      paramsDigest: digest('a'),
      callDigest: digest('b'),
      gates: [{ name: 'order_tools.process_refund', from: 'Agent', outcome: 'Always' }],
      message: 'This action requires manager approval.',
      timeoutSeconds: 3600,
      onRejection: 'Continue',
      requiredApprovals: 1,
      allowSelfApproval: true,
      requestedBy: 'bob@acme.com',
      ...spec,
    },
  } as unknown as ApprovalRequest
  return await operator().create(approvalRequests, request)
}

/** Writes a terminal phase, as the operator does. */
export async function settleAs(
  request: ApprovalRequest,
  phase: ApprovalRequest['status']['phase'],
  message = `${phase}.`,
): Promise<ApprovalRequest> {
  const { name, namespace = '' } = request.metadata
  const body = { status: { phase, message, decidedAt: new Date().toISOString() } }
  const patch = { type: 'merge', body } as const
  return await operator().patch(approvalRequests, { name, namespace }, patch, { subresource: 'status' })
}

/** Writes who was told of a request, as the operator does. */
export async function tellAs(
  { metadata: { name, namespace = '' } }: ApprovalRequest,
  notifications: readonly NotificationEntry[],
  notified?: {
    readonly status: 'True' | 'False' | 'Unknown'
    readonly reason: string
    readonly message: string
  },
): Promise<ApprovalRequest> {
  const lastTransitionTime = new Date().toISOString()
  const conditions = notified && [{ type: 'Notified', ...notified, lastTransitionTime }]
  const body = { status: { notifications, ...(conditions && { conditions }) } }
  const patch = { type: 'merge', body } as const
  return await operator().patch(approvalRequests, { name, namespace }, patch, { subresource: 'status' })
}

/** Settles every request of a namespace as soon as its decisions do, until the returned function is called. */
export async function runSettler(namespace: string): Promise<() => Promise<void>> {
  const stop = new AbortController()
  const { resourceVersion } = await operator().list(approvalRequests, { namespace, limit: 1 })
  const loop = (async () => {
    const events = operator().watch(approvalRequests, { namespace, resourceVersion, signal: stop.signal })
    for await (const event of events) {
      if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue
      const { object } = event
      const outcome = settle(object, 0, Number.POSITIVE_INFINITY)
      if (object.status.phase !== 'Pending' || outcome.phase === 'Pending') continue
      await settleAs(object, outcome.phase, outcome.message).catch(() => {})
    }
  })().catch(() => {})
  return async () => {
    stop.abort()
    await loop
  }
}

/** Creates an Agent as the admin. */
export async function anAgent(namespace: string, name: string): Promise<void> {
  await adminClient().create(agents, {
    metadata: { name, namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'some-model', baseURL: 'http://llm.shop.svc:8000/v1' },
      toolsets: [],
    },
  })
}
