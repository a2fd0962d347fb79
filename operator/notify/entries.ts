import type {
  NotificationChannel,
  NotificationEntry,
  NotificationEvent,
} from '../../crds/v1alpha1/approvalrequest.ts'
import { cutText } from '../policy/json.ts'
import type { Outcome } from './types.ts'

/** Which of a request's notifications: what was told, how, to whom. */
export interface Told {
  readonly event: NotificationEvent
  readonly channel: NotificationChannel
  readonly target: string
}

/** What is known of one notification beyond what is stored. */
export interface Result extends Told {
  readonly outcome: Outcome | { readonly state: 'Planned' }
  readonly attempts: number
  /** RFC 3339, of the last try; undefined: none yet. */
  readonly at: string | undefined
}

export type Entries = readonly NotificationEntry[]

/** Characters of an error that are kept: a request whose status grew beyond what is stored could not be decided. */
const ERROR_LENGTH = 300

/** As many as the schema takes. A list that is full takes no new ones; what it holds stays true. */
const MOST = 1000

export const NO_ADDRESS = 'has no address: set the email of this member in the Project'

/** Why a message was not sent that nobody needed any more. */
export const SETTLED_FIRST = 'the request was settled before it was sent'

export const isAbout = (entry: NotificationEntry, { event, channel, target }: Told): boolean =>
  (entry.event ?? 'Requested') === event && entry.channel === channel && entry.target === target

export const entryOf = (entries: Entries, told: Told): NotificationEntry | undefined =>
  entries.find(entry => isAbout(entry, told))

/** Whether there is nothing left to do: it was sent, or given up. */
export const isOver = (entry: NotificationEntry | undefined): boolean =>
  entry !== undefined && entry.state !== 'Retrying'

/** The entries with results put in. What is Sent stays so, whatever a late result says. */
export function withResults(entries: Entries, results: readonly Result[]): Entries {
  if (results.length === 0) return entries
  const all = [...entries]
  for (const result of results) {
    const index = all.findIndex(entry => isAbout(entry, result))
    if (index === -1) {
      if (all.length < MOST) all.push(entryFrom(result))
    } else if (all[index]?.state !== 'Sent') all[index] = entryFrom(result)
  }
  return all
}

function entryFrom({ event, channel, target, outcome, attempts, at }: Result): NotificationEntry {
  return {
    event,
    channel,
    target: cutText(target, 320),
    state: outcome.state === 'Planned' ? 'Retrying' : outcome.state,
    attempts,
    ...('error' in outcome ? { lastError: cutText(outcome.error, ERROR_LENGTH) } : {}),
    ...(at === undefined ? {} : { at }),
  }
}

/** The entries with what is not to be tried any more given up. */
export function givenUp(entries: Entries, which: (entry: NotificationEntry) => string | undefined): Entries {
  let changed = false
  const all = entries.map(entry => {
    const why = entry.state === 'Retrying' ? which(entry) : undefined
    if (why === undefined) return entry
    changed = true
    const before = entry.lastError === undefined ? '' : ` (last error: ${entry.lastError})`
    return { ...entry, state: 'Failed' as const, lastError: cutText(`${why}${before}`, ERROR_LENGTH) }
  })
  return changed ? all : entries
}
