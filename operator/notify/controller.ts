import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { PROJECT_NAME, type Project } from '../../crds/v1alpha1/project.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import type { Requeue } from '../../kube/controller.ts'
import { isConflict, isNotFound } from '../../kube/errors.ts'
import type { Clock } from '../../kube/types.ts'
import { isCanary } from '../canary/objects.ts'
import { expiresAt, wholeSeconds, writeRequestStatus } from '../controllers/approvalrequest/settlement.ts'
import type { Cache, RecordEvent } from '../controllers/cache.ts'
import { findCondition } from '../controllers/conditions.ts'
import { settle } from '../policy/decisions.ts'
import { withResults } from './entries.ts'
import type { Outbox } from './outbox/outbox.ts'
import { type Plan, planOf } from './plan.ts'
import { notifiedStatus } from './status.ts'

export interface NotifyDeps {
  readonly client: Client
  readonly clock: Clock
  readonly event: RecordEvent
  readonly requests: Cache<ApprovalRequest>
  readonly projects: Cache<Project>
  readonly outbox: Outbox
  /** Whether this process is about to end: what is known is stored at once. */
  readonly stopping: () => boolean
}

/** Milliseconds for which a request that is decided is left alone: its settlement comes first. */
const SETTLING_MS = 1000

/** What is to be told of a request as things stand now, results that are not stored yet included. */
export const planNow = (
  deps: Pick<NotifyDeps, 'clock' | 'requests' | 'projects' | 'outbox'>,
  request: ApprovalRequest,
): Plan => {
  const { namespace = '', uid = '' } = request.metadata
  const entries = withResults(request.status.notifications ?? [], deps.outbox.results(uid))
  const project = deps.projects.find({ namespace, name: PROJECT_NAME })
  return planOf(request, project?.spec, entries, deps.clock.now())
}

/** Tells of one ApprovalRequest whoever is to hear of it, and stores who was told. It sends nothing itself: that is the outbox's. */
export const reconcileNotices = async (
  deps: NotifyDeps,
  namespace: string,
  name: string,
): Promise<Requeue> => {
  const request = deps.requests.find({ namespace, name })
  if (!request || request.metadata.deletionTimestamp || isCanary(request)) return {}
  const { phase, expiresAt: announced } = request.status
  // The first write of a request says who is to be told: it comes with its times (approvalrequest/controller.ts).
  if (phase === 'Pending' && announced === undefined) return {}
  const now = deps.clock.now()
  const uid = request.metadata.uid ?? ''
  const results = deps.outbox.results(uid)
  const plan = planNow(deps, request)
  deps.outbox.offer(request, plan.due)
  const again: Requeue = plan.nextAt === undefined ? {} : { requeueAfterMs: plan.nextAt - now }
  const status = notifiedStatus(request, plan.entries, wholeSeconds(now))
  if (status === undefined) {
    deps.outbox.saved(uid, results)
    return again
  }
  const batching = deps.stopping() ? 0 : deps.outbox.batching(uid)
  if (batching > 0) return { requeueAfterMs: batching }
  if (phase === 'Pending' && settle(request, now, expiresAt(request)).phase !== 'Pending') {
    return { requeueAfterMs: SETTLING_MS }
  }
  try {
    const written = await writeRequestStatus(deps.client, request, status, 'Low')
    deps.requests.wrote(written)
    deps.outbox.saved(uid, results)
    warn(deps, request, written)
  } catch (error) {
    if (isNotFound(error)) return {}
    if (!isConflict(error)) throw error
    const newer = await deps.client.find(approvalRequests, { namespace, name })
    if (newer) deps.requests.wrote(newer)
    return { requeueAfterMs: 0 }
  }
  return again
}

/** An Event where somebody could not be told, the first time that it is so. */
const warn = (deps: NotifyDeps, before: ApprovalRequest, after: ApprovalRequest): void => {
  const is = findCondition(after.status.conditions, 'Notified')
  if (is?.status !== 'False' || after.status.phase !== 'Pending') return
  if (findCondition(before.status.conditions, 'Notified')?.status === 'False') return
  deps.event(after, { type: 'Warning', reason: is.reason, action: 'Notify', note: is.message })
}
