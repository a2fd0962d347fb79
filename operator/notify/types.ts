import type { ApprovalRequest, NotificationEvent } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Notifications } from '../../crds/v1alpha1/project.ts'

export type Webhook = NonNullable<Notifications['webhooks']>[number]

/** Something about a request that somebody is to be told. */
export interface Notice {
  /**
   * The same for each try and after each restart, and for nothing else: `msg_` and 32 hex digits. A receiver may get a
   * notice twice (at least once) and drops the second by it.
   */
  readonly id: string
  readonly event: NotificationEvent
  /** The request as it is stored: redacted values are digests already. It holds nothing that may not be sent. */
  readonly request: ApprovalRequest
  /** When the request expires undecided, in milliseconds since the epoch. */
  readonly expiresAt: number
  /** Where the page shows the request; undefined: the operator was not told where the page is. */
  readonly url: string | undefined
}

/** A message that somebody asked for to see whether it arrives. It is about no request. */
export interface TestNotice {
  readonly id: string
  /** Namespace of the project. */
  readonly project: string
  /** Who asked for it, where that is known. */
  readonly askedBy: string | undefined
  readonly url: string | undefined
}

/** Somebody to write to. */
export interface Addressee {
  readonly address: string
  readonly name: string | undefined
}

/** What became of a try. `error`: for people who may see the project; it holds no secret and no parameter. */
export type Outcome =
  | { readonly state: 'Sent' }
  /** Refused for good: another try would end the same way. */
  | { readonly state: 'Failed'; readonly error: string }
  | {
      readonly state: 'Retrying'
      readonly error: string
      /** What the receiver asked to wait for at least. */
      readonly retryAfterMs?: number
      /** It is not this message but the way there (no connection, no settings, too many): the others wait as well. */
      readonly wholeLane?: boolean
    }

/** Sends mail. Never rejects: what goes wrong is an outcome. */
export interface Mailer {
  /** One notice is a mail about it; several are one mail that lists them, of which `id` is the stable id. */
  send(to: Addressee, notices: readonly [Notice, ...Notice[]], signal: AbortSignal): Promise<Outcome>
  sendTest(to: Addressee, notice: TestNotice, signal: AbortSignal): Promise<Outcome>
  /** Whether mail can be sent at all: undefined, or why not (no settings, settings that are wrong). No connection is made. */
  notReady(signal: AbortSignal): Promise<string | undefined>
  close(): Promise<void>
}

/** Calls webhooks. Never rejects: what goes wrong is an outcome. */
export interface WebhookSender {
  send(webhook: Webhook, notice: Notice, signal: AbortSignal): Promise<Outcome>
  /** `project`: the namespace that the Secrets of the webhook are in. */
  sendTest(webhook: Webhook, notice: TestNotice, signal: AbortSignal): Promise<Outcome>
  /** Whether the webhook can be called: undefined, or what is wrong with its Secrets or its URL. No connection is made. */
  notReady(webhook: Webhook, project: string, signal: AbortSignal): Promise<string | undefined>
  close(): Promise<void>
}
