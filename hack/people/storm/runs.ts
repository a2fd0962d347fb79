// Runs that keep asking, one after the other, until they are told to stop.
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { hasEnded } from '../../../operator/controllers/agentrun/status.ts'
import { aRun } from '../../../operator/testing/world.ts'
import { untilObject } from '../../testing.ts'

/** Starts a run as somebody and returns its end. */
export const runToItsEnd = async (
  admin: Client,
  as: Client,
  namespace: string,
  name: string,
  agent: string,
): Promise<AgentRun> => {
  await as.create(agentRuns, aRun(namespace, name, { agentRef: { name: agent }, input: name }))
  const ended = (run: AgentRun | undefined) => run !== undefined && hasEnded(run)
  return (await untilObject(agentRuns, { namespace, name }, ended, {
    timeoutMs: 180_000,
    client: admin,
  })) as AgentRun
}

/** Cancels what has not ended. */
export const cancelOpenRuns = async (admin: Client, namespace: string): Promise<void> => {
  const { items } = await admin.listAll(agentRuns, { namespace })
  const patch = { type: 'merge', body: { spec: { cancel: true } } } as const
  const open = items.filter(run => !hasEnded(run))
  await Promise.all(open.map(({ metadata: { name } }) => admin.patch(agentRuns, { namespace, name }, patch)))
}
