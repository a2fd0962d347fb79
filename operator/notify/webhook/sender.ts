import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Egress } from '../../egress/egress.ts'
import type { Notice, Outcome, TestNotice, Webhook, WebhookSender } from '../types.ts'
import { type Message, messageOf, testMessage } from './message.ts'
import { post } from './post.ts'
import { readTarget } from './target.ts'

export interface WebhookSenderDeps {
  /** Reads the Secrets of projects. */
  readonly client: Pick<Client, 'find'>
  /** The way out, with `webhookAddresses` as its rule. Closed with the sender. */
  readonly egress: Egress
  readonly clock: Clock
}

const NO_ROUTING_KEY =
  'No routing key was sent: put it under the key routingKey into the Secret of the URL, or into that of signingKeySecretRef'

/** Calls webhooks, one request a message. Secrets are read each time, so that what is put right in them is used at once. */
export function createWebhookSender(deps: WebhookSenderDeps): WebhookSender {
  const deliver = async (
    webhook: Webhook,
    project: string,
    message: Message,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const read = await target(deps, webhook, project, signal)
    if (!read.ok) return { state: 'Retrying', error: read.message, wholeLane: true }
    const { url, authorization, secrets } = read.target
    const { headers, body } = message(webhook.format, read.target, deps.clock.now())
    const outcome = await post(
      deps,
      {
        url,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        body,
        secrets,
      },
      signal,
    )
    const hint = webhook.format === 'PagerDuty' && read.target.routingKey === undefined
    return hint && outcome.state === 'Failed'
      ? { ...outcome, error: `${outcome.error}. ${NO_ROUTING_KEY}` }
      : outcome
  }
  return {
    send: (webhook, notice: Notice, signal) =>
      deliver(webhook, notice.request.metadata.namespace ?? '', messageOf(notice), signal),
    sendTest: (webhook, notice: TestNotice, signal) =>
      deliver(webhook, notice.project, testMessage(notice, deps.clock.now()), signal),
    notReady: async (webhook, project, signal) => {
      const read = await target(deps, webhook, project, signal)
      return read.ok ? undefined : read.message
    },
    close: () => deps.egress.close(),
  }
}

/** As `readTarget`, but an API server that cannot be asked is an answer too. */
const target = ({ client }: WebhookSenderDeps, webhook: Webhook, project: string, signal: AbortSignal) =>
  readTarget({ client, webhook, project, signal }).catch(() => ({
    ok: false as const,
    message: `The Secrets of the webhook ${webhook.name} could not be read: the API server did not answer, or refused`,
  }))
