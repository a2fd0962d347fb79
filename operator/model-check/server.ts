import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest, ApprovalRequestStatus, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import type { KubeObject } from '../../kube/types.ts'
import { RUN, START, TICK } from './cast.ts'
import type { Pool } from './pool.ts'

/*
 * The API server, as far as the operator leans on it: what the policies of crds/admission refuse, preconditions,
 * names. Written after those files and not after the operator's code, which it is to judge.
 */

/** What a process asks of the API server. `slot`: kind and name. */
export interface Op {
  readonly verb: 'find' | 'get' | 'list' | 'create' | 'status' | 'metadata' | 'delete'
  readonly slot: string
  /** create: the object; status: the object with its new status; metadata: what is merged into it. */
  readonly body?: object
  /** delete: the precondition. */
  readonly uid?: string
}

/** What it answers. A refusal has the HTTP status and reason of kube/errors.ts. */
export type Answer =
  | { readonly object: number }
  | { readonly items: readonly number[] }
  | { readonly code: number; readonly reason: string }
  /** The connection broke: nothing is known. */
  | 'Lost'

/** All that is stored. Objects are numbers of the pool. */
export interface Server {
  /** By slot (`slotNames`), the versions that somebody may still see, the current one last; 0: not there. */
  readonly slots: readonly (readonly number[])[]
  /** Writes to each slot so far: the resourceVersion. */
  readonly writes: readonly number[]
  readonly records: readonly number[]
  /** Ticks of the server's clock. */
  readonly clock: number
}

/** The slots of a world with so many calls: the run, then its requests, then its turns. */
export const slotNames = (calls: number): readonly string[] => [
  `AgentRun/${RUN}`,
  ...Array.from({ length: calls }, (_, index) => `ApprovalRequest/${RUN}-1-${index}`),
  `AgentTurn/${RUN}-t1`,
  `AgentTurn/${RUN}-t2`,
]

/** Slots that the operator's caches hold: the run and its requests. */
export const cachedSlots = (calls: number): number => 1 + calls

export const timeOf = (clock: number): number => START + clock * TICK
const seconds = (clock: number): string => new Date(timeOf(clock)).toISOString().replace('.000', '')

/** The rules of one world. */
export class Rules {
  readonly names: readonly string[]
  readonly #pool: Pool
  readonly #agent: number
  /** The admission policies are there. */
  readonly #policies: boolean
  constructor(options: { pool: Pool; calls: number; agent: number; policies: boolean }) {
    this.#pool = options.pool
    this.names = slotNames(options.calls)
    this.#agent = options.agent
    this.#policies = options.policies
  }

  current<T extends KubeObject>(server: Server, slot: number): T | undefined {
    return this.#pool.get<T>(server.slots[slot]?.at(-1) ?? 0)
  }

