import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { logSafe } from '../../../kube/errors.ts'
import { AuditUnavailable } from '../../audit/writer.ts'
import { advance, waitForPeople, waitsForPeopleAlone } from './advance.ts'
import { abandonQuestion, askNext, DEFAULT_LIMITS } from './ask.ts'
import { isOver } from './calls.ts'
import { afterEnd, endedEntry, endRun, releaseRun, writeEnd } from './end.ts'
import { rememberHidden } from './hidden.ts'
import {
  goingOnNow,
  type Next,
  newMemory,
  type RunDeps,
  type RunMemory,
  type Scope,
  statusOf,
  uidOf,
  writeStatus,
} from './scope.ts'
import { recordStart, startRun } from './start.ts'
import { allOver, callSteps, hasEnded, millisecondsLeft } from './status.ts'
import { cancelStrays, traceOpened } from './strays.ts'
import { lostTurn, turnName } from './turns.ts'

/*
 * The life of a run.
 *
 *   Pending ──agent ready──▶ Running ◀──all decided──▶ AwaitingApproval
 *                               │                            │
 *                               ├─▶ Succeeded   the model has no more to ask for
 *                               ├─▶ Failed      a failure of the catalogue (crds failureReasons)
 *                               └─▶ Cancelled   spec.cancel, or deleted
 *
 * What is under way in the outside world (a question to the model, a tool being called) is waited for by
 * effects.ts; a look at a run never waits for it.
 */

export interface RunController {
  /** Looks at one run and does what can be done now. */
  reconcile(namespace: string, name: string): Promise<{ requeueAfterMs?: number }>
}

/** Looks in a row before a run gives way to others. */
const MAX_LOOKS = 50

/** @param known what is remembered of runs: empty for a process that has just started */
export const createRunController = (deps: RunDeps, known: RunMemories = new Map()): RunController => {
  const memoryOf = (key: string, run: AgentRun): RunMemory => {
    const runs = known.get(key) ?? new Map<string, Remembered>()
    known.set(key, runs)
    const uid = run.metadata.uid ?? ''
    const memory = runs.get(uid)?.memory ?? newMemory()
    runs.set(uid, { run, memory })
    return memory
  }

  const forget = (key: string, uid: string) => {
    const runs = known.get(key)
    runs?.delete(uid)
    if (runs?.size === 0) known.delete(key)
    deps.turns.forget(uid)
    deps.effects.forgetModel(uid)
    deps.effects.forgetCalls(uid)
    settleSlots(uid)
  }

  const settleSlots = (uid: string): void =>
    deps.slots.looked(uid, id =>
      id === 'model'
        ? deps.effects.model(uid).state === 'Asking'
        : ['Fenced', 'Calling'].includes(deps.effects.call(uid, id).state),
    )

  /** Records how those runs ended that were deleted before they had: their calls under way, then themselves. */
  const recordGone = async (namespace: string, key: string, present: string | undefined): Promise<void> => {
    for (const [uid, { run, memory }] of [...(known.get(key) ?? [])]) {
      if (uid === present) continue
      deps.effects.forgetModel(uid)
      for (const [callID, entry] of memory.calling) {
        const flight = deps.effects.call(uid, callID)
        // The call tells when it is over, and is recorded then.
        if (flight.state === 'Calling') continue
        const outcome = flight.state === 'Done' && flight.outcome.kind === 'Result' ? 'Succeeded' : 'Failed'
        await deps.audit.append(namespace, [entry(outcome)])
        deps.effects.forgetCall(uid, callID)
        memory.calling.delete(callID)
      }
      if (memory.calling.size > 0) continue
      if (memory.startRecorded) {
        await deps.audit.append(namespace, [endedEntry(run, { ...run.status, phase: 'Cancelled' })])
      }
      forget(key, uid)
    }
  }

  return {
    reconcile: async (namespace, name) => {
      const key = `${namespace}/${name}`
      const run = deps.runs.find({ namespace, name })
      await recordGone(namespace, key, run?.metadata.uid)
      if (!run) return {}
      const scope: Scope = {
        deps,
        memory: memoryOf(key, run),
        run,
        agent: undefined,
        failure: run.status?.failure,
      }
      try {
        for (let looks = 0; looks < MAX_LOOKS; looks++) {
          scope.agent = deps.agents.find({ namespace, name: run.spec.agentRef.name })
          const next = await look(scope)
          if (next === 'Again') continue
          // A fence that is still there was never written, and while draining nothing will write it: nobody waits for it.
          if (deps.draining()) deps.effects.unfence(run.metadata.uid ?? '')
          if (hasEnded(scope.run)) forget(key, run.metadata.uid ?? '')
          if (scope.memory.unrecorded === undefined) return next
          // What had to be recorded is: once more, to say so.
          scope.memory.unrecorded = undefined
        }
        return { requeueAfterMs: 0 }
      } catch (error) {
        if (error instanceof AuditUnavailable) await sayUnrecorded(scope, error)
        throw error
      } finally {
        settleSlots(run.metadata.uid ?? '')
      }
    },
  }
}

