import type {
  ApprovalRequest,
  NotificationEntry,
  NotificationEvent,
} from '../../crds/v1alpha1/approvalrequest.ts'
import type { ProjectSpec } from '../../crds/v1alpha1/project.ts'
import { expiresAt, requestedAt } from '../controllers/approvalrequest/settlement.ts'
import {
  type Entries,
  entryOf,
  givenUp,
  isOver,
  NO_ADDRESS,
  type Result,
  SETTLED_FIRST,
  withResults,
} from './entries.ts'
import { type Asking, asked, informed, type Recipient } from './recipients.ts'

/*
 * What is told of a request, and when. Each row is told once to each of whom it concerns.
 *
 *   Requested ──remindAfterSeconds──▶ Reminded          (whoever was told and has not decided)
 *      │  ╲──escalateAfterSeconds──▶ Escalated          (escalateTo)
 *      ▼
 *   Decided | Expired | Cancelled                       (webhooks that heard of it; the starter by mail)
 */

/** Something that is to be sent now. */
export type Due = {
  readonly event: NotificationEvent
} & Exclude<Recipient, { readonly channel: 'InApp' } | { readonly to: undefined }>

export interface Plan {
  /** The entries as they should stand, whatever becomes of `due`. The same list where nothing is to be written. */
  readonly entries: Entries
  readonly due: readonly Due[]
  /** When to look again, in milliseconds since the epoch; undefined: when something changes. */
  readonly nextAt: number | undefined
}

/** Milliseconds after the end of a request in which it is still told how it ended. */
export const END_IS_NEWS_MS = 3_600_000

/**
 * What is to be told of a request now, by the settings of its project as they are now: who is added while a request
 * waits hears of it. Level-based: what `entries` (the stored ones with newer results put in) says was sent is not due.
 *
 * @param project undefined: the namespace has none, so that there is nobody to tell
 */
export function planOf(
  request: ApprovalRequest,
  project: ProjectSpec | undefined,
  entries: Entries,
  now: number,
): Plan {
  return request.status.phase === 'Pending'
    ? pending(request, project, entries, now)
    : ended(request, project, entries, now)
}

function pending(
  request: ApprovalRequest,
  project: ProjectSpec | undefined,
  before: Entries,
  now: number,
): Plan {
  // About to expire: nothing is asked any more, and how it ended is told when it is written.
  if (now >= expiresAt(request)) return { entries: before, due: [], nextAt: undefined }
  const { remindAfterSeconds, escalateAfterSeconds } = request.spec
  const remindAt = after(request, remindAfterSeconds)
  const escalateAt = after(request, escalateAfterSeconds)
  const step = planned(before, now)
  const tell = (event: Asking, whom: (one: Recipient) => boolean = () => true) => {
    if (project) step.tell(event, asked(request, project, event).filter(whom))
  }
  if (now < expiresAt(request)) {
    tell('Requested')
    // Whom nothing has reached yet is not reminded of it: the request itself is what reaches them.
    if (remindAt !== undefined && now >= remindAt)
      tell('Reminded', one => wasToldBefore(before, one, remindAt))
    if (escalateAt !== undefined && now >= escalateAt) tell('Escalated')
  }
  const entries = givenUp(step.entries(), entry =>
    step.isDue(entry) ? undefined : 'it is not for them any more',
  )
  const times = [remindAt, escalateAt].filter(time => time !== undefined && time > now) as number[]
  return { entries, due: step.due, nextAt: times.length === 0 ? undefined : Math.min(...times) }
}

function ended(
  request: ApprovalRequest,
  project: ProjectSpec | undefined,
  before: Entries,
  now: number,
): Plan {
  const step = planned(before, now)
  const event = endOf(request)
  const over = Date.parse(request.status.decidedAt ?? '') + END_IS_NEWS_MS
  if (project && event && now < over) {
    const nothing = before.length === 0
    step.tell(
      event,
      informed(request, project, event, (channel, target) =>
        nothing ? true : before.some(entry => entry.channel === channel && entry.target === target),
      ),
    )
  }
  const entries = givenUp(step.entries(), entry => {
    if (step.isDue(entry)) return undefined
    return entry.event === event ? 'it was too long ago' : SETTLED_FIRST
  })
  return { entries, due: step.due, nextAt: step.due.length === 0 ? undefined : over }
}

const endOf = ({ status }: ApprovalRequest): 'Decided' | 'Expired' | 'Cancelled' | undefined => {
  switch (status.phase) {
    case 'Approved':
    case 'Rejected':
      return 'Decided'
    case 'Expired':
    case 'Cancelled':
      return status.phase
    case 'Pending':
      return undefined
  }
}

/** Whether an event is how a request ended. */
export const isEnd = (event: NotificationEvent): boolean => ENDS.has(event)

const ENDS: ReadonlySet<NotificationEvent> = new Set(['Decided', 'Expired', 'Cancelled'])

/** Gathers what is due, and the entries of what needs no sending. */
function planned(before: Entries, now: number) {
  const at = new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const results: Result[] = []
  const due: Due[] = []
  return {
    due,
    entries: (): Entries => withResults(before, results),
    isDue: (entry: NotificationEntry): boolean =>
      due.some(
        one =>
          one.event === (entry.event ?? 'Requested') &&
          one.channel === entry.channel &&
          one.target === entry.target,
      ),
    tell: (event: NotificationEvent, recipients: readonly Recipient[]): void => {
      for (const one of recipients) {
        const told = { event, channel: one.channel, target: one.target }
        const stored = entryOf(before, told)
        if (isOver(stored)) continue
        if (one.channel === 'InApp') {
          results.push({ ...told, outcome: { state: 'Sent' }, attempts: 1, at })
        } else if (one.channel === 'Email' && one.to === undefined) {
          results.push({
            ...told,
            outcome: { state: 'Failed', error: NO_ADDRESS },
            attempts: 0,
            at: undefined,
          })
        } else {
          due.push({ ...one, event })
          if (!stored) results.push({ ...told, outcome: { state: 'Planned' }, attempts: 0, at: undefined })
        }
      }
    },
  }
}

/** Whether somebody was sent the request itself, before a time in milliseconds. */
const wasToldBefore = (entries: Entries, { channel, target }: Recipient, time: number): boolean => {
  const entry = entryOf(entries, { event: 'Requested', channel, target })
  return entry?.state === 'Sent' && Date.parse(entry.at ?? '') <= time
}

const after = (request: ApprovalRequest, seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : requestedAt(request) + seconds * 1000
