// Forty people who decide whatever waits, all the time, over whatever path, whether they may or not.
import type { ApprovalRequest, Decision } from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { Client, Patch } from '../../../kube/client.ts'
import { ApiError } from '../../../kube/errors.ts'
import { withDecision } from '../paths.ts'
import type { History } from './order.ts'
import type { Attempt } from './proof.ts'

export interface ReviewerOptions {
  readonly namespace: string
  readonly gateway: string
  readonly history: History
  client(who: string): Client
  token(who: string): string
  /** The API key of this person, where they have one. */
  key(who: string): string | undefined
  /** As of Membership. */
  outsideNow(who: string): object | undefined
  random(): number
}

/** What was sent, as far as the one who sends it knows. */
interface Sent {
  readonly path: string
  readonly request: string
  readonly verdict: Decision['verdict']
  readonly forged: boolean
}

type Answer = Pick<Attempt, 'taken' | 'said'>

export interface Reviewers {
  /** Lets this person send one thing, and keeps what they were answered. */
  act(who: string): Promise<void>
  /**
   * Resolves when everything that this person sent up to now was answered; false if an answer was ever lost, as what it
   * would have said may still happen.
   */
  answered(who: string): Promise<boolean>
  readonly attempts: readonly Attempt[]
}

export const createReviewers = (options: ReviewerOptions): Reviewers => {
  const { namespace, history, random } = options
  const attempts: Attempt[] = []
  const waiting = new Map<string, Promise<unknown>>()
  const lost = new Set<string>()
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

  const decision = (who: string, verdict: Decision['verdict']): Decision => ({
    reviewer: who,
    verdict,
    ...(verdict === 'Reject' ? { reason: 'A storm.' } : {}),
    via: 'Kubectl',
  })

  const patch = async (who: string, name: string, body: Patch): Promise<Answer> => {
    await options.client(who).patch(approvalRequests, { namespace, name }, body, { subresource: 'status' })
    return { taken: true, said: '200' }
  }
  const append = (who: string, name: string, ...added: readonly Decision[]): Promise<Answer> =>
    patch(who, name, {
      type: 'json',
      body: added.map(value => ({ op: 'add', path: '/status/decisions/-', value })),
    })
  const decisions = (who: string, name: string, list: readonly Decision[]): Promise<Answer> =>
    patch(who, name, { type: 'merge', body: { status: { decisions: list } } })

  const rest = async (
    credential: string,
    path: string,
    body: object,
  ): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${options.gateway}/api/v1/projects/${namespace}/approvals/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }
  const decide = async (credential: string, name: string, verdict: Decision['verdict']): Promise<Answer> => {
    const word = verdict === 'Approve' ? 'approve' : 'reject'
    const { status, text } = await rest(credential, `${name}/${word}`, { reason: 'A storm.' })
    return { taken: status === 200, said: `${status} ${text}` }
  }

  const ways: Readonly<
    Record<string, (who: string, request: ApprovalRequest, verdict: Decision['verdict']) => Promise<Answer>>
  > = {
    'kubectl patch': (who, { metadata }, verdict) => append(who, metadata.name, decision(who, verdict)),
    'a merge patch': (who, request, verdict) =>
      decisions(who, request.metadata.name, withDecision(request, decision(who, verdict)).status.decisions),
    REST: (who, { metadata }, verdict) => decide(options.token(who), metadata.name, verdict),
    'REST, several at once': async (who, { metadata }, verdict) => {
      const { status, text } = await rest(options.token(who), 'decide', {
        decisions: [{ name: metadata.name, verdict, reason: 'A storm.' }],
      })
      const taken = status === 200 && JSON.parse(text).items[0].status === 200
      return { taken, said: `${status} ${text}` }
    },
    'API key': async (who, { metadata }, verdict) => decide(options.key(who) ?? '', metadata.name, verdict),
  }
  const forgeries: typeof ways = {
    'in the name of somebody else': (who, { metadata }, verdict) =>
      append(who, metadata.name, decision(`not-${who}`, verdict)),
    'two at once': (who, { metadata }, verdict) =>
      append(who, metadata.name, decision(who, verdict), decision(`second-${who}`, verdict)),
    'the same with its phase': (who, { metadata, status }, verdict) =>
      patch(who, metadata.name, {
        type: 'merge',
        body: {
          status: { phase: 'Approved', decisions: [...status.decisions, decision(who, verdict)] },
        },
      }),
    'as if by the gateway': (who, { metadata }, verdict) =>
      append(who, metadata.name, { ...decision(who, verdict), via: 'Web' }),
  }

  const send = async (who: string): Promise<void> => {
    const open = history.open()
    if (open.length === 0) return
    const undecided = open.filter(
      name => !history.latest(name)?.status.decisions.some(({ reviewer }) => reviewer === who),
    )
    // Mostly what is new to them, and half of the time the oldest, so that many meet at one.
    const choice = undecided.length > 0 && random() < 0.9 ? undecided : open
    const name = random() < 0.5 ? (choice[0] as string) : oneOf(choice)
    const request = history.latest(name)
    if (!request) return
    const forged = random() < 0.08
    const keyed = options.key(who) !== undefined
    const path = oneOf(Object.keys(forged ? forgeries : ways).filter(way => way !== 'API key' || keyed))
    const verdict = random() < 0.06 ? 'Reject' : 'Approve'
    const sent: Sent = { path, request: name, verdict, forged }
    const before = options.outsideNow(who)
    const answer = await answerOf((forged ? forgeries : ways)[path]?.(who, request, verdict))
    const outside = before !== undefined && options.outsideNow(who) === before
    if (answer.lost) lost.add(who)
    attempts.push({ who, ...sent, outside, taken: answer.taken, said: answer.said })
  }

  return {
    attempts,
    answered: async who => {
      await waiting.get(who)
      return !lost.has(who)
    },
    act: async who => {
      const sending = send(who)
      waiting.set(who, sending)
      await sending
    },
  }
}

interface Heard extends Answer {
  readonly lost: boolean
}

/** What came of something that was sent: refusals are answers, too. */
const answerOf = async (attempt: Promise<Answer> | undefined): Promise<Heard> => {
  try {
    return { lost: false, ...((await attempt) ?? { taken: false, said: 'nothing was sent' }) }
  } catch (error) {
    if (error instanceof ApiError) {
      return { lost: false, taken: false, said: `${error.code} ${error.reason} ${error.message}` }
    }
    return { lost: true, taken: false, said: `no answer: ${error}` }
  }
}
