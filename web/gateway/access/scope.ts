import type { FastifyRequest } from 'fastify'
import type { Resource } from '../../../kube/types.ts'
import type { Scope } from '../credentials.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { type Problem, problem } from '../problems/problem.ts'

/** Of a credential that is narrowed to nothing: it does what its person may. */
export const wholeScope: Scope = { readOnly: false }

/** Whether a credential of this scope has to do with this agent. What is of others is not there for it. */
export const coversAgent = ({ agents }: Scope, agent: string | undefined): boolean =>
  agents === undefined || (agent !== undefined && agents.includes(agent))

/**
 * What a scope refuses of a request before it is looked at: another project than its own, and where it only reads
 * everything but reading. Undefined where it refuses nothing.
 */
export function refusalOf(
  scope: Scope,
  request: { readonly method: string; readonly project: string | undefined },
): Problem | undefined {
  if (scope.project !== undefined && request.project !== undefined && scope.project !== request.project) {
    return problem('Forbidden', {
      sentence: `This API key is for the project ${scope.project} and reaches no other.`,
    })
  }
  if (scope.readOnly && request.method !== 'GET' && request.method !== 'HEAD') {
    return problem('Forbidden', {
      sentence: 'This API key only reads. Use one that was made without readOnly.',
    })
  }
  return undefined
}

/** Holds every request of `app` to the scope of its credential. Call after `authenticate`. */
export function holdToScope(app: App): void {
  app.addHook('onRequest', async request => {
    const { method } = request
    const refusal = refusalOf(callerOf(request).scope, { method, project: projectOf(request) })
    if (refusal !== undefined) throw refusal
  })
}

function projectOf({ params }: FastifyRequest): string | undefined {
  const { ns } = (params ?? {}) as { ns?: unknown }
  return typeof ns === 'string' ? ns : undefined
}

/** Throws, as if it did not exist, for the object of an agent that the scope has nothing to do with. */
export function checkAgent(scope: Scope, agent: string | undefined, resource: Resource, name: string): void {
  if (!coversAgent(scope, agent)) throw notFound(resource, name)
}

/** The API server's own words for an object that does not exist. */
export const notFound = ({ plural, group }: Resource, name: string): Problem =>
  problem('NotFound', { what: `${plural}.${group} "${name}" not found.` })
