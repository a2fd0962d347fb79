import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { keyOf } from '../../../kube/keys.ts'
import type { Clock, Key, ObjectRef } from '../../../kube/types.ts'
import { expiresAt, wholeSeconds } from '../../controllers/approvalrequest/settlement.ts'
import type { Result, Told } from '../entries.ts'
import { noticeId, noticeOf } from '../notice.ts'
import { type Due, END_IS_NEWS_MS, isEnd } from '../plan.ts'
import type { Addressee, Mailer, Outcome, Webhook, WebhookSender } from '../types.ts'
import { type Item, Lane, type Message } from './lane.ts'

export interface OutboxDeps {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly mailer: Mailer
  readonly webhooks: WebhookSender
  /** Where the page is, for links; undefined: not known. */
  readonly pageURL: string | undefined
  /** A request as it is now and where this is to be sent; undefined: it is not to be told any more. `Gone`: no request. */
  readonly wanted: (ref: ObjectRef, uid: string, told: Told) => Wanted | 'Gone' | undefined
  /** Something became of a message: its request is to be looked at in so many milliseconds. */
  readonly wake: (key: Key, ms: number) => void
  /** Told of each try. */
  readonly tried: (told: Told, outcome: Outcome) => void
}

export interface Wanted {
  readonly request: ApprovalRequest
  readonly due: Due
}

/**
 * Messages on their way out, in memory: one lane for all mail, one for each webhook, so that what hangs holds its own
 * alone. What no status says was sent is put in again after a restart.
 */
export interface Outbox {
  /** Puts in what is due and not in already. */
  offer(request: ApprovalRequest, due: readonly Due[]): void
  /** What became of the messages of a request, so far as it is not stored. */
  results(uid: string): readonly Result[]
  /** Milliseconds for which results are better not stored yet, as others of the same request are about to come. */
  batching(uid: string): number
  /** These results are stored. */
  saved(uid: string, results: readonly Result[]): void
  /** The request is gone. */
  forget(uid: string): void
  /** Messages that wait, by channel. */
  waiting(): { readonly Email: number; readonly Webhook: number }
  /** Starts nothing more; resolves, when nothing is under way any more, to the requests with results that are not stored. */
  drain(): Promise<readonly ObjectRef[]>
  /** Sends nothing more, and ends what is under way. */
  stop(): void
}

/** One message of a request. */
interface Sending extends Told {
  readonly of: ObjectRef
  /** What became of it last; undefined: it was not tried yet. */
  result: Result | undefined
  /** In milliseconds since the epoch. */
  readonly offeredAt: number
  /** When the first result came that is not stored yet, in milliseconds since the epoch. */
  unstoredSince: number | undefined
}

/** Five mails at once to one person; afterwards one every 20 seconds, which lists all that gathered. */
const GATHER = { burst: 5, everyMs: 20_000 } as const
/** Calls under way at once to one webhook. */
const WEBHOOK_CONCURRENCY = 4
/** What becomes of several messages of a request within this time is stored in one write. */
const BATCH_MS = 500

