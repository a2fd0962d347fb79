import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { agentRuns, agents, apiKeys, approvalRequests, projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Clock, KubeObject, Resource } from '../../../kube/types.ts'
import { AuditLog } from '../audit/log.ts'
import { CachedKind } from './kind.ts'

export interface CacheOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  /** Where API keys stand. */
  readonly keyNamespace?: string
}

/** The value under which an index of one namespace files. */
export const indexValue = (namespace: string, value: string): string => `${namespace}/${value}`

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? ''
const byNamespace = (object: KubeObject) => [namespaceOf(object)]
const within =
  <T extends KubeObject>(read: (object: T) => string) =>
  (object: T) => [indexValue(namespaceOf(object), read(object))]

/**
 * What the gateway answers from: everything of our kinds but transcripts (nobody may read them). Of audit records, of
 * which there are too many, an index. Nobody is shown any of it but behind a review of their own rights.
 */
export class Cache {
  readonly agents: CachedKind<Agent>
  readonly runs: CachedKind<AgentRun>
  readonly approvals: CachedKind<ApprovalRequest>
  readonly projects: CachedKind<Project>
  /** Of the gateway's own namespace only. */
  readonly apikeys: CachedKind<APIKey>
  /** Is behind, or still being read, by itself: nothing but the audit log waits for it. */
  readonly audit: AuditLog

  constructor({ keyNamespace = 'countersign-system', ...options }: CacheOptions) {
    const kind = <T extends KubeObject>(
      resource: Resource<T>,
      indexes: Readonly<Record<string, (object: T) => readonly string[]>>,
      namespace?: string,
    ) =>
      new CachedKind<T>({
        ...options,
        resource,
        indexes: { namespace: byNamespace, ...indexes },
        ...(namespace === undefined ? {} : { namespace }),
      })
    this.agents = kind(agents, {})
    this.runs = kind(agentRuns, {
      agent: within(({ spec }) => spec.agentRef.name),
      phase: within(({ status }) => status?.phase ?? 'Pending'),
      continueFrom: object =>
        object.spec.continueFrom === undefined
          ? []
          : [indexValue(namespaceOf(object), object.spec.continueFrom.name)],
    })
    this.approvals = kind(approvalRequests, {
      agent: within(({ spec }) => spec.agentRef.name),
      run: within(({ spec }) => spec.runRef.name),
      phase: within(({ status }) => status.phase),
    })
    this.projects = kind(projects, {})
    this.apikeys = kind(apiKeys, {}, keyNamespace)
    this.audit = new AuditLog(options)
    this.audit.readAhead(this.projects.store)
  }

  get kinds(): readonly CachedKind<never>[] {
    const { agents, runs, approvals, projects, apikeys } = this
    return [agents, runs, approvals, projects, apikeys] as unknown as CachedKind<never>[]
  }

  /** Whether everything has been listed once. */
  get hasSynced(): boolean {
    return this.kinds.every(kind => kind.hasSynced)
  }

  get isLive(): boolean {
    return this.kinds.every(kind => kind.isLive)
  }

  async synced(): Promise<void> {
    await Promise.all(this.kinds.map(kind => kind.synced()))
  }

  /** Follows the API server until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.kinds, this.audit].map(kind => kind.run(signal)))
  }
}
