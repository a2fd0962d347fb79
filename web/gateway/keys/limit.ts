import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import type { Clock } from '../../../kube/types.ts'
import { problem } from '../problems/problem.ts'
import { isExpired, isRevoked } from './standing.ts'

/** Keys that work, of one person in one project. */
export const maxWorking = 50
/** With those that have expired and were not revoked: nobody fills the cluster with keys of a minute. */
const maxKept = 200

/** A place for a key that is being made. */
export interface Place {
  /** It is made, or was not. */
  release(): void
}

export interface Allowance {
  /** Throws the problem `TooManyKeys` where the person has as many in this project as they may. */
  take(user: string, project: string): Place
}

/** Counts the keys of each person in each project, with those that are being made here at this moment. */
export function keyAllowance(keys: () => Iterable<APIKey>, clock: Clock): Allowance {
  const making = new Map<string, number>()
  return {
    take(user, project) {
      // A namespace holds no space.
      const place = `${project} ${user}`
      const others = making.get(place) ?? 0
      let kept = others
      let working = others
      for (const key of keys()) {
        if (key.spec.user !== user || key.spec.project !== project || isRevoked(key)) continue
        kept++
        if (!isExpired(key, clock.now())) working++
      }
      if (working >= maxWorking) throw problem('TooManyKeys', { user, project, count: `${working}` })
      if (kept >= maxKept) throw problem('TooManyKeys', { user, project, count: `${kept}` })
      making.set(place, others + 1)
      return {
        release() {
          const left = (making.get(place) ?? 1) - 1
          if (left === 0) making.delete(place)
          else making.set(place, left)
        },
      }
    },
  }
}
