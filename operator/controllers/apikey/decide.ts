import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS, KEY_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'

/** A key that expired is kept this long, to be seen in lists: a week, in milliseconds. */
export const KEEP_EXPIRED_MS = 604_800_000

/** Longest wait between two looks at a key, in milliseconds. */
const LOOK_MS = 3_600_000

/**
 * What becomes of an API key. Each state follows from what is stored, so that an operator that starts anew goes on.
 *
 * ```
 *   created ──(KeyCreated recorded)──▶ kept ──(revoked by somebody, no longer a member, long expired)──▶ Delete
 *                                                                                                          │
 *                                  gone ◀──(finalizer taken out)── Release ◀──(KeyRevoked recorded)── deleted
 * ```
 */
export type KeyPlan =
  /** It works, or is only expired: look again at that time at the latest. */
  | { readonly plan: 'Keep'; readonly untilMs: number }
  /** It has to go. `doubtful`: because of what the project says, which the caller asks the API server for once more. */
  | { readonly plan: 'Delete'; readonly why: string; readonly doubtful: boolean }
  /** It is deleted: record why, then let it go. */
  | { readonly plan: 'Release'; readonly why: string }

/** Decides about one key at `now` (milliseconds). `project`: that of the namespace that the key is for. Pure. */
export const decideKey = (key: APIKey, project: Project | undefined, now: number): KeyPlan => {
  const { metadata } = key
  const lost = membershipLost(key, project)
  const removeAt = removalTime(key)
  if (metadata.deletionTimestamp) {
    if (!metadata.finalizers?.includes(KEY_FINALIZER)) return { plan: 'Keep', untilMs: now + LOOK_MS }
    return { plan: 'Release', why: whyDeleted(key, lost, removeAt <= now) }
  }
  // The gateway says who revokes, then deletes: what it could not end any more is ended here.
  const revokedBy = metadata.annotations?.[ANNOTATIONS.revokedBy]
  if (revokedBy !== undefined) return { plan: 'Delete', why: 'revoked', doubtful: false }
  if (lost !== undefined) return { plan: 'Delete', why: lost, doubtful: true }
  if (removeAt <= now) return { plan: 'Delete', why: expired(key), doubtful: false }
  return { plan: 'Keep', untilMs: Math.min(removeAt, now + LOOK_MS) }
}

/** Why a key no longer works by its project; undefined where it does. */
export const membershipLost = (key: APIKey, project: Project | undefined): string | undefined => {
  const { user, project: namespace } = key.spec
  if (!project) return `the project ${namespace} is gone`
  if (project.spec.members.some(member => member.user === user)) return undefined
  return `${user} is no longer named as a user in spec.members of the project`
}

const whyDeleted = (key: APIKey, lost: string | undefined, old: boolean): string => {
  if (key.metadata.annotations?.[ANNOTATIONS.revokedBy] !== undefined) return 'revoked'
  if (lost !== undefined) return lost
  if (old) return expired(key)
  return key.metadata.ownerReferences?.length
    ? 'the key that it was made with is gone'
    : 'deleted without a word of who did it'
}

const expired = (key: APIKey): string => `expired at ${key.spec.expiresAt}`

/** Milliseconds since the epoch; never for a key that does not expire. */
const removalTime = (key: APIKey): number =>
  key.spec.expiresAt === undefined
    ? Number.POSITIVE_INFINITY
    : Date.parse(key.spec.expiresAt) + KEEP_EXPIRED_MS
