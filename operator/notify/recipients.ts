import type {
  ApprovalRequest,
  NotificationChannel,
  NotificationEvent,
} from '../../crds/v1alpha1/approvalrequest.ts'
import type { Member, ProjectSpec } from '../../crds/v1alpha1/project.ts'
import { namesAgent, recipientsOf } from '../policy/routes.ts'
import type { Addressee, Webhook } from './types.ts'

/** Somebody who is to be told of an event. `target` is how `status.notifications` names them. */
export type Recipient =
  | { readonly channel: 'Email'; readonly target: string; readonly to: Addressee }
  /** A member whom mail cannot reach. */
  | { readonly channel: 'Email'; readonly target: string; readonly to: undefined }
  /** Told by what is stored: the bell of the page reads it. */
  | { readonly channel: 'InApp'; readonly target: string }
  | { readonly channel: 'Webhook'; readonly target: string; readonly webhook: Webhook }

/** Who is told that a decision is wanted. */
export type Asking = Extract<NotificationEvent, 'Requested' | 'Reminded' | 'Escalated'>

/**
 * Who is asked to decide: the members whom the routes pick, or, once it is escalated, those of `escalateTo`; and every
 * webhook of the agent. Whoever has decided is not asked again, and who started the run gets no mail that asks for a
 * decision they may not make.
 */
export function asked(request: ApprovalRequest, project: ProjectSpec, event: Asking): Recipient[] {
  const settings = project.notifications
  const members = (channel: 'email' | 'inApp'): readonly Member[] => {
    if (settings?.[channel]?.enabled === false) return []
    const heard =
      event === 'Escalated'
        ? escalatedTo(request, project.members)
        : recipientsOf(project.members, settings, request.spec.agentRef.name, channel)
    return heard.filter(member => !hasDecided(request, member))
  }
  return once([
    ...members('email')
      .filter(member => !isBarred(request, member))
      .map(byMail),
    ...members('inApp').map((member): Recipient => ({ channel: 'InApp', target: nameOf(member) })),
    ...webhooksOf(request, project),
  ])
}

/** Who hears how it ended: the webhooks in `heard`, and by mail who started the run, if they are a member. */
export function informed(
  request: ApprovalRequest,
  project: ProjectSpec,
  event: Exclude<NotificationEvent, Asking>,
  heard: (channel: NotificationChannel, target: string) => boolean,
): Recipient[] {
  const { requestedBy } = request.spec
  const { decisions } = request.status
  const starter = project.members.find(({ user }) => user !== undefined && user === requestedBy)
  const knows = decisions.length > 0 && decisions.every(({ reviewer }) => reviewer === requestedBy)
  const mailed =
    starter?.email !== undefined &&
    project.notifications?.email?.enabled !== false &&
    event !== 'Cancelled' &&
    !knows
  return [
    ...(mailed ? [byMail(starter)] : []),
    ...webhooksOf(request, project).filter(({ channel, target }) => heard(channel, target)),
  ]
}

/** Members that `escalateTo` names; where it names none, all: that nobody hears of an escalation is never right. */
const escalatedTo = (request: ApprovalRequest, members: readonly Member[]): readonly Member[] => {
  const named = new Set(request.spec.escalateTo)
  const found = members.filter(member => named.has(nameOf(member)))
  return found.length === 0 ? members : found
}

const hasDecided = ({ status }: ApprovalRequest, { user }: Member): boolean =>
  status.decisions.some(({ reviewer }) => reviewer === user)

const isBarred = ({ spec }: ApprovalRequest, { user }: Member): boolean =>
  !spec.allowSelfApproval && spec.requestedBy !== undefined && spec.requestedBy === user

const byMail = (member: Member): Recipient =>
  member.email === undefined
    ? { channel: 'Email', target: nameOf(member), to: undefined }
    : { channel: 'Email', target: member.email, to: { address: member.email, name: member.name } }

const webhooksOf = (
  { spec }: ApprovalRequest,
  project: ProjectSpec,
): Extract<Recipient, { channel: 'Webhook' }>[] =>
  (project.notifications?.webhooks ?? [])
    .filter(({ agents }) => agents === undefined || namesAgent(agents, spec.agentRef.name))
    .map(webhook => ({ channel: 'Webhook', target: webhook.name, webhook }))

const nameOf = ({ user, group }: Member): string => user ?? group ?? ''

/** Two members with one address get one mail. */
const once = (recipients: readonly Recipient[]): Recipient[] => [
  ...new Map(recipients.map(one => [`${one.channel} ${one.target}`, one])).values(),
]
