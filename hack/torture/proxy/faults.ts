import { pick, randomByName } from './random.ts'

/** What goes wrong with one request. */
export type RequestFault =
  /** Refused, with this HTTP status; it never reaches the API server. */
  | { readonly kind: 'Refused'; readonly status: 409 | 410 | 429 | 500 | 503 }
  /** The connection is cut before the request gets there. */
  | { readonly kind: 'NeverSent' }
  /** Carried out, and the answer is cut in the middle. */
  | { readonly kind: 'CutAnswer' }
  /** Carried out, and nothing of the answer comes. */
  | { readonly kind: 'LostAnswer' }
  /** Carried out, and the answer is late. */
  | { readonly kind: 'SlowHeaders'; readonly ms: number }

/** What goes wrong with one event of a watch. */
export type WatchFault =
  /** The connection is cut in the middle of its line. */
  | { readonly kind: 'CutLine' }
  /** Instead of it an ERROR event 410, and the end. */
  | { readonly kind: 'Expired' }
  /** It comes twice. */
  | { readonly kind: 'Duplicate' }
  /** After it an older state of the same object comes once more. */
  | { readonly kind: 'Stale' }
  /** From here on nothing comes, and the connection stays open. */
  | { readonly kind: 'Silent' }

/** A request as the proxy sees it. */
export interface Asked {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly kind: 'List' | 'Watch' | 'Other'
}

/** Decides what goes wrong; undefined: nothing. */
export interface Faults {
  request(asked: Asked): RequestFault | undefined
  /** @param event which one: its type and the name of its object */
  watch(event: string): WatchFault | undefined
}

export const NO_FAULTS: Faults = { request: () => undefined, watch: () => undefined }

/**
 * Faults by chance. What goes wrong with a request depends on the seed, on its method and path and on how often that was
 * asked for, so that it goes wrong again with the same seed where the same is asked for, in whatever order.
 *
 * @param share of requests that fare badly; of events a third of it
 */
export const randomFaults = (seed: number, share: number): Faults => {
  const byName = randomByName(seed)
  return {
    request: ({ method, path, kind }) => {
      const random = byName(`${method} ${path}`)
      if (random() >= share) return undefined
      return requestFault(random, method, kind)
    },
    watch: event => {
      const random = byName(event)
      if (random() >= share / 3) return undefined
      const kinds = ['CutLine', 'Expired', 'Duplicate', 'Stale', 'Silent'] as const
      return { kind: pick<WatchFault['kind']>(random, [...kinds]) }
    },
  }
}

const requestFault = (random: () => number, method: string, asked: Asked['kind']): RequestFault => {
  const kinds = ['Refused', 'Refused', 'NeverSent', 'CutAnswer', 'LostAnswer', 'SlowHeaders'] as const
  const kind = pick<RequestFault['kind']>(random, [...kinds])
  if (kind === 'SlowHeaders') return { kind, ms: Math.round(200 + random() * 2000) }
  if (kind !== 'Refused') return { kind }
  if (method !== 'GET') return { kind, status: pick(random, [409, 429, 500, 503]) }
  return asked === 'Other'
    ? { kind, status: pick(random, [429, 500, 503]) }
    : { kind, status: pick(random, [410, 429, 500, 503]) }
}
