import type { AuditAction, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import type { JsonValue } from '../../../crds/v1alpha1/common.ts'
import type { Meta } from '../../../crds/v1alpha1/meta.ts'
import { keyOf } from '../../../kube/keys.ts'
import { keysOf } from '../../audit/chain.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { diffOf } from './diff.ts'

/** A kind whose changes are recorded, and under which actions. */
export interface Changed {
  readonly kind: 'Agent' | 'Project'
  readonly created: AuditAction
  readonly changed: AuditAction
  readonly deleted: AuditAction
}

export const AGENT_CHANGES: Changed = {
  kind: 'Agent',
  created: 'AgentCreated',
  changed: 'AgentChanged',
  deleted: 'AgentDeleted',
}
export const PROJECT_CHANGES: Changed = {
  kind: 'Project',
  created: 'ConfigChanged',
  changed: 'ConfigChanged',
  deleted: 'ConfigChanged',
}

/** An object as it is now. */
export interface Current {
  readonly metadata: Meta
  readonly spec: object
}

/** An object as it was when it was last recorded. */
export interface Seen {
  readonly name: string
  /** Undefined where only the records tell of it, which name no UIDs. */
  readonly uid: string | undefined
  readonly generation: number
  /** Undefined: not known, as another process recorded it. */
  readonly spec: object | undefined
  /** Names the incarnation where there is no UID: the seq of its last entry. */
  readonly seq?: number
}

const DELETED = 'deleted'
const NOT_RUNNING = 'not known: changed while the operator did not run, or as it began to'

/**
 * The entries that must be in the chain for an object as it is now (undefined: gone) and as it was last recorded
 * (undefined: never). Pure. Each entry has a key, so that to ask again after a crash records nothing twice.
 */
export const changesOf = (
  kind: Changed,
  before: Seen | undefined,
  now: Current | undefined,
  sameObject: boolean,
): NewEntry[] => {
  if (!now) return before ? [deleted(kind, before)] : []
  if (!before) return [created(kind, now)]
  if (!sameObject) return [deleted(kind, before), created(kind, now)]
  const generation = now.metadata.generation ?? 0
  if (generation <= before.generation) return []
  const diff =
    before.spec === undefined
      ? NOT_RUNNING
      : diffOf(before.spec as JsonValue, now.spec as JsonValue) || 'nothing that shows'
  return [
    entry(kind, kind.changed, [now.metadata.uid ?? '', generation], now.metadata.name, generation, diff),
  ]
}

const created = (kind: Changed, { metadata, spec }: Current): NewEntry => {
  const { uid = '', name, generation = 0 } = metadata
  return entry(kind, kind.created, [uid, 'created'], name, generation, diffOf(undefined, spec as JsonValue))
}

const deleted = (kind: Changed, { name, uid, seq, generation }: Seen): NewEntry =>
  entry(kind, kind.deleted, uid ? [uid, DELETED] : [name, seq ?? 0, DELETED], name, generation, DELETED)

/** Who did it is not known: the API server keeps that in its own audit log alone. */
const entry = (
  { kind }: Changed,
  action: AuditAction,
  identity: readonly (string | number)[],
  name: string,
  generation: number,
  diff: string,
): NewEntry => ({
  key: auditKey(action, ...identity),
  entry: {
    action,
    ...(kind === 'Agent' ? { agent: name, agentGeneration: generation } : {}),
    object: { kind, name, generation, diff },
  },
})

/** Whether the creation of this very object is among recorded keys. */
export const isRecorded = (kind: Changed, now: Current, keys: ReadonlySet<string>): boolean =>
  keys.has(auditKey(kind.created, now.metadata.uid ?? '', 'created'))

/** What records tell of objects of a kind: those that were there at the end, by key. */
export const historyOf = (kind: Changed, records: readonly AuditRecord[]) => {
  const keys = new Set<string>()
  const seen = new Map<string, Seen>()
  const sorted = records.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  for (const { metadata, spec } of sorted) {
    for (const key of keysOf(metadata.annotations)) keys.add(key)
    for (const { seq, object } of spec.entries) {
      if (object?.kind !== kind.kind) continue
      const key = keyOf({ namespace: metadata.namespace ?? '', name: object.name })
      if (object.diff === DELETED) seen.delete(key)
      else
        seen.set(key, {
          name: object.name,
          uid: undefined,
          generation: object.generation ?? 0,
          spec: undefined,
          seq,
        })
    }
  }
  return { keys, seen }
}
