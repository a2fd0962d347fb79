import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'

/** What is known of a request as it leaves the process. */
export interface Outgoing {
  readonly method: string
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON; undefined where it is a stream. */
  readonly body: string | undefined
}

/**
 * Names of what a request does in the life of a run, as the table in points.ts has them; several where one record holds
 * several entries. Empty for what only reads, and for what is of no run: leases, canaries, agents. Pure.
 */
export const effectsOf = ({ method, path, headers, body }: Outgoing): readonly string[] => {
  if (method === 'GET' || /[?&]dryRun=/.test(path)) return []
  const [place = ''] = path.split('?')
  if (place.endsWith('/chat/completions')) return ['Model:Asked']
  if (headers['mcp-method'] !== undefined)
    return headers['mcp-method'] === 'tools/call' ? ['Tool:Called'] : []
  const found = /^\/apis\/[^/]+\/[^/]+\/namespaces\/([^/]+)\/([^/]+)(?:\/[^/]+(\/status)?)?$/.exec(place)
  const [, namespace, plural, status] = found ?? []
  if (namespace === 'countersign-system' || place.endsWith('/namespaces/countersign-system/secrets'))
    return []
  const object: unknown = body === undefined ? undefined : JSON.parse(body)
  switch (plural) {
    case 'agents':
    case 'projects':
      return []
    case 'events':
      return eventNames(object as CoreEvent)
    case 'agentturns':
      return [method === 'POST' ? 'Turn:Stored' : 'Turn:Result']
    case 'agentruns':
      return [status ? traceName(object as AgentRun) : holdName(object as AgentRun)]
    case 'approvalrequests':
      return [method === 'POST' ? 'Request:Created' : requestName(object as ApprovalRequest)]
    case 'auditrecords':
      return (object as AuditRecord).spec.entries.map(({ action }) => `Record:${action}`)
    default:
      return [`${method} ${place}`]
  }
}

interface CoreEvent {
  readonly reason: string
  readonly regarding: { readonly kind: string }
}

const eventNames = ({ reason, regarding }: CoreEvent): readonly string[] =>
  ['AgentRun', 'ApprovalRequest'].includes(regarding.kind) ? [`Event:${reason}`] : []

/** A run's status, by how far its last turn is. */
const traceName = ({ status }: AgentRun): string => {
  if (status?.finishedAt !== undefined) return 'Trace:Ended'
  const last = status?.steps?.at(-1)
  if (last === undefined) return 'Trace:Started'
  return last.type === 'Model' ? 'Trace:Answer' : `Trace:${last.state}`
}

const holdName = ({ metadata }: AgentRun): string =>
  (metadata.finalizers ?? []).length > 0 ? 'Run:Held' : 'Run:Released'

const requestName = ({ status }: ApprovalRequest): string => {
  if (status.phase !== 'Pending') return `Request:${status.phase}`
  const sent = status.notifications ?? []
  return sent.length > 0 ? 'Request:Notified' : status.expiresAt ? 'Request:Opened' : 'Request:Progress'
}
