import type { AuditAction } from '../../../crds/v1alpha1/audit-actions.ts'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import type { JsonValue } from '../../../crds/v1alpha1/common.ts'
import { ANNOTATIONS, type Meta } from '../../../crds/v1alpha1/meta.ts'
import { keyOf } from '../../../kube/keys.ts'
import { keysOf } from '../../audit/chain.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { cutText } from '../../policy/json.ts'
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
  /** What of its changed tools was accepted (`status.toolsHash` then); absent: nothing, or not known. */
  readonly accepted?: string | undefined
  /** Names the incarnation where there is no UID: the seq of its last entry. */
  readonly seq?: number
}

const DELETED = 'deleted'
const ACCEPTED = 'changed tools accepted: '
const MAX_ACCEPTED = 1000
const MAX_ACTOR = 4096
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
  if (!before) return [created(kind, now), ...toolsAccepted(kind, undefined, now)]
  if (!sameObject) return [deleted(kind, before), created(kind, now), ...toolsAccepted(kind, undefined, now)]
  return [...specChanged(kind, before, now), ...toolsAccepted(kind, before, now)]
}

const specChanged = (kind: Changed, before: Seen, { metadata, spec }: Current): NewEntry[] => {
  const { uid = '', name, generation = 0 } = metadata
  if (generation <= before.generation) return []
  const diff =
    before.spec === undefined
      ? NOT_RUNNING
      : diffOf(before.spec as JsonValue, spec as JsonValue) || 'nothing that shows'
  const edits = generation - before.generation
  return [
    entry(kind, kind.changed, [uid, generation], name, generation, diff, {
      ...actorOf(metadata, ANNOTATIONS.changedBy),
      ...(edits > 1 ? { reason: `${edits} edits: who is named here made the last of them` } : {}),
    }),
  ]
}

/** It changes no spec, so that it is told of by what was accepted. */
const toolsAccepted = (kind: Changed, before: Seen | undefined, { metadata }: Current): NewEntry[] => {
  const { uid = '', name, generation = 0 } = metadata
  const accepted = acceptedIn(metadata)
  if (kind.kind !== 'Agent' || !accepted || accepted === before?.accepted) return []
  return [
    entry(
      kind,
      kind.changed,
      [uid, 'accepted', accepted],
      name,
      generation,
      `${ACCEPTED}${cutText(accepted, MAX_ACCEPTED)}`,
      actorOf(metadata, ANNOTATIONS.acceptedBy),
    ),
  ]
}

/** The value of the annotation by which changed tools are accepted. */
export const acceptedIn = ({ annotations }: Meta): string | undefined =>
  annotations?.[ANNOTATIONS.acceptTools]

const created = (kind: Changed, { metadata, spec }: Current): NewEntry => {
  const { uid = '', name, generation = 0 } = metadata
  return entry(
    kind,
    kind.created,
    [uid, 'created'],
    name,
    generation,
    diffOf(undefined, spec as JsonValue),
    // Where it was edited before anybody looked, the annotation names the editor, not who made it.
    generation > 1
      ? { reason: `edited ${generation - 1} times before it was seen: who made it is not known` }
      : actorOf(metadata, ANNOTATIONS.changedBy),
  )
}

/** Who deleted it is not known: no annotation can tell, the API server keeps that in its own audit log alone. */
const deleted = (kind: Changed, { name, uid, seq, generation }: Seen): NewEntry =>
  entry(kind, kind.deleted, uid ? [uid, DELETED] : [name, seq ?? 0, DELETED], name, generation, DELETED)

/** Whom an annotation names, which policies keep true; nobody where it is absent or no name of a person. */
const actorOf = ({ annotations }: Meta, annotation: string): { readonly actor?: string } => {
  const actor = annotations?.[annotation]
  return actor && actor.length <= MAX_ACTOR ? { actor } : {}
}

const entry = (
  { kind }: Changed,
  action: AuditAction,
  identity: readonly (string | number)[],
  name: string,
  generation: number,
  diff: string,
  more: { readonly actor?: string; readonly reason?: string } = {},
): NewEntry => ({
  key: auditKey(action, ...identity),
  entry: {
    action,
    ...more,
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
      else {
        const accepted = object.diff?.startsWith(ACCEPTED)
          ? object.diff.slice(ACCEPTED.length)
          : seen.get(key)?.accepted
        seen.set(key, {
          name: object.name,
          uid: undefined,
          generation: object.generation ?? 0,
          spec: undefined,
          seq,
          ...(accepted === undefined ? {} : { accepted }),
        })
      }
    }
  }
  return { keys, seen }
}
