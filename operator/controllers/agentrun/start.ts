import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { auditKey } from '../../audit/entry.ts'
import { MAX_CONTEXT_BYTES, recordedContext } from '../approvalrequest/entries.ts'
import { findCondition, isTrue } from '../conditions.ts'
import { type Next, namespaceOf, nowOf, type Scope, statusOf, uidOf, writeStatus } from './scope.ts'
import { askingFor, goingOn, hasEnded, type Waiting } from './status.ts'

/** How often a run that waits for another one looks again. */
const LOOK_AGAIN_MS = 5_000

/** Why a run cannot start yet; undefined when it can. Pure. */
export const whyPending = (
  run: AgentRun,
  agent: Agent | undefined,
  earlier: AgentRun | undefined,
): Waiting | undefined => {
  const { agentRef, continueFrom, call } = run.spec
  if (!agent)
    return { reason: 'AgentNotFound', message: `there is no Agent named ${agentRef.name} in this namespace` }
  if (agent.status?.observedGeneration !== agent.metadata.generation) {
    return { reason: 'AgentNotReady', message: `the operator has not looked at Agent ${agentRef.name} yet` }
  }
  if (!isTrue(agent.status?.conditions, 'Ready')) {
    const ready = findCondition(agent.status?.conditions, 'Ready')
    return {
      reason: 'AgentNotReady',
      message: `Agent ${agentRef.name} is not ready: ${ready?.message ?? 'no word of it yet'}`,
    }
  }
  if (call) {
    return {
      reason: 'CallNotSupported',
      message: 'spec.call is not served by this version of the operator; use input',
    }
  }
  if (!continueFrom) return undefined
  if (!earlier)
    return {
      reason: 'EarlierRunNotFound',
      message: `there is no AgentRun named ${continueFrom.name} to continue from`,
    }
  if (earlier.spec.agentRef.name !== agentRef.name) {
    return {
      reason: 'EarlierRunOfAnotherAgent',
      message: `${continueFrom.name} is a run of another agent, ${earlier.spec.agentRef.name}`,
    }
  }
  if (!hasEnded(earlier))
    return { reason: 'EarlierRunNotEnded', message: `waits for ${continueFrom.name} to end` }
  return undefined
}

/** Starts a run, or says why it waits. */
export const startRun = async (scope: Scope): Promise<Next> => {
  const { run, deps } = scope
  const generation = run.metadata.generation ?? 1
  const earlier =
    run.spec.continueFrom &&
    deps.runs.find({ namespace: namespaceOf(scope), name: run.spec.continueFrom.name })
  const pending = whyPending(run, scope.agent, earlier)
  if (pending) {
    await writeStatus(
      scope,
      goingOn({ ...statusOf(scope), phase: 'Pending' }, pending, generation, nowOf(scope)),
    )
    return pending.reason.startsWith('EarlierRun') ? { requeueAfterMs: LOOK_AGAIN_MS } : {}
  }
  const bytes = Buffer.byteLength(JSON.stringify(run.spec.context ?? {}))
  if (bytes > MAX_CONTEXT_BYTES) {
    scope.failure = {
      reason: 'TranscriptTooLarge',
      message: `spec.context takes ${bytes} bytes; at most ${MAX_CONTEXT_BYTES} are taken`,
    }
  }
  if (deps.draining()) return {}
  await writeStatus(
    scope,
    goingOn(
      { ...statusOf(scope), phase: 'Running', startedAt: nowOf(scope), turns: 0 },
      askingFor(1),
      generation,
      nowOf(scope),
    ),
  )
  scope.memory.answered = 0
  return 'Again'
}

/** Records that a run started; before anything that it does is recorded. */
export const recordStart = async (scope: Scope): Promise<void> => {
  const { run, deps, memory } = scope
  if (memory.startRecorded) return
  await deps.audit.append(namespaceOf(scope), [
    {
      key: auditKey('RunStarted', uidOf(scope)),
      entry: {
        action: 'RunStarted',
        ...(run.spec.requestedBy === undefined ? {} : { actor: run.spec.requestedBy }),
        agent: run.spec.agentRef.name,
        ...(scope.agent?.metadata.generation === undefined
          ? {}
          : { agentGeneration: scope.agent.metadata.generation }),
        run: run.metadata.name,
        ...recordedContext(run),
      },
    },
  ])
  memory.startRecorded = true
}
