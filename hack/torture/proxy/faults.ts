import { pick } from './random.ts'

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

/** Decides what goes wrong; undefined: nothing. */
export interface Faults {
  request(asked: { readonly method: string; readonly isList: boolean }): RequestFault | undefined
  watch(): WatchFault | undefined
}

export const NO_FAULTS: Faults = { request: () => undefined, watch: () => undefined }

/** Faults by chance, the same for the same numbers. @param share of requests that fare badly; of events a third of it */
export const randomFaults = (random: () => number, share: number): Faults => ({
  request: ({ method, isList }) => {
    if (random() >= share) return undefined
    const kind = pick<RequestFault['kind']>(random, [
      'Refused',
      'Refused',
      'NeverSent',
      'CutAnswer',
      'LostAnswer',
      'SlowHeaders',
    ])
    if (kind === 'SlowHeaders') return { kind, ms: Math.round(200 + random() * 2000) }
    if (kind !== 'Refused') return { kind }
    if (method === 'GET')
      return { kind, status: isList ? pick(random, [410, 429, 500, 503]) : pick(random, [429, 500, 503]) }
    return { kind, status: pick(random, [409, 429, 500, 503]) }
  },
  watch: () => {
    if (random() >= share / 3) return undefined
    const kinds = ['CutLine', 'Expired', 'Duplicate', 'Stale', 'Silent'] as const
    return { kind: pick<WatchFault['kind']>(random, [...kinds]) }
  },
})
