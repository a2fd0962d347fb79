import type { Approval, ApprovalDetail } from '../../api/types.ts'

export type Entry = ApprovalDetail['notifications'][number]
type Channel = Entry['channel']

/** Who was told of a request, as far as one should know of it at a glance. */
export interface Told {
  /** Fine: everybody. Waiting: messages are under way, or the operator has not said. Wrong: somebody was not told. */
  readonly level: 'Fine' | 'Waiting' | 'Wrong'
  /** In one line, without a full stop. */
  readonly words: string
  /** Whom a message that asks for a decision has not reached, and why. */
  readonly missed: readonly Entry[]
  /** All others, in the order in which they were told. */
  readonly others: readonly Entry[]
}

/** Something that is told again: it was (`past`), or will be. */
export interface Again {
  readonly event: 'Reminded' | 'Escalated'
  readonly past: boolean
  /** Milliseconds since the epoch; undefined: it is under way. */
  readonly at: number | undefined
}

export const ways: Readonly<Record<Channel, string>> = {
  Email: 'by e-mail',
  InApp: 'in the page',
  Webhook: 'by webhook',
}

const ends: readonly (Entry['event'] | undefined)[] = ['Decided', 'Expired', 'Cancelled']

/** Undefined where there is nothing to say: it is settled, and nobody wrote down who was told. */
export function toldOf({
  notifications,
  notified,
  phase,
}: Pick<ApprovalDetail, 'notifications' | 'notified' | 'phase'>): Told | undefined {
  const isMissed = ({ event, state, lastError }: Entry) =>
    !ends.includes(event) && state !== 'Sent' && lastError !== undefined
  const wrong = notified?.status === 'False'
  const missed = wrong ? notifications.filter(isMissed) : []
  const others = notifications
    .filter(entry => !missed.includes(entry))
    .sort((a, b) => (a.at ?? '9').localeCompare(b.at ?? '9'))
  const told = counts(notifications)
  if (wrong) {
    const nobody = told === ''
    return { level: 'Wrong', words: nobody ? 'Nobody was told' : 'Not everybody was told', missed, others }
  }
  if (notified?.status === 'True') {
    return { level: 'Fine', words: told === '' ? 'Nobody had to be told' : `Told: ${told}`, missed, others }
  }
  if (phase !== 'Pending' && notifications.length === 0) return undefined
  const words =
    notified === undefined && notifications.length === 0
      ? 'It is not known yet who was told'
      : `Messages are under way${told === '' ? '' : `. Told so far: ${told}`}`
  return { level: 'Waiting', words, missed, others }
}

/** `2 by e-mail, 3 in the page`: people and webhooks that were asked for a decision; who was asked twice counts once. */
function counts(notifications: readonly Entry[]): string {
  const sent = notifications.filter(({ event, state }) => state === 'Sent' && !ends.includes(event))
  return (Object.keys(ways) as Channel[])
    .map(channel => ({
      channel,
      count: new Set(sent.filter(entry => entry.channel === channel).map(({ target }) => target)).size,
    }))
    .filter(({ count }) => count > 0)
    .map(({ channel, count }) => `${count} ${ways[channel]}`)
    .join(', ')
}

/** When it was, or will be, told again, and to others. What comes after its end is left out. */
export function againOf(
  approval: Pick<
    Approval,
    'phase' | 'requestedAt' | 'expiresAt' | 'remindAfterSeconds' | 'escalateAfterSeconds'
  >,
  notifications: readonly Entry[],
): readonly Again[] {
  const { phase, requestedAt, expiresAt, remindAfterSeconds, escalateAfterSeconds } = approval
  const one = (event: Again['event'], seconds: number | undefined): readonly Again[] => {
    const entries = notifications.filter(entry => entry.event === event)
    if (entries.length > 0) {
      const times = entries.flatMap(({ at, state }) =>
        at === undefined || state !== 'Sent' ? [] : [Date.parse(at)],
      )
      return [{ event, past: true, at: times.length === 0 ? undefined : Math.min(...times) }]
    }
    const at = Date.parse(requestedAt) + (seconds ?? Number.POSITIVE_INFINITY) * 1000
    return phase === 'Pending' && at < Date.parse(expiresAt) ? [{ event, past: false, at }] : []
  }
  return [...one('Reminded', remindAfterSeconds), ...one('Escalated', escalateAfterSeconds)]
}

/** What became of one message, after whom it was for: `by e-mail`, `reminded by webhook`. */
export function howOf({ event = 'Requested', channel }: Entry): string {
  switch (event) {
    case 'Requested':
      return ways[channel]
    case 'Reminded':
      return `reminded ${ways[channel]}`
    case 'Escalated':
      return `told of the escalation ${ways[channel]}`
    default:
      return `told of the end ${ways[channel]}`
  }
}