/** A run as it was last seen, and what is remembered of it. */
export interface Remembered {
  readonly run: AgentRun
  readonly memory: RunMemory
}

/** What is remembered of the runs under one key, by UID: a run that was created again is another one. */
export type RunMemories = Map<string, Map<string, Remembered>>

/** Says in the run's conditions that it waits for the audit log. */
const sayUnrecorded = async (scope: Scope, error: AuditUnavailable): Promise<void> => {
  scope.memory.unrecorded = error.message
  if (hasEnded(scope.run)) return
  try {
    const why = { reason: 'AuditUnavailable', message: error.message } as const
    await writeStatus(scope, goingOnNow(scope, statusOf(scope), why))
  } catch (refused) {
    // Not worth more than trying: what failed first is what is told and tried again.
    scope.deps.log.debug({ error: logSafe(refused) }, 'the run could not be told of the audit log')
  }
}

/** One look: ordered guards, the first that applies acts. */
const look = async (scope: Scope): Promise<Next> => {
  const { run, agent, deps } = scope
  const status = statusOf(scope)
  const deleted = run.metadata.deletionTimestamp !== undefined
  if (hasEnded(run)) return deleted ? releaseRun(scope) : afterEnd(scope)
  if (!status.startedAt) {
    if (deleted) return releaseRun(scope)
    if (run.spec.cancel) return endRun(scope, 'Cancelled')
    return startRun(scope)
  }
  await recordStart(scope)
  if (!agent && !scope.failure) {
    scope.failure = {
      reason: 'AgentDeleted',
      message: `Agent ${run.spec.agentRef.name} was deleted while the run went on`,
    }
  }
  outOfTime(scope, agent)
  const turns = status.turns ?? 0
  forgetOver(scope, turns)
  const stops = () => deleted || run.spec.cancel || scope.failure !== undefined
  if (!stops() && waitsForPeopleAlone(scope)) return waitForPeople(scope)
  if (agent) await rememberHidden(scope, agent)
  const found = turns > 0 ? await deps.turns.find(run, turns) : undefined
  if (turns > 0 && !found && !deleted) {
    scope.failure ??= {
      reason: 'ModelError',
      message: `the transcript of turn ${turns} is gone (AgentTurn ${turnName(run.metadata.name, turns)}): the run cannot go on`,
    }
  }
  const turn = found ?? (turns > 0 ? lostTurn(run, turns) : undefined)
  const stopping = stops()
  if (stopping) abandonQuestion(scope)
  if (stopping && (await traceOpened(scope))) return 'Again'
  if (!(await cancelStrays(scope, stopping))) return { requeueAfterMs: 100 }
  if (turn && !allOver(callSteps(status.steps ?? [], turn.spec.turn)))
    return advance(scope, agent, turn, stopping)
  if (scope.memory.end) return writeEnd(scope, scope.memory.end)
  if (deleted || run.spec.cancel) return endRun(scope, 'Cancelled')
  if (scope.failure) return endRun(scope, 'Failed')
  if (turn && turn.spec.calls.length === 0) return endRun(scope, 'Succeeded', turn.spec.text)
  if (!agent) throw new Error('a run without an agent goes on')
  return askNext(scope, agent)
}

/** Calls that the trace shows as over are nothing to wait for any more, if the answer of that write was lost. */
const forgetOver = (scope: Scope, turn: number): void => {
  for (const step of callSteps(statusOf(scope).steps ?? [], turn)) {
    if (!isOver(step) || step.id === undefined) continue
    scope.deps.effects.forgetCall(uidOf(scope), step.id)
    scope.memory.calling.delete(step.id)
  }
}

/** Notes the failure of a run that took longer than it may; time spent waiting for people does not count. */
const outOfTime = (scope: Scope, agent: Agent | undefined): void => {
  const { maxRunSeconds } = agent?.spec.limits ?? DEFAULT_LIMITS
  const left = millisecondsLeft(scope.run, maxRunSeconds, scope.deps.clock.now())
  if (left === undefined || left > 0) return
  scope.failure ??= {
    reason: 'MaxRunSeconds',
    message: `the run took longer than ${maxRunSeconds} seconds (limits.maxRunSeconds)`,
  }
}
