import type { AgentRun, AgentRunStatus, RunPhase, Step } from '../../../crds/v1alpha1/agentrun.ts'
import { type ConditionInput, setConditions } from '../conditions.ts'
import { isOver } from './calls.ts'

export const ENDED: ReadonlySet<RunPhase> = new Set(['Succeeded', 'Failed', 'Cancelled'])

export const hasEnded = (run: AgentRun): boolean => ENDED.has(run.status?.phase ?? 'Pending')

/** Steps of one turn: its tool calls, in order. */
export const callSteps = (steps: readonly Step[], turn: number): Step[] =>
  steps.filter(step => step.type === 'ToolCall' && step.id?.startsWith(`${turn}.`))

/** While any call of the turn is undecided the run awaits approval; an approved sibling runs meanwhile. */
export const awaitsApproval = (steps: readonly Step[]): boolean => steps.some(isUndecided)

/** Put to people, and not decided by them yet. */
const isUndecided = (step: Step): boolean => step.state === 'AwaitingApproval' && step.approval === undefined

export const allOver = (steps: readonly Step[]): boolean => steps.every(isOver)

/** Why a run is where it is, in one word and a sentence: the catalogue of `Complete=False`. */
export interface Waiting {
  readonly reason:
    | 'AgentNotFound'
    | 'AgentNotReady'
    | 'EarlierRunNotFound'
    | 'EarlierRunNotEnded'
    | 'EarlierRunOfAnotherAgent'
    | 'CallNotSupported'
    | 'Running'
    | 'AwaitingApproval'
    | 'ModelUnavailable'
    | 'ToolsetUnavailable'
    | 'PoliciesNotSeen'
    | 'Queued'
    | 'AuditUnavailable'
    | 'Stopping'
  readonly message: string
}

export const stops: Waiting = {
  reason: 'Stopping',
  message: 'what is under way is waited for; nothing new is started',
}

export const waitsForPeople: Waiting = { reason: 'AwaitingApproval', message: 'waits for people' }

/** What a run waits for between its turns. */
export const askingFor = (turn: number): Waiting => ({
  reason: 'Running',
  message: `the model is asked for turn ${turn}`,
})

/** The conditions of a run that goes on. `progress`: `1 of 2 approvals` for a request of which several are needed. */
export const goingOn = (
  status: AgentRunStatus,
  waiting: Waiting,
  generation: number,
  now: string,
  progress: (request: string) => string | undefined = () => undefined,
): AgentRunStatus => {
  const awaiting = status.phase === 'AwaitingApproval'
  const open = (status.steps ?? []).filter(isUndecided)
  return withConditions(status, generation, now, [
    { type: 'Complete', status: 'False', reason: waiting.reason, message: waiting.message },
    { type: 'Failed', status: 'False', reason: 'NotFailed', message: '' },
    awaiting
      ? {
          type: 'AwaitingApproval',
          status: 'True',
          reason: 'AwaitingApproval',
          message: `waits for people to decide ${open.map(step => named(step, progress)).join(', ')}`.slice(
            0,
            4096,
          ),
        }
      : { type: 'AwaitingApproval', status: 'False', reason: 'NothingOpen', message: '' },
  ])
}

const named = ({ approvalRequest = '' }: Step, progress: (request: string) => string | undefined): string => {
  const count = progress(approvalRequest)
  return count === undefined ? approvalRequest : `${approvalRequest} (${count})`
}

/** The conditions of a run that has ended. */
export const ended = (status: AgentRunStatus, generation: number, now: string): AgentRunStatus => {
  const failed = status.phase === 'Failed'
  const reason = failed ? (status.failure?.reason ?? 'Failed') : status.phase
  const message = failed ? (status.failure?.message ?? '') : ''
  return withConditions(status, generation, now, [
    failed
      ? { type: 'Complete', status: 'False', reason, message }
      : { type: 'Complete', status: 'True', reason, message },
    { type: 'Failed', status: failed ? 'True' : 'False', reason: failed ? reason : 'NotFailed', message },
    { type: 'AwaitingApproval', status: 'False', reason: 'NothingOpen', message: '' },
  ])
}

const withConditions = (
  status: AgentRunStatus,
  generation: number,
  now: string,
  conditions: readonly ConditionInput[],
): AgentRunStatus => {
  const before = status.conditions?.find(condition => condition.type === 'AwaitingApproval')
  const after = conditions.find(condition => condition.type === 'AwaitingApproval')
  // What people took is added up when the wait is over: it does not count against limits.maxRunSeconds.
  const waited =
    before?.status === 'True' && after?.status === 'False'
      ? Math.max(0, (Date.parse(now) - Date.parse(before.lastTransitionTime)) / 1000)
      : 0
  return {
    ...status,
    observedGeneration: generation,
    ...(waited > 0 ? { waitedSeconds: (status.waitedSeconds ?? 0) + waited } : {}),
    conditions: setConditions(status.conditions, conditions, generation, now),
  }
}

/** Milliseconds that the run may still take, waiting for people left out; undefined before it started. */
export const millisecondsLeft = (run: AgentRun, maxRunSeconds: number, now: number): number | undefined => {
  const status = run.status
  if (!status?.startedAt) return undefined
  const awaiting = status.conditions?.find(({ type }) => type === 'AwaitingApproval')
  const open = awaiting?.status === 'True' ? now - Date.parse(awaiting.lastTransitionTime) : 0
  const spent = now - Date.parse(status.startedAt) - (status.waitedSeconds ?? 0) * 1000 - open
  return maxRunSeconds * 1000 - spent
}
