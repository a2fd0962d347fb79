import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { AgentRun, AgentRunSpec } from '../../../crds/v1alpha1/agentrun.ts'
import { jsonObject, objectName } from '../../../crds/v1alpha1/common.ts'
import { agentRuns, agents } from '../../../crds/v1alpha1/resources.ts'
import { ConnectionError, isAlreadyExists } from '../../../kube/errors.ts'
import { checkParams } from '../../../operator/policy/params.ts'
import { coversAgent } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import { component } from '../openapi/components.ts'
import { problem } from '../problems/problem.ts'
import { hasEnded } from './item.ts'
import { idempotentRunName, runName } from './names.ts'

const maxContextBytes = 16_384

/** Body of `POST .../runs`. */
export const createBody = component(
  'RunRequest',
  z.strictObject({
    name: objectName.max(63).optional().describe('Name of the run. Default: made of the name of the agent.'),
    agent: objectName.describe('The agent to run.'),
    input: z
      .string()
      .min(1)
      .max(65_536)
      .refine(value => value.isWellFormed(), 'is not well-formed text')
      .describe('What the agent is asked.'),
    context: jsonObject
      .superRefine((value, check) => {
        // The same rule as for parameters: what does not come back as it was sent is refused.
        const survives = checkParams(value)
        if (!survives.ok) {
          check.addIssue({ code: 'custom', message: survives.message.replace(/\bparam\b/, 'context') })
        } else if (survives.bytes > maxContextBytes) {
          check.addIssue({
            code: 'custom',
            message: `takes ${survives.bytes} bytes: at most 16 KiB are taken`,
          })
        }
      })
      .optional()
      .describe(
        'Any JSON object up to 16 KiB: what a condition reads as context.<key>. Needs the verb setcontext on agentruns.',
      ),
    continueFrom: objectName.optional().describe('An ended run whose conversation goes on here.'),
  }),
)
export type CreateBody = z.infer<typeof createBody>

/**
 * Creates a run as the caller. With an Idempotency-Key the same request of the same person leads to the same run.
 * Throws the problems `UnknownReference`, `RunNotEnded`, `AlreadyExists`, `IdempotencyKeyReused`, or what the API
 * server refused with.
 */
export async function createRun(
  caller: Caller,
  newID: () => string,
  project: string,
  body: CreateBody,
  idempotencyKey: string | undefined,
): Promise<AgentRun> {
  const { client, scope } = caller
  if (!coversAgent(scope, body.agent)) {
    throw problem('Forbidden', { sentence: `This API key may not start runs of ${body.agent}.` })
  }
  const [person] = await Promise.all([caller.person(), checkReferences(caller, project, body)])
  const { agent, input, context, continueFrom } = body
  const spec: AgentRunSpec = {
    agentRef: { name: agent },
    input,
    ...(context === undefined ? {} : { context }),
    ...(continueFrom === undefined ? {} : { continueFrom: { name: continueFrom } }),
    requestedBy: person.username,
    cancel: false,
  }
  const name = body.name ?? nameFor(project, person.username, agent, newID, idempotencyKey)
  try {
    return await client.create(agentRuns, { metadata: { name, namespace: project }, spec })
  } catch (error) {
    const taken = isAlreadyExists(error)
    if (!taken && !(error instanceof ConnectionError)) throw error
    // Taken by somebody else, or by the same request earlier; or the answer was lost, and the run may be there.
    const existing = await client.find(agentRuns, { namespace: project, name })
    const isOurs = existing !== undefined && isSameRequest(existing.spec, spec)
    if (isOurs && (!taken || idempotencyKey !== undefined)) return existing
    if (!taken) throw error
    if (idempotencyKey === undefined) throw problem('AlreadyExists', { name }, { cause: error })
    throw problem('IdempotencyKeyReused', {}, { cause: error })
  }
}

function nameFor(
  project: string,
  username: string,
  agent: string,
  newID: () => string,
  key: string | undefined,
): string {
  return key === undefined ? runName(agent, newID()) : idempotentRunName(project, username, key)
}

/** All but `cancel` and what lets it be deleted: those change during a run's life. */
function isSameRequest(a: AgentRunSpec, b: AgentRunSpec): boolean {
  const fixed = ({ cancel: _cancel, ttlSecondsAfterFinished: _ttl, ...rest }: AgentRunSpec) => rest
  return isDeepStrictEqual(fixed(a), fixed(b))
}

/** A run of an agent that does not exist would wait for ever: told now, while somebody listens. */
async function checkReferences({ client, scope }: Caller, project: string, body: CreateBody): Promise<void> {
  const { agent, continueFrom } = body
  const [found, earlier] = await Promise.all([
    client.find(agents, { namespace: project, name: agent }),
    continueFrom === undefined
      ? undefined
      : client.find(agentRuns, { namespace: project, name: continueFrom }),
  ])
  if (found === undefined) throw problem('UnknownReference', { kind: 'agent', name: agent, project })
  if (continueFrom === undefined) return
  if (earlier === undefined || !coversAgent(scope, earlier.spec.agentRef.name))
    throw problem('UnknownReference', { kind: 'run', name: continueFrom, project })
  if (!hasEnded(earlier)) {
    throw problem('RunNotEnded', { name: continueFrom, phase: earlier.status?.phase ?? 'Pending' })
  }
}
