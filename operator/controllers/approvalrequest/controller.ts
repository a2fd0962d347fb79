import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { PROJECT_NAME, type Project } from '../../../crds/v1alpha1/project.ts'
import { agentRuns, approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { isConflict, isForbidden, isNotFound, logSafe } from '../../../kube/errors.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Clock } from '../../../kube/types.ts'
import type { AuditWriter } from '../../audit/writer.ts'
import { isCanary } from '../../canary/objects.ts'
import { progressOf } from '../../policy/decisions.ts'
import { isOwnedBy } from '../agentrun/gating.ts'
import { hasEnded } from '../agentrun/status.ts'
import type { Cache, RecordEvent } from '../cache.ts'
import { findCondition } from '../conditions.ts'
import { decideRequest } from './decide.ts'
import { entriesFor } from './entries.ts'
import { announcedStatus, PENDING_REASONS, undecided } from './progress.ts'
import { expiresAt, settledStatus, type TerminalPhase, writeRequestStatus } from './settlement.ts'

export interface RequestControllerDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly audit: AuditWriter
  readonly requests: Cache<ApprovalRequest>
  readonly runs: Cache<AgentRun>
  readonly projects: Cache<Project>
  readonly event: RecordEvent
  readonly trusted: () => boolean
  readonly settled: (phase: TerminalPhase, request: ApprovalRequest) => void
}

/** Milliseconds after which something that could not be done is tried again. */
const RETRY_MS = 1000
/** As RETRY_MS, for what nothing waits for. */
const ANNOUNCE_RETRY_MS = 5000
/** How far the clocks of the API server and of this process may be apart before it is worth a line. */
const SKEW_MS = 60_000

/** Reconciles one ApprovalRequest: tells its times, settles it, records how it ended. */
export const reconcileRequest = async (
  deps: RequestControllerDeps,
  namespace: string,
  name: string,
): Promise<{ requeueAfterMs?: number }> => {
  const request = deps.requests.find({ namespace, name })
  if (!request || request.metadata.deletionTimestamp || isCanary(request)) return {}
  const run = deps.runs.find({ namespace, name: request.spec.runRef.name })
  const now = deps.clock.now()
  const plan = decideRequest(request, {
    now,
    runAlive: run !== undefined && isOwnedBy(request, run) && !hasEnded(run),
    trusted: deps.trusted(),
  })
  switch (plan.plan) {
    case 'Distrust':
      return { requeueAfterMs: RETRY_MS }
    case 'Wait':
      return { requeueAfterMs: plan.untilMs - now }
    case 'Announce':
      return { requeueAfterMs: Math.min(await announce(deps, request, now), expiresAt(request) - now) }
    case 'Record':
      await deps.audit.append(namespace, entriesFor(request, run))
      return {}
    case 'Settle': {
      // What the cache does not hold may be there all the same: watches of two kinds are not in step.
      if (plan.phase === 'Cancelled' && !(await isGone(deps.client, request)))
        return { requeueAfterMs: RETRY_MS }
      const settled = await settleRequest(deps, request, plan.phase, plan.message)
      if (!settled) return { requeueAfterMs: await lookAgain(deps, request) }
      await deps.audit.append(namespace, entriesFor(settled, run))
      return {}
    }
  }
}

/**
 * Writes when a request ends and how far it is, and returns in how many milliseconds to look again. It is for people
 * alone, so a failure is no reason to keep anything that matters waiting: a decision that came meanwhile tells by
 * itself, and the end of the request is not slept through.
 */
const announce = async (
  deps: RequestControllerDeps,
  request: ApprovalRequest,
  now: number,
): Promise<number> => {
  let announced: ApprovalRequest
  const { namespace = '' } = request.metadata
  const project = deps.projects.find({ namespace, name: PROJECT_NAME })
  try {
    announced = await writeRequestStatus(
      deps.client,
      request,
      announcedStatus(request, project?.spec, now),
      'Normal',
    )
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return RETRY_MS
    const { name } = request.metadata
    deps.log.warn({ namespace, name, error: logSafe(error) }, 'a request could not be told how far it is')
    return ANNOUNCE_RETRY_MS
  }
  deps.requests.wrote(announced)
  const { reason, message } = undecided(announced)
  const said = findCondition(request.status.conditions, 'Decided')
  if (reason === PENDING_REASONS.nobody && said?.reason !== reason) {
    deps.event(announced, { type: 'Warning', reason, action: 'Ask', note: message })
  } else if (progressOf(announced).given > 0 && said?.message !== message) {
    deps.event(announced, { type: 'Normal', reason: 'ApprovalGiven', action: 'Decide', note: message })
  }
  return Number.POSITIVE_INFINITY
}

/**
 * Reads a request that could not be settled, and returns in how many milliseconds to look again: at once where somebody
 * wrote first. Many who decide at the same moment would otherwise keep it open as long as the watch is behind them.
 */
const lookAgain = async (deps: RequestControllerDeps, request: ApprovalRequest): Promise<number> => {
  const { namespace = '', name, resourceVersion } = request.metadata
  const now = await deps.client.find(approvalRequests, { namespace, name })
  if (!now || now.metadata.resourceVersion === resourceVersion) return RETRY_MS
  deps.requests.wrote(now)
  return 0
}

/** Whether the run of a request has ended or is another one, by the word of the API server. */
const isGone = async (client: Client, request: ApprovalRequest): Promise<boolean> => {
  const { namespace = '' } = request.metadata
  const run = await client.find(agentRuns, { namespace, name: request.spec.runRef.name })
  return run === undefined || !isOwnedBy(request, run) || hasEnded(run)
}

/**
 * Writes a terminal phase. Undefined: somebody wrote first, or the server's clock says that it is too early;
 * the caller looks again later.
 */
export const settleRequest = async (
  deps: Pick<RequestControllerDeps, 'client' | 'clock' | 'log' | 'requests' | 'event' | 'settled'>,
  request: ApprovalRequest,
  phase: TerminalPhase,
  message: string,
): Promise<ApprovalRequest | undefined> => {
  try {
    const status = settledStatus(request, phase, message, deps.clock.now())
    const settled = await writeRequestStatus(deps.client, request, status)
    deps.requests.wrote(settled)
    deps.settled(phase, settled)
    deps.log.info(
      { namespace: request.metadata.namespace, name: request.metadata.name, phase, tool: request.spec.tool },
      'request settled',
    )
    deps.event(settled, {
      type: phase === 'Approved' ? 'Normal' : 'Warning',
      reason: phase,
      action: 'Settle',
      note: message,
    })
    return settled
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return undefined
    // The server's clock is behind ours: a policy finds Expired too early. Far beyond that something else is refused.
    if (isForbidden(error) && phase === 'Expired') {
      const lateMs = deps.clock.now() - expiresAt(request)
      if (lateMs > SKEW_MS) {
        const { namespace, name } = request.metadata
        deps.log.warn(
          { namespace, name, lateSeconds: Math.round(lateMs / 1000) },
          'the API server does not let a request expire: compare its clock and the rights of the operator',
        )
      }
      return undefined
    }
    throw error
  }
}
