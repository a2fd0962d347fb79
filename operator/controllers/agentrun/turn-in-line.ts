import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import { toolsetOf } from './execute.ts'
import { type Scope, uidOf } from './scope.ts'
import { modelServer, toolServer } from './servers.ts'
import type { Work } from './slots.ts'
import type { Waiting } from './status.ts'

/** Whether the model may be asked now; else the run stands in line, and is woken when it is its turn. */
export const mayAsk = (scope: Scope, { spec }: Agent): boolean => {
  const { slots, limits } = scope.deps
  return slots.take(work(scope, 'model', 'model', modelServer(spec.model), limits.perModel))
}

/** Whether a call may be made now; else its run stands in line. */
export const mayCall = (scope: Scope, call: Pick<TurnCall, 'id' | 'tool'>): boolean => {
  const { agent, deps } = scope
  const toolset = agent && toolsetOf(agent, call.tool)
  // Without its tool it comes to an error at once.
  const server = (toolset && toolServer(toolset, call.tool)) ?? 'none'
  return deps.slots.take(work(scope, 'toolset', call.id, `tools ${server}`, deps.limits.perToolset))
}

const work = (scope: Scope, kind: Work['kind'], id: string, server: string, limit: number): Work => {
  const { namespace = '', name } = scope.run.metadata
  return {
    runUID: uidOf(scope),
    id,
    kind,
    project: namespace,
    server,
    limit,
    wake: () => scope.deps.wake(namespace, name),
  }
}

/** How long a run stands in line before that is written: in a crowd most get their turn sooner. */
const SAY_AFTER_MS = 1000

/** Milliseconds until it is to be said of a run that it stands in line; 0: now. */
export const unsaidFor = ({ memory, deps }: Scope): number => {
  const now = deps.clock.now()
  memory.inLineSince ??= now
  return Math.max(0, memory.inLineSince + SAY_AFTER_MS - now)
}

/** What is said of a run that stands in line. */
export const queuedForModel: Waiting = {
  reason: 'Queued',
  message:
    'waits for its turn with the model: as many questions are under way as may be (--max-concurrent-per-model, --max-concurrent-per-project)',
}

export const queuedForTool: Waiting = {
  reason: 'Queued',
  message:
    'waits for its turn with a tool: as many calls are under way as may be (--max-concurrent-per-toolset, --max-concurrent-per-project)',
}
