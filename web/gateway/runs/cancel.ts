import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import type { ObjectRef } from '../../../kube/types.ts'
import { checkAgent } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import { problem } from '../problems/problem.ts'
import { hasEnded } from './item.ts'

/**
 * Asks for the end of a run and returns it as it is: the operator ends it. A run that is cancelled already is no error.
 * Throws the problem `RunEnded`, or what the API server refused with.
 */
export async function cancelRun({ client, scope }: Caller, ref: ObjectRef): Promise<AgentRun> {
  const run = await client.get(agentRuns, ref)
  checkAgent(scope, run.spec.agentRef.name, agentRuns, ref.name)
  const phase = run.status?.phase ?? 'Pending'
  if (phase === 'Cancelled') return run
  if (hasEnded(run)) throw problem('RunEnded', { name: ref.name, phase }, { members: { phase } })
  if (run.spec.cancel) return run
  const body = [
    { op: 'test', path: '/metadata/uid', value: run.metadata.uid },
    { op: 'add', path: '/spec/cancel', value: true },
  ] as const
  return await client.patch(agentRuns, ref, { type: 'json', body })
}
