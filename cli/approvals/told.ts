import type { ApprovalRequest, NotificationEntry } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { expiresAt, requestedAt } from '../requests/time.ts'
import { duration, when } from '../text/duration.ts'

/** More lines tell nobody more: `-o json` of kubectl has them all. */
const MOST = 20

const WAYS: Readonly<Record<NotificationEntry['channel'], string>> = {
  Email: 'by e-mail',
  InApp: 'in the page',
  Webhook: 'by webhook',
}

const EVENTS: Readonly<Record<NonNullable<NotificationEntry['event']>, string>> = {
  Requested: '',
  Reminded: 'reminded ',
  Escalated: 'told of the escalation ',
  Decided: 'told of the end ',
  Expired: 'told of the end ',
  Cancelled: 'told of the end ',
}

/** Who was told of a request, how and when; first whom it did not reach. Empty where nothing is known of it. */
export function toldLines(request: ApprovalRequest, now: number): string[] {
  const { notifications = [], conditions = [] } = request.status
  const notified = conditions.find(({ type }) => type === 'Notified')
  const sorted = notifications.toSorted((a, b) => rank(a) - rank(b) || (a.at ?? '').localeCompare(b.at ?? ''))
  const coming = comingLine(request, now)
  return [
    ...(notified === undefined ? [] : [visible(notified.message)]),
    ...sorted.slice(0, MOST).map(entry => entryLine(entry, now)),
    ...(sorted.length > MOST ? [`and ${sorted.length - MOST} more`] : []),
    ...(coming === undefined ? [] : [coming]),
  ]
}

const rank = ({ state }: NotificationEntry): number => (state === 'Sent' ? 1 : 0)

function entryLine(entry: NotificationEntry, now: number): string {
  const { event = 'Requested', channel, target, state, attempts = 0, lastError, at } = entry
  const whom = `${visible(target)} ${EVENTS[event]}${WAYS[channel]}`
  if (state === 'Sent') return `${at === undefined ? 'told' : when(at, now)}  ${whom}`
  const why = lastError === undefined ? '' : `: ${visible(lastError)}`
  if (state === 'Failed') return `not told  ${whom}${why}`
  if (attempts === 0) return `on its way  ${whom}${why}`
  return `not yet  ${whom}${why} (tried ${attempts === 1 ? 'once' : `${attempts} times`}, and again)`
}

/** What is still to come of reminding and escalating; undefined where that is nothing. */
function comingLine(request: ApprovalRequest, now: number): string | undefined {
  const { spec, status } = request
  if (status.phase !== 'Pending') return undefined
  const has = (event: NotificationEntry['event']) =>
    (status.notifications ?? []).some(entry => entry.event === event)
  const one = (event: 'Reminded' | 'Escalated', does: string, seconds: number | undefined): string[] => {
    if (seconds === undefined || has(event)) return []
    const at = requestedAt(request) + seconds * 1000
    if (at >= expiresAt(request)) return []
    return [`${does} ${at <= now ? 'now' : `in ${duration(at - now)}`}`]
  }
  const to = (spec.escalateTo ?? []).map(visible).join(', ')
  const all = [
    ...one('Reminded', 'reminds', spec.remindAfterSeconds),
    ...one('Escalated', `escalates${to === '' ? '' : ` to ${to}`}`, spec.escalateAfterSeconds),
  ]
  return all.length === 0 ? undefined : `it ${all.join(', ')}`
}
