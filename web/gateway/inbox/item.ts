import { z } from 'zod'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { time } from '../../../crds/v1alpha1/common.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { hears, isMember, type Listener } from '../../../operator/policy/routes.ts'
import { approvalItem, itemOf } from '../approvals/item.ts'
import { Newest } from '../lists/newest.ts'
import type { Position } from '../lists/position.ts'

/** One thing that a person's bell tells them. */
export const inboxItem = z.object({
  id: z
    .string()
    .describe(
      'Tells this item from all others, of all projects. A request that you are told of again has another.',
    ),
  type: z
    .enum(['ApprovalRequested', 'RunVerdict'])
    .describe(
      'ApprovalRequested: a request that you are to hear of. RunVerdict: how a request of a run that you started was settled.',
    ),
  approval: approvalItem
    .pick({ name: true, agent: true, tool: true, run: true, phase: true, requestedAt: true, expiresAt: true })
    .describe('The request, as it stands now.'),
  event: z
    .enum(['Requested', 'Reminded', 'Escalated'])
    .optional()
    .describe(
      'What you were told last of a request: that it waits, that it still does, or that it was escalated to you. Absent for a RunVerdict.',
    ),
  at: time.describe('When it was requested, when you were told of it again, or when it was settled.'),
  unread: z
    .boolean()
    .describe('Whether it is newer than what you have seen. What you decided yourself is never unread.'),
})
export type InboxItem = z.infer<typeof inboxItem>

/** What a bell shows, newest first, and what of it is new. */
export interface Inbox {
  readonly items: InboxItem[]
  /** How many are unread, those beyond `items` too. */
  readonly unread: number
  /** How many of the unread are requests that still wait. */
  readonly waiting: number
}

/** Whose bell it is, in which project. */
export interface Owner {
  readonly person: Listener
  readonly project: Pick<Project['spec'], 'members' | 'notifications'>
  /** Up to when they have seen everything, in milliseconds since the epoch; undefined: nothing yet. */
  readonly seen: number | undefined
}

type Asking = NonNullable<InboxItem['event']>
type News =
  | { readonly type: 'ApprovalRequested'; readonly event: Asking; readonly at: string }
  | { readonly type: 'RunVerdict'; readonly at: string }

/** The bell of one person: of these requests those that they are to hear of, and the verdicts of their own runs. */
export function inboxOf(
  requests: Iterable<ApprovalRequest>,
  { person, project, seen = Number.NEGATIVE_INFINITY }: Owner,
  limit: number,
): Inbox {
  const { members, notifications } = project
  const off = notifications?.inApp?.enabled === false || !isMember(person, members)
  const heard = new Map<string, boolean>()
  const hearsOf = (agent: string): boolean => {
    const known = heard.get(agent) ?? hears(person, members, notifications, agent, 'inApp')
    heard.set(agent, known)
    return known
  }
  const newest = new Newest<InboxItem>(limit)
  const counts = { unread: 0, waiting: 0 }
  const add = (news: News, request: ApprovalRequest): void => {
    const unread = Date.parse(news.at) > seen && !decidedBy(person.username, request)
    if (unread) counts.unread++
    if (unread && news.type === 'ApprovalRequested' && isPending(request)) counts.waiting++
    newest.offer(placeOf(news, request), () => shown(news, request, unread))
  }
  for (const request of off ? [] : requests) {
    const { spec, status } = request
    const asking = lastAsked(request, person, hearsOf(spec.agentRef.name))
    if (asking !== undefined) add(asking, request)
    if (!isPending(request) && spec.requestedBy === person.username && status.decidedAt !== undefined) {
      add({ type: 'RunVerdict', at: status.decidedAt }, request)
    }
  }
  return { items: newest.page().items, ...counts }
}

const isPending = ({ status }: ApprovalRequest): boolean => status.phase === 'Pending'

/** Whoever decided knows of the request, and of what became of it. */
const decidedBy = (username: string, { status }: ApprovalRequest): boolean =>
  status.decisions.some(({ reviewer }) => reviewer === username)

/**
 * What a person was told last of a request: that it is there, if they hear of its agent; that it still waits; that it was
 * escalated to them, whoever hears of its agent. The operator says whom it told in the page, and when.
 */
function lastAsked(
  request: ApprovalRequest,
  { username, groups }: Listener,
  hears: boolean,
): Extract<News, { event: Asking }> | undefined {
  const { metadata, spec, status } = request
  const type = 'ApprovalRequested'
  const first = hears
    ? ({ type, event: 'Requested', at: metadata.creationTimestamp ?? '' } as const)
    : undefined
  // Looked for only where there can be one: a bell looks at every request of its project.
  if (spec.remindAfterSeconds === undefined && spec.escalateAfterSeconds === undefined) return first
  return (status.notifications ?? [])
    .filter(({ channel, state }) => channel === 'InApp' && state === 'Sent')
    .filter(({ target }) => target === username || groups.includes(target))
    .reduce<Extract<News, { event: Asking }> | undefined>((last, { event, at }) => {
      const isAgain = event === 'Escalated' || (event === 'Reminded' && hears)
      if (!isAgain || at === undefined) return last
      return last === undefined || Date.parse(at) >= Date.parse(last.at) ? { type, event, at } : last
    }, first)
}

// A verdict may come in the second of its request.
const placeOf = ({ type, at }: News, { metadata }: ApprovalRequest): Position => [
  Date.parse(at),
  type === 'RunVerdict' ? 1 : 0,
  metadata.name,
]

const suffix = { Requested: 'request', Reminded: 'reminded', Escalated: 'escalated' } as const

function shown(news: News, request: ApprovalRequest, unread: boolean): InboxItem {
  const { uid, name, agent, tool, run, phase, requestedAt, expiresAt } = itemOf(request)
  const id = `${uid}-${news.type === 'RunVerdict' ? 'verdict' : suffix[news.event]}`
  return { id, ...news, approval: { name, agent, tool, run, phase, requestedAt, expiresAt }, unread }
}
