import {
  agentRuns,
  agents,
  agentTurns,
  apiKeys,
  approvalRequests,
  auditRecords,
  projects,
} from '../../crds/v1alpha1/resources.ts'
import type { Client, WriteOptions } from '../../kube/client.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { clusterRoles, PEOPLE_ROLE, roleBindings } from '../rbac.ts'
import {
  CANARY_NAME,
  canaryAgent,
  canaryBinding,
  canaryKey,
  canaryPeople,
  canaryProject,
  canaryRecord,
  canaryRequest,
  canaryRun,
  canaryTurn,
  canaryUser,
} from './objects.ts'

/** The two who try: the operator itself, and the canary, which it impersonates. */
export interface Triers {
  readonly own: Client
  readonly canary: Client
  /** The operator's. */
  readonly namespace: string
}

/** A write that one admission policy, and nothing else, refuses. */
export interface ForbiddenWrite {
  /** Name of the ValidatingAdmissionPolicy. */
  readonly policy: string
  /** What is tried, for people: "a ServiceAccount decides". */
  readonly describe: string
  /** Tries it; `options` make it a dry run. */
  readonly attempt: (by: Triers, options: WriteOptions) => Promise<unknown>
}

const secrets: Resource = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
const request = ({ namespace }: Triers) => ({ namespace, name: CANARY_NAME })

/**
 * At least one for each policy in crds/admission that refuses (a test compares the two). The schema and the roles
 * allow each write, and only the policy named is against it: with two, the server's answer names just one.
 */
export const forbiddenWrites: readonly ForbiddenWrite[] = [
  {
    policy: 'countersign-decisions',
    describe: 'a ServiceAccount decides a request',
    attempt: (by, options) =>
      by.canary.patch(
        approvalRequests,
        request(by),
        {
          type: 'json',
          body: [
            {
              op: 'add',
              path: '/status/decisions/-',
              value: { reviewer: canaryUser(by.namespace), verdict: 'Approve', via: 'Token' },
            },
          ],
        },
        { ...options, subresource: 'status' },
      ),
  },
  {
    policy: 'countersign-settlement',
    describe: 'somebody but the operator writes the outcome of a request',
    attempt: (by, options) =>
      by.canary.patch(
        approvalRequests,
        request(by),
        { type: 'merge', body: { status: { message: 'Approved.' } } },
        { ...options, subresource: 'status' },
      ),
  },
  {
    policy: 'countersign-requests',
    describe: 'somebody but the operator creates a request',
    attempt: (by, options) =>
      by.canary.create(approvalRequests, canaryRequest(by.namespace, `${CANARY_NAME}-forged`), options),
  },
  {
    policy: 'countersign-deletions',
    describe: 'somebody but the operator deletes a request',
    attempt: (by, options) => by.canary.delete(approvalRequests, request(by), options),
  },
  {
    policy: 'countersign-operator-writes',
    describe: 'somebody but the operator writes a transcript',
    attempt: (by, options) => by.canary.create(agentTurns, canaryTurn(by.namespace), options),
  },
  {
    policy: 'countersign-audit',
    describe: 'somebody but the operator writes an audit record',
    attempt: (by, options) => by.canary.create(auditRecords, canaryRecord(by.namespace), options),
  },
  {
    policy: 'countersign-runs',
    describe: 'a run is started in the name of somebody else',
    attempt: (by, options) => by.canary.create(agentRuns, canaryRun(by.namespace), options),
  },
  {
    policy: 'countersign-projects',
    describe: 'somebody but an owner sets the gates of a project',
    attempt: (by, options) => by.canary.create(projects, canaryProject(by.namespace), options),
  },
  {
    policy: 'countersign-changed-by',
    describe: 'somebody makes an agent in the name of somebody else',
    attempt: (by, options) => by.canary.create(agents, canaryAgent(by.namespace), options),
  },
  {
    policy: 'countersign-apikeys',
    describe: 'somebody but the gateway writes an API key',
    attempt: (by, options) => by.canary.create(apiKeys, canaryKey(by.namespace), options),
  },
  {
    policy: 'countersign-operator-secrets',
    describe: 'the operator creates a Secret that is not its own',
    attempt: (by, options) =>
      by.own.create(
        secrets,
        { metadata: { ...request(by), name: `${CANARY_NAME}-forged` } } as KubeObject,
        options,
      ),
  },
  {
    policy: 'countersign-operator-bindings',
    describe: 'the operator gives somebody a role by a binding that is not its own',
    attempt: (by, options) => by.own.create(roleBindings, canaryBinding(by.namespace), options),
  },
  {
    policy: 'countersign-gateway-people',
    describe: 'the gateway is allowed to act as a user of the system',
    attempt: (by, options) =>
      by.own.patch(
        clusterRoles,
        { name: PEOPLE_ROLE },
        { type: 'apply', body: canaryPeople(), force: true },
        { ...options, fieldManager: CANARY_NAME },
      ),
  },
]
