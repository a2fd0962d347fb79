import type { Project } from '../../crds/v1alpha1/project.ts'

/** What becomes of notifications on one channel. */
export interface Delivery {
  /** Whether messages go out on it as things stand. */
  readonly delivers: boolean
  /** What people are to know of it, in a sentence. */
  readonly message: string
  /** What is not ready in this installation; absent: nothing is known to be wrong. */
  readonly problem?: string
}

export type Deliveries = Readonly<Record<'email' | 'inApp' | 'webhooks', Delivery>>

/** Reasons of a Project's condition `NotificationsReady`. True: `Ready`. */
export const NOTIFICATIONS_REASONS = {
  ready: 'Ready',
  /** False: no mail can be sent. */
  email: 'EmailNotReady',
  /** False: some webhook cannot be called; the message says which. */
  webhooks: 'WebhooksNotReady',
  /** False: both. */
  both: 'NotReady',
} as const

const messages = {
  email: 'A mail to each member who hears of a request and has an address in the Project.',
  inApp: 'The bell of this page, and its browser notifications where one asked for them.',
  webhooks: 'Each is called for the requests of its agents.',
} as const

/**
 * Which channels deliver in this installation, by what the operator found. The gateway reports it, and the page says it
 * where they are set, so that nobody waits for a mail that nothing sends. Of webhooks one may be wrong and the others
 * right, so that they count as delivered; the problem says which.
 */
export function deliveriesOf({ status }: Pick<Project, 'status'>): Deliveries {
  const found = status?.conditions?.find(({ type }) => type === 'NotificationsReady')
  const { email, webhooks } = NOTIFICATIONS_REASONS
  const problem = (other: string): { readonly problem?: string } =>
    found?.status !== 'False' || found.reason === other ? {} : { problem: found.message }
  const mail = problem(webhooks)
  return {
    email: { delivers: mail.problem === undefined, message: messages.email, ...mail },
    inApp: { delivers: true, message: messages.inApp },
    webhooks: { delivers: true, message: messages.webhooks, ...problem(email) },
  }
}
