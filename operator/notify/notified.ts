import type { ApprovalRequest, NotificationChannel } from '../../crds/v1alpha1/approvalrequest.ts'
import { type ConditionInput, setConditions } from '../controllers/conditions.ts'
import { type Entries, SETTLED_FIRST } from './entries.ts'
import { isEnd } from './plan.ts'

/** Reasons of the condition `Notified`. */
export const NOTIFIED_REASONS = {
  /** True: everybody whom it concerns was told. */
  told: 'Told',
  /** True: it was settled before anybody could be told. */
  settledFirst: 'SettledFirst',
  /** Unknown: messages are under way for the first time. */
  telling: 'Telling',
  /** False: somebody could not be told (yet). */
  some: 'SomeNotTold',
  /** False: nobody could be told (yet). */
  nobody: 'NobodyTold',
  /** False: no channel is on for this agent. */
  nobodyToTell: 'NobodyToTell',
} as const

const WAYS = {
  Email: 'by e-mail',
  InApp: 'in the page',
  Webhook: 'by webhook',
} as const satisfies Record<NotificationChannel, string>

/** How those concerned were told that a decision is wanted. How they heard of the end is not part of it. */
export function notified(entries: Entries): ConditionInput {
  const asking = entries.filter(({ event = 'Requested' }) => !isEnd(event))
  const sent = asking.filter(({ state }) => state === 'Sent')
  // A member without an address who is told in the page is no failure: a group often has none.
  const page = sent.some(({ channel }) => channel === 'InApp')
  const unreachable = asking.filter(
    one => one.state === 'Failed' && one.attempts === 0 && one.at === undefined,
  )
  const quiet = page ? unreachable.filter(({ channel }) => channel === 'Email') : []
  const failed = asking.filter(
    one =>
      one.state !== 'Sent' &&
      one.lastError !== undefined &&
      one.lastError !== SETTLED_FIRST &&
      !quiet.includes(one),
  )
  const condition = { type: 'Notified' } as const
  const told = countsOf(sent)
  const without = quiet.length === 0 ? '' : `; without an address: ${list(quiet.map(one => one.target))}`
  if (asking.length === 0) {
    return {
      ...condition,
      status: 'False',
      reason: NOTIFIED_REASONS.nobodyToTell,
      message:
        'Nobody is told of this request: e-mail and the page are off for this project, or it has no members, and no webhook is for this agent. See spec.notifications of the Project.',
    }
  }
  if (failed.length > 0) {
    const not = list(failed.map(one => `${one.target} (${WAYS[one.channel]}): ${one.lastError}`))
    return {
      ...condition,
      status: 'False',
      reason: sent.length === 0 ? NOTIFIED_REASONS.nobody : NOTIFIED_REASONS.some,
      message: `Not told: ${not}. ${told === '' ? 'Nobody was told' : `Told: ${told}`}${without}.`,
    }
  }
  if (asking.some(({ state }) => state === 'Retrying')) {
    return {
      ...condition,
      status: 'Unknown',
      reason: NOTIFIED_REASONS.telling,
      message: `Messages are under way${told === '' ? '' : `. Told so far: ${told}`}${without}.`,
    }
  }
  if (told === '') {
    return {
      ...condition,
      status: 'True',
      reason: NOTIFIED_REASONS.settledFirst,
      message: 'The request was settled before anybody was told.',
    }
  }
  return {
    ...condition,
    status: 'True',
    reason: NOTIFIED_REASONS.told,
    message: `Told: ${told}${without}.`,
  }
}

/** The conditions of a request with `Notified` by these entries. */
export const withNotified = (
  request: ApprovalRequest,
  entries: Entries,
  now: string,
): NonNullable<ApprovalRequest['status']['conditions']> =>
  setConditions(request.status.conditions, [notified(entries)], request.metadata.generation ?? 1, now)

/** `3 by e-mail, 3 in the page, 1 by webhook`. Who is told twice (reminded) is counted once. */
function countsOf(sent: Entries): string {
  return (Object.keys(WAYS) as NotificationChannel[])
    .flatMap(channel => {
      const whom = new Set(sent.filter(one => one.channel === channel).map(({ target }) => target))
      return whom.size === 0 ? [] : [`${whom.size} ${WAYS[channel]}`]
    })
    .join(', ')
}

const list = (texts: readonly string[]): string =>
  texts.length > 5 ? `${texts.slice(0, 5).join('; ')}; and ${texts.length - 5} more` : texts.join('; ')
