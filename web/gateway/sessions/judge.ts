import { wholeScope } from '../access/scope.ts'
import type { Scope } from '../credentials.ts'
import type { KeyCache } from '../keys/credentials.ts'
import type { FreshKeys } from '../keys/fresh.ts'
import { keyNamespace } from '../keys/keeping.ts'
import type { LastUsed } from '../keys/last-used.ts'
import { isNamedIn, isSystemName, standingOf } from '../keys/standing.ts'
import { isOver, type Session } from './session.ts'

/** What sessions are judged by. */
export interface Evidence {
  readonly cache: KeyCache
  readonly fresh: FreshKeys
  readonly lastUsed: LastUsed
  /** Ms since the epoch. */
  readonly now: () => number
}

/**
 * What a session reaches, or undefined where it is good for nothing any more: its time is over, no project names its
 * user, or the API key that it was made with has ended. Throws the problems `Behind` and `Unavailable` where that is not
 * known. `ageMs`: how old the API server's word about the key may be.
 */
export async function scopeOf(
  session: Session,
  evidence: Evidence,
  ageMs?: number,
): Promise<Scope | undefined> {
  const { cache, now } = evidence
  if (isOver(session, now())) return undefined
  if (session.key === undefined) return isNamedAnywhere(session.user, cache) ? wholeScope : undefined
  return await scopeOfKey(session, session.key, evidence, ageMs)
}

/** Whether some project names this user as a member. Throws the problem `Behind`. */
export function isNamedAnywhere(user: string, { projects }: KeyCache): boolean {
  projects.checkLive()
  if (isSystemName(user)) return false
  for (const project of projects.store.values()) {
    if (project.metadata.deletionTimestamp === undefined && isNamedIn(project, user)) return true
  }
  return false
}

/** Whether this project names this user as a member. Throws the problem `Behind`. */
export function isNamedBy(namespace: string, user: string, { projects }: KeyCache): boolean {
  projects.checkLive()
  const project = projects.store.find({ namespace, name: 'project' })
  return project !== undefined && project.metadata.deletionTimestamp === undefined && isNamedIn(project, user)
}

/** As for a request that comes with the key itself, but for its secret: that was asked for at the sign-in. */
async function scopeOfKey(
  { user }: Session,
  { id, uid }: { readonly id: string; readonly uid: string },
  { cache, fresh, lastUsed, now }: Evidence,
  ageMs: number | undefined,
): Promise<Scope | undefined> {
  cache.apikeys.checkLive()
  cache.projects.checkLive()
  const standing = standingOf(id, {
    now: now(),
    secretMatches: true,
    key: name => cache.apikeys.store.find({ namespace: keyNamespace, name }),
    project: namespace => cache.projects.store.find({ namespace, name: 'project' }),
  })
  if (!standing.works) return undefined
  const { metadata, spec } = standing.key
  if (metadata.uid !== uid || spec.user !== user) return undefined
  if (!(await fresh.stand(standing.chain, ageMs))) return undefined
  lastUsed.touch(standing.key)
  const { project, readOnly, agents } = spec
  return { project, readOnly, ...(agents === undefined ? {} : { agents }) }
}
