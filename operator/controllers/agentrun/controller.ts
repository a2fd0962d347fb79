import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import { advance } from './advance.ts'
import { abandonQuestion, askNext, DEFAULT_LIMITS } from './ask.ts'
import { afterEnd, endRun, releaseRun, writeEnd } from './end.ts'
import {
  type Next,
  namespaceOf,
  newMemory,
  type RunDeps,
  type RunMemory,
  type Scope,
  statusOf,
  uidOf,
} from './scope.ts'
import { recordStart, startRun } from './start.ts'
import { allOver, callSteps, hasEnded, millisecondsLeft } from './status.ts'

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

export const createRunController = (deps: RunDeps): RunController => {
  const memories = new Map<string, RunMemory>()
  /** UID by key, so that a run that is gone is forgotten. */
  const uids = new Map<string, string>()

  const memoryOf = (key: string, uid: string): RunMemory => {
    const before = uids.get(key)
    if (before !== undefined && before !== uid) forget(key)
    uids.set(key, uid)
    const memory = memories.get(uid) ?? newMemory()
    memories.set(uid, memory)
    return memory
  }

  const forget = (key: string) => {
    const uid = uids.get(key)
    if (uid === undefined) return
    uids.delete(key)
    memories.delete(uid)
    deps.turns.forget(uid)
    deps.effects.forgetModel(uid)
  }

  /** Records the calls of a run that was deleted while they were made; true when none is under way any more. */
  const recordOrphans = async (namespace: string, key: string): Promise<boolean> => {
    const uid = uids.get(key) ?? ''
    const calling = memories.get(uid)?.calling ?? new Map<string, never>()
    for (const [callID, entry] of calling) {
      const flight = deps.effects.call(uid, callID)
      if (flight.state === 'Calling') return false
      const outcome = flight.state === 'Done' && flight.outcome.kind === 'Result' ? 'Succeeded' : 'Failed'
      await deps.audit.append(namespace, [entry(outcome)])
      deps.effects.forgetCall(uid, callID)
      calling.delete(callID)
    }
    return true
  }

  return {
    reconcile: async (namespace, name) => {
      const key = `${namespace}/${name}`
      const run = deps.runs.find({ namespace, name })
      if (!run) {
        if (await recordOrphans(namespace, key)) forget(key)
        return {}
      }
      const scope: Scope = {
        deps,
        memory: memoryOf(key, run.metadata.uid ?? ''),
        run,
        agent: deps.agents.find({ namespace, name: run.spec.agentRef.name }),
        failure: run.status?.failure,
      }
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        const next = await look(scope)
        if (next !== 'Again') {
          if (hasEnded(scope.run)) forget(key)
          return next
        }
      }
      return { requeueAfterMs: 0 }
    },
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
  const stopping = deleted || run.spec.cancel || scope.failure !== undefined
  if (stopping) abandonQuestion(scope)
  const turn = (status.turns ?? 0) > 0 ? await deps.turns.find(run, status.turns ?? 0) : undefined
  if ((status.turns ?? 0) > 0 && !turn)
    throw new Error(
      `turn ${status.turns} of run ${namespaceOf(scope)}/${run.metadata.name} (${uidOf(scope)}) is missing`,
    )
  if (turn && !allOver(callSteps(status.steps ?? [], turn.spec.turn)))
    return advance(scope, agent, turn, stopping)
  if (scope.memory.end) return writeEnd(scope, scope.memory.end)
  if (deleted || run.spec.cancel) return endRun(scope, 'Cancelled')
  if (scope.failure) return endRun(scope, 'Failed')
  if (turn && turn.spec.calls.length === 0) return endRun(scope, 'Succeeded', turn.spec.text)
  if (!agent) throw new Error('a run without an agent goes on')
  return askNext(scope, agent)
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