export const createOutbox = (deps: OutboxDeps): Outbox => {
  const { clock, random } = deps
  const sendings = new Map<string, Map<string, Sending>>()
  const mail = new Lane<Addressee>({
    clock,
    random,
    // The mailer has one connection.
    concurrency: 1,
    gather: GATHER,
    send: ([first, ...others], signal) =>
      deps.mailer.send(first.to, [first.notice, ...others.map(({ notice }) => notice)], signal),
  })
  const lanes = new Map<string, Lane<Webhook>>()
  const laneOf = (name: string): Lane<Webhook> => {
    const known = lanes.get(name)
    if (known) return known
    const made = new Lane<Webhook>({
      clock,
      random,
      concurrency: WEBHOOK_CONCURRENCY,
      send: ([{ to, notice }], signal) => deps.webhooks.send(to, notice, signal),
    })
    lanes.set(name, made)
    return made
  }

  const itemOf = <To>(
    request: ApprovalRequest,
    own: Map<string, Sending>,
    id: string,
    receiver: string,
    due: Due,
    to: (due: Due) => To | undefined,
  ): Item<To> => {
    const { namespace = '', name, uid = '' } = request.metadata
    const key = keyOf({ namespace, name })
    const { event, channel, target } = own.get(id) as Sending
    const told: Told = { event, channel, target }
    const offeredAt = clock.now()
    return {
      id,
      receiver,
      deadline: expiresAt(request),
      current: (): Message<To> | undefined => {
        const found = deps.wanted({ namespace, name }, uid, told)
        // A run that is deleted takes its requests along; that they ended is told all the same, while it is news.
        const still = isEnd(told.event) && clock.now() < offeredAt + END_IS_NEWS_MS
        const now = found === 'Gone' ? (still ? { request, due } : undefined) : found
        const where = now && to(now.due)
        return now && where && { to: where, notice: noticeOf(now.request, told, deps.pageURL) }
      },
      tried: (outcome, attempts) => {
        const sending = own.get(id)
        if (!sending) return
        const before = sending.result
        // Held up by another's trouble, it was not tried itself.
        const at = attempts === (before?.attempts ?? 0) ? before?.at : wholeSeconds(clock.now())
        sending.result = { ...told, outcome, attempts, at }
        sending.unstoredSince ??= clock.now()
        deps.tried(told, outcome)
        deps.wake(key, batching(own))
      },
      dropped: () => {
        own.delete(id)
        deps.wake(key, 0)
      },
    }
  }

  const batching = (own: ReadonlyMap<string, Sending>): number => {
    const all = [...own.values()]
    if (all.every(({ result }) => result !== undefined)) return 0
    const results = all.flatMap(({ unstoredSince }) => unstoredSince ?? [])
    const since =
      results.length > 0 ? Math.min(...results) : Math.max(...all.map(({ offeredAt }) => offeredAt))
    return Math.max(0, since + BATCH_MS - clock.now())
  }

  const offerOne = (request: ApprovalRequest, due: Due): void => {
    const { namespace = '', uid = '' } = request.metadata
    const own = sendings.get(uid) ?? new Map<string, Sending>()
    const id = noticeId(request, due)
    if (own.has(id)) return
    // In order to each: that it was decided does not overtake that it was asked for.
    const before = [...own.values()].find(
      one => one.channel === due.channel && one.target === due.target && one.result === undefined,
    )
    if (before) return
    sendings.set(uid, own)
    own.set(id, {
      event: due.event,
      channel: due.channel,
      target: due.target,
      result: undefined,
      of: { namespace, name: request.metadata.name },
      offeredAt: clock.now(),
      unstoredSince: undefined,
    })
    if (due.channel === 'Email') {
      const to = (now: Due) => (now.channel === 'Email' ? now.to : undefined)
      mail.offer(itemOf(request, own, id, due.target, due, to))
    } else {
      const to = (now: Due) => (now.channel === 'Webhook' ? now.webhook : undefined)
      laneOf(`${namespace}/${due.target}`).offer(itemOf(request, own, id, '', due, to))
    }
  }

  return {
    offer: (request, due) => {
      for (const one of due) offerOne(request, one)
    },
    results: uid =>
      [...(sendings.get(uid)?.values() ?? [])].flatMap(({ result, unstoredSince }) =>
        result === undefined || unstoredSince === undefined ? [] : [result],
      ),
    batching: uid => batching(sendings.get(uid) ?? new Map()),
    saved: (uid, results) => {
      const own = sendings.get(uid)
      for (const [id, sending] of own ?? []) {
        if (sending.result === undefined || !results.includes(sending.result)) continue
        // What is to be tried again stays in, so that it is not put in twice.
        if (sending.result.outcome.state === 'Retrying') sending.unstoredSince = undefined
        else own?.delete(id)
      }
      if (own?.size === 0) sendings.delete(uid)
    },
    forget: uid => {
      sendings.delete(uid)
    },
    waiting: () => ({
      Email: mail.length,
      Webhook: [...lanes.values()].reduce((sum, { length }) => sum + length, 0),
    }),
    drain: async () => {
      await Promise.all([mail, ...lanes.values()].map(lane => lane.drain()))
      return [...sendings.values()].flatMap(own => {
        const unstored = [...own.values()].find(({ unstoredSince }) => unstoredSince !== undefined)
        return unstored ? [unstored.of] : []
      })
    },
    stop: () => {
      mail.stop()
      for (const lane of lanes.values()) lane.stop()
    },
  }
}