  /** Does what a process asks, in one step. */
  apply(server: Server, op: Op): { readonly server: Server; readonly answer: Answer } {
    const same = (answer: Answer) => ({ server, answer })
    if (op.slot.startsWith('Agent/')) return same({ object: this.#agent })
    if (op.slot.startsWith('AuditRecord/')) return this.#record(server, op)
    const slot = this.names.indexOf(op.slot)
    if (slot === -1) throw new Error(`the model has no place for ${op.slot}`)
    const number = server.slots[slot]?.at(-1) ?? 0
    const before = this.#pool.get<KubeObject>(number)
    if (op.verb === 'create') {
      return before ? same(ALREADY_EXISTS) : this.#write(server, slot, this.#created(server, slot, op))
    }
    if (op.verb === 'find') return same({ object: number })
    if (!before) return same(NOT_FOUND)
    if (op.verb === 'get') return same({ object: number })
    if (op.verb === 'delete') {
      if (op.uid !== undefined && op.uid !== before.metadata.uid) return same(CONFLICT)
      return this.#write(server, slot, undefined)
    }
    const body = op.body as KubeObject
    const { uid, resourceVersion } = body.metadata
    if (uid !== before.metadata.uid || resourceVersion !== before.metadata.resourceVersion)
      return same(CONFLICT)
    if (op.verb === 'metadata') {
      const { finalizers = [] } = body.metadata
      const gone = before.metadata.deletionTimestamp !== undefined && finalizers.length === 0
      return this.#write(
        server,
        slot,
        gone ? undefined : { ...before, metadata: { ...before.metadata, finalizers: [...finalizers] } },
      )
    }
    const after = { ...before, status: (body as { status?: object }).status } as KubeObject
    if (this.#policies && isRequest(before) && isRequest(after) && refused(before, after, server.clock))
      return same(FORBIDDEN)
    return this.#write(server, slot, after)
  }

  /** A reviewer adds a decision; undefined where that is refused, or changes nothing. */
  decide(server: Server, slot: number, decision: Decision): Server | undefined {
    const before = this.current<ApprovalRequest>(server, slot)
    if (!before) return undefined
    const { decisions } = before.status
    if (decisions.some(({ reviewer }) => reviewer === decision.reviewer)) return undefined
    if (before.status.phase !== 'Pending' || server.clock >= deadline(before)) return undefined
    const status = { ...before.status, decisions: [...decisions, decision] }
    return this.put(server, slot, { ...before, status } as ApprovalRequest)
  }

  /** Writes a slot, whoever does it. */
  put(server: Server, slot: number, object: KubeObject | undefined): Server {
    return this.#write(server, slot, object).server
  }

  #write(server: Server, slot: number, object: KubeObject | undefined): { server: Server; answer: Answer } {
    const versions = server.slots[slot] ?? []
    const number = versions.at(-1) ?? 0
    const before = this.#pool.get<KubeObject>(number)
    // What changes nothing is no write.
    if (object && before && this.#pool.put(object) === number) return { server, answer: { object: number } }
    const writes = (server.writes[slot] ?? 0) + 1
    const next = object && {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(writes) },
    }
    const after = this.#pool.put(next)
    return {
      server: {
        ...server,
        slots: server.slots.map((one, index) => (index === slot ? [...one, after] : one)),
        writes: server.writes.map((one, index) => (index === slot ? writes : one)),
      },
      answer: { object: after },
    }
  }

  #created(server: Server, slot: number, op: Op): KubeObject {
    const body = op.body as KubeObject
    return {
      ...body,
      metadata: {
        ...body.metadata,
        uid: `uid-${body.metadata.name}-${server.writes[slot] ?? 0}`,
        generation: 1,
        creationTimestamp: seconds(server.clock),
      },
    }
  }

  #record(server: Server, op: Op): { server: Server; answer: Answer } {
    if (op.verb === 'list') return { server, answer: { items: server.records } }
    const name = op.slot.slice('AuditRecord/'.length)
    const standing = server.records.find(
      number => this.#pool.get<AuditRecord>(number)?.metadata.name === name,
    )
    if (op.verb === 'find') return { server, answer: { object: standing ?? 0 } }
    if (op.verb === 'get') return { server, answer: standing ? { object: standing } : NOT_FOUND }
    if (op.verb !== 'create') throw new Error('nobody changes a record')
    if (standing) return { server, answer: ALREADY_EXISTS }
    const record = this.#pool.put(op.body)
    return { server: { ...server, records: [...server.records, record] }, answer: { object: record } }
  }
}

const NOT_FOUND: Answer = { code: 404, reason: 'NotFound' }
const CONFLICT: Answer = { code: 409, reason: 'Conflict' }
const ALREADY_EXISTS: Answer = { code: 409, reason: 'AlreadyExists' }
const FORBIDDEN: Answer = { code: 403, reason: 'Forbidden' }

export const isRequest = (object: KubeObject): object is ApprovalRequest => object.kind === 'ApprovalRequest'
export const isRun = (object: KubeObject): object is AgentRun => object.kind === 'AgentRun'

/** The tick from which on a request is over. */
export const deadline = ({ metadata, spec }: ApprovalRequest): number =>
  Math.round((Date.parse(metadata.creationTimestamp ?? '') + spec.timeoutSeconds * 1000 - START) / TICK)

/** The verdict that the decisions allow, by the letter of crds/admission/settlement.yaml. */
export const allows = (
  status: ApprovalRequestStatus,
  required: number,
): 'Approved' | 'Rejected' | undefined => {
  if (status.decisions.some(({ verdict }) => verdict === 'Reject')) return 'Rejected'
  const by = new Set(status.decisions.filter(({ verdict }) => verdict === 'Approve').map(one => one.reviewer))
  return by.size >= required ? 'Approved' : undefined
}

/** Whether crds/admission/{decisions,settlement}.yaml refuse the operator's write. */
const refused = (before: ApprovalRequest, after: ApprovalRequest, clock: number): boolean => {
  const { phase } = after.status
  if (before.status.phase !== 'Pending' && phase !== before.status.phase) return true
  if (JSON.stringify(before.status.decisions) !== JSON.stringify(after.status.decisions)) return true
  const verdict = allows(after.status, after.spec.requiredApprovals)
  if (phase === 'Approved' || phase === 'Rejected') return verdict !== phase
  if (phase === 'Expired') return clock < deadline(after) || verdict !== undefined
  return false
}
