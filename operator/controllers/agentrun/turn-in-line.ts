import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import { namespaceOf, type Scope, uidOf } from './scope.ts'
import type { Work } from './slots.ts'
import type { Waiting } from './status.ts'

/** Whether the model may be asked now; else the run stands in line, and is woken when it is its turn. */
export const mayAsk = (scope: Scope, { spec }: Agent): boolean => {
  const { provider, name, baseURL = '' } = spec.model
  const { perModel } = scope.deps.limits
  return scope.deps.slots.take(work(scope, 'model', `model ${provider} ${baseURL} ${name}`, perModel))
}

/** Whether a call may be made now; else its run stands in line. */
export const mayCall = (scope: Scope, call: Pick<TurnCall, 'id' | 'tool'>): boolean => {
  const toolset = call.tool.split('.')[0] ?? ''
  const server = `toolset ${namespaceOf(scope)} ${scope.run.spec.agentRef.name} ${toolset}`
  return scope.deps.slots.take({ ...work(scope, call.id, server, scope.deps.limits.perToolset), first: true })
}

const work = (scope: Scope, id: string, server: string, limit: number): Work => {
  const { namespace = '', name } = scope.run.metadata
  return {
    runUID: uidOf(scope),
    id,
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
