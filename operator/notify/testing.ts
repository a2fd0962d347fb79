import type { Addressee, Mailer, Notice, Outcome, Webhook, WebhookSender } from './types.ts'

/** A message that was sent on a way out of a test. */
export interface Taken {
  readonly to: string
  readonly notices: readonly Notice[]
}

/** A way out whose outcomes the test says: each sending waits for `answer` and is given what that returns. */
export interface ScriptedWay {
  readonly taken: Taken[]
  answer: (taken: Taken) => Outcome | Promise<Outcome>
}

const scripted = (): ScriptedWay => ({ taken: [], answer: () => ({ state: 'Sent' }) })

const put = async (way: ScriptedWay, taken: Taken): Promise<Outcome> => {
  way.taken.push(taken)
  return way.answer(taken)
}

export const scriptedMailer = (): Mailer & { readonly way: ScriptedWay } => {
  const way = scripted()
  return {
    way,
    send: (to: Addressee, notices) => put(way, { to: to.address, notices }),
    sendTest: to => put(way, { to: to.address, notices: [] }),
    notReady: async () => undefined,
    close: async () => {},
  }
}

export const scriptedWebhooks = (): WebhookSender & { readonly way: ScriptedWay } => {
  const way = scripted()
  return {
    way,
    send: (webhook: Webhook, notice) => put(way, { to: webhook.name, notices: [notice] }),
    sendTest: webhook => put(way, { to: webhook.name, notices: [] }),
    notReady: async () => undefined,
    close: async () => {},
  }
}
