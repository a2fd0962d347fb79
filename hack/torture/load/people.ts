import { setTimeout as delay } from 'node:timers/promises'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { agentRuns, approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { isConflict, isForbidden, isInvalid } from '../../../kube/errors.ts'
import { Reflector } from '../../../kube/reflector.ts'
import { Store } from '../../../kube/store.ts'
import type { Ground } from '../ground.ts'
import { type PlotName, plotOf, type Review } from './plots.ts'

/** Those who look at a namespace from outside: they decide what they are asked, and see when all is over. */
export interface People {
  /** Says what a run plays; to be said before it is created. */
  expect(run: string, plot: PlotName): void
  /** Resolves when the run has ended and nothing holds it; rejects when that takes longer than `ms`. */
  untilAtRest(run: string, ms: number): Promise<void>
  stop(): Promise<void>
}

const ENDED = ['Succeeded', 'Failed', 'Cancelled']

const isAtRest = (run: AgentRun | undefined): boolean =>
  ENDED.includes(run?.status?.phase ?? '') && (run?.metadata.finalizers ?? []).length === 0

/** Each reads and decides over their own connection to the API server, however the operator fares. */
export const startPeople = async (ground: Ground, namespace: string): Promise<People> => {
  const stop = new AbortController()
  const stores = { runs: new Store<AgentRun>(), requests: new Store<ApprovalRequest>() }
  const reflectors = [
    new Reflector({ client: ground.admin, resource: agentRuns, sink: stores.runs, namespace }),
    new Reflector({ client: ground.admin, resource: approvalRequests, sink: stores.requests, namespace }),
  ]
  const plots = new Map<string, PlotName>()
  const begun = new Set<string>()
  const acting = new Set<Promise<void>>()
  let failed: unknown
  stores.requests.subscribe(({ object }) => {
    const { spec, status, metadata } = object
    const plot = plots.get(spec.runRef.name)
    const review = plot && (plotOf(plot).reviews[spec.callID] as Review | undefined)
    // Nobody can decide before it is announced.
    if (!review || status.phase !== 'Pending' || !status.expiresAt || begun.has(metadata.uid ?? '')) return
    begun.add(metadata.uid ?? '')
    const action = act(ground, object, review, stop.signal).catch(error => {
      failed ??= error
    })
    acting.add(action)
    void action.finally(() => acting.delete(action))
  })
  const ended = Promise.all(reflectors.map(one => one.run(stop.signal)))
  await Promise.all(reflectors.map(one => one.synced()))
  return {
    expect: (run, plot) => plots.set(run, plot),
    untilAtRest: (name, ms) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (failed === undefined && !isAtRest(stores.runs.find({ namespace, name }))) return
          unsubscribe()
          clearTimeout(timer)
          if (failed === undefined) resolve()
          else reject(failed)
        }
        const unsubscribe = stores.runs.subscribe(look)
        const timer = setTimeout(() => {
          unsubscribe()
          const run = stores.runs.find({ namespace, name })
          const states = (run?.status?.steps ?? []).map(({ id, state }) => (id ? `${id} ${state}` : 'answer'))
          reject(
            new Error(
              `run ${name} in ${namespace} is not over after ${ms / 1000} s: ${run?.status?.phase ?? 'no phase'} (${states.join(', ')})`,
            ),
          )
        }, ms)
        look()
      }),
    stop: async () => {
      stop.abort()
      await Promise.all([ended, ...acting])
    },
  }
}

/** Decides, again and again until it stands or cannot count any more. */
const act = async (
  ground: Ground,
  request: ApprovalRequest,
  review: Review,
  signal: AbortSignal,
): Promise<void> => {
  const { namespace = '', name } = request.metadata
  if (review.verdict === 'Wait') return
  if (review.verdict === 'Cancel') {
    const cancel = { type: 'merge', body: { spec: { cancel: true } } } as const
    await insist(
      () => ground.admin.patch(agentRuns, { namespace, name: request.spec.runRef.name }, cancel),
      signal,
    )
    return
  }
  for (const reviewer of review.by) {
    const value = { reviewer, verdict: review.verdict, reason: 'as plotted', via: 'Token' }
    await insist(async () => {
      const { status } = await ground.admin.get(approvalRequests, { namespace, name })
      // An answer that was lost: it stands. Or there is nothing to decide any more.
      if (status.decisions.some(decision => decision.reviewer === reviewer)) return
      if (status.phase !== 'Pending') return
      await ground
        .as(reviewer)
        .patch(
          approvalRequests,
          { namespace, name },
          { type: 'json', body: [{ op: 'add', path: '/status/decisions/-', value }] },
          { subresource: 'status' },
        )
    }, signal)
  }
}

/** How often a refusal is looked into: a request may have been closed meanwhile, or an API server has just started. */
const REFUSALS = 100

/** Tries until it is done. A refusal that stays is thrown: whoever may decide is not refused. */
const insist = async (work: () => Promise<unknown>, signal: AbortSignal): Promise<void> => {
  for (let refusals = 0; ; ) {
    try {
      await work()
      return
    } catch (error) {
      if (signal.aborted) return
      if ((isForbidden(error) || isInvalid(error)) && ++refusals > REFUSALS) throw error
      await delay(isConflict(error) ? 10 : 200)
    }
  }
}
