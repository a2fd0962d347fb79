import { z } from 'zod'
import { type AgentRun, agentRunSpec, agentRunStatus, runPhases } from '../../../crds/v1alpha1/agentrun.ts'
import { objectName, time } from '../../../crds/v1alpha1/common.ts'
import { namespaceName } from '../http/params.ts'

const spec = agentRunSpec.shape
const status = agentRunStatus.shape

/** An AgentRun as the REST API shows it. */
export const runItem = z.object({
  name: objectName.describe('Name of the run.'),
  uid: z.string().describe('UID of the AgentRun.'),
  project: namespaceName.describe('Its project.'),
  agent: objectName.describe('The agent that runs.'),
  phase: z.enum(runPhases).describe('How far it is; Succeeded, Failed and Cancelled are final.'),
  input: spec.input,
  context: spec.context,
  continueFrom: objectName.optional().describe('The run whose conversation goes on here.'),
  requestedBy: spec.requestedBy,
  cancel: z.boolean().describe('Whether somebody asked to end it.'),
  createdAt: time.describe('When it was created.'),
  startedAt: status.startedAt,
  finishedAt: status.finishedAt,
  waitedSeconds: status.waitedSeconds,
  awaitingSince: time
    .optional()
    .describe('Since when people are waited for; absent while nobody is. Not in waitedSeconds yet.'),
  turns: status.turns,
  steps: z.array(status.steps.unwrap().element).describe('The trace, in order.'),
  output: status.output,
  failure: status.failure,
  waiting: z
    .object({
      reason: z.string().describe('As one word: AgentNotReady, AwaitingApproval, ModelUnavailable.'),
      message: z.string().describe('For people.'),
    })
    .optional()
    .describe('Why a run that has not ended is where it is, by the last word of the operator.'),
})
export type RunItem = z.infer<typeof runItem>

/** The item of a run. */
export function itemOf({ metadata, spec, status }: AgentRun): RunItem {
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    project: metadata.namespace ?? '',
    agent: spec.agentRef.name,
    phase: status?.phase ?? 'Pending',
    input: spec.input,
    context: spec.context,
    continueFrom: spec.continueFrom?.name,
    requestedBy: spec.requestedBy,
    cancel: spec.cancel,
    createdAt: metadata.creationTimestamp ?? '',
    startedAt: status?.startedAt,
    finishedAt: status?.finishedAt,
    waitedSeconds: status?.waitedSeconds,
    awaitingSince: awaitingSince(status),
    turns: status?.turns,
    steps: status?.steps ?? [],
    output: status?.output,
    failure: status?.failure,
    waiting: waitingOf(status),
  }
}

function awaitingSince(status: AgentRun['status']): string | undefined {
  const awaiting = status?.conditions?.find(({ type }) => type === 'AwaitingApproval')
  return awaiting?.status === 'True' ? awaiting.lastTransitionTime : undefined
}

/** The operator's own words: why the condition Complete is not True yet. */
function waitingOf(status: AgentRun['status']): RunItem['waiting'] {
  const complete = status?.conditions?.find(({ type }) => type === 'Complete')
  if (complete?.status !== 'False' || status?.finishedAt !== undefined) return undefined
  return { reason: complete.reason, message: complete.message }
}

/** Whether a run's phase is final. */
export const hasEnded = ({ status }: AgentRun): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.phase === 'Cancelled'
