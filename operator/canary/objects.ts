import type { Agent } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn } from '../../crds/v1alpha1/agentturn.ts'
import type { APIKey } from '../../crds/v1alpha1/apikey.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import { ANNOTATIONS, API_VERSION, KEY_FINALIZER } from '../../crds/v1alpha1/meta.ts'
import type { Project } from '../../crds/v1alpha1/project.ts'
import { PEOPLE_ROLE, RBAC_GROUP, type RoleBinding } from '../rbac.ts'

/** Name of each object that the canary tries to write, of the one request that exists, and of its ServiceAccount. */
export const CANARY_NAME = 'countersign-canary'

/**
 * Whom to impersonate, in the operator's namespace: a ServiceAccount whose roles allow there what the policies must
 * refuse.
 */
export const canaryUser = (namespace: string): string => `system:serviceaccount:${namespace}:${CANARY_NAME}`

/**
 * Whether a request is the canary's own, which no run waits for: controllers leave it alone. (A request of a run is
 * named <run>-<turn>-<index>, so that none of them has this name.)
 */
export const isCanary = (object: { readonly metadata: { readonly name: string } }): boolean =>
  object.metadata.name === CANARY_NAME

const noDigest = `sha256:${'0'.repeat(64)}`
const ref = { name: CANARY_NAME }
const runRef = { name: CANARY_NAME, uid: 'none' }
const meta = (namespace: string, name = CANARY_NAME) => ({ name, namespace })

/** A valid ApprovalRequest that no run waits for. */
export const canaryRequest = (namespace: string, name = CANARY_NAME): ApprovalRequest => ({
  metadata: meta(namespace, name),
  spec: {
    agentRef: ref,
    runRef,
    callID: '1.0',
    tool: 'countersign.canary',
    params: {},
    paramsDigest: noDigest,
    callDigest: noDigest,
    gates: [{ name: 'countersign.canary', from: 'Agent', outcome: 'Always' }],
    message: 'No tool call: the operator tries on it whether forbidden writes are refused.',
    timeoutSeconds: 604_800,
    onRejection: 'Fail',
    requiredApprovals: 1,
    allowSelfApproval: true,
  },
  status: { phase: 'Pending', decisions: [] },
})

/** A valid Agent, that somebody else is said to have made it. */
export const canaryAgent = (namespace: string): Agent => ({
  metadata: { ...meta(namespace), annotations: { [ANNOTATIONS.changedBy]: 'somebody-else' } },
  spec: { model: { provider: 'OpenAI', name: CANARY_NAME }, systemPrompt: 'x', toolsets: [] },
})

/** A valid AgentTurn. */
export const canaryTurn = (namespace: string): AgentTurn => ({
  metadata: meta(namespace),
  spec: {
    runRef,
    turn: 1,
    agentGeneration: 1,
    at: '2026-01-01T00:00:00Z',
    durationSeconds: 0,
    finishReason: 'stop',
    calls: [],
    messages: [],
  },
})

/** A valid AuditRecord. */
export const canaryRecord = (namespace: string): AuditRecord => ({
  metadata: meta(namespace, 'audit-000000000001'),
  spec: {
    entries: [{ seq: 1, time: '2026-01-01T00:00:00Z', action: 'ToolExecuting' }],
    hash: noDigest,
  },
})

/** An AgentRun that somebody else is said to have started. */
export const canaryRun = (namespace: string): AgentRun => ({
  metadata: meta(namespace),
  spec: { agentRef: ref, input: 'none', requestedBy: 'somebody-else', cancel: true },
})

/** A Project with a gate. */
export const canaryProject = (namespace: string): Project => ({
  metadata: meta(namespace, 'project'),
  spec: {
    members: [{ user: 'somebody-else', role: 'Owner' }],
    approval: { tools: [{ name: 'countersign.canary' }] },
  },
})

/** A valid APIKey. */
export const canaryKey = (namespace: string): APIKey => ({
  metadata: { ...meta(namespace), finalizers: [KEY_FINALIZER] },
  spec: { project: namespace, user: 'somebody-else', name: 'canary', hash: noDigest, readOnly: true },
})

/** A RoleBinding as the operator writes them, but for its name. */
export const canaryBinding = (namespace: string): RoleBinding => ({
  metadata: {
    ...meta(namespace, `${CANARY_NAME}-forged`),
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'Project', name: 'project', uid: CANARY_NAME }],
  },
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'countersign-member' },
  subjects: [{ apiGroup: RBAC_GROUP, kind: 'User', name: 'somebody-else' }],
})

/** The role of whom the gateway may act as, as the operator applies it, but for whom it names. */
export const canaryPeople = (): object => ({
  metadata: { name: PEOPLE_ROLE },
  rules: [
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['users'],
      resourceNames: ['system:admin'],
      verbs: ['impersonate:user-info'],
    },
  ],
})
