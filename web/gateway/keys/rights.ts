import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { checkAccess } from '../access/check.ts'
import type { Caller } from '../credentials.ts'
import { problem } from '../problems/problem.ts'
import type { KeyCache } from './credentials.ts'
import { keyNamespace } from './keeping.ts'
import { chainOf, isNamedIn, isSystemName, longestChain } from './standing.ts'

/**
 * Which keys of a project are the caller's to see and to revoke: their own, an owner's all. To somebody with a key that
 * is narrowed to agents, that key and those that were made with it: what is narrowed does not end what is not.
 * Throws the problem `Forbidden` for strangers.
 */
export async function reachOf(
  caller: Caller,
  project: string,
  cache: KeyCache,
): Promise<(key: APIKey) => boolean> {
  await checkAccess(caller, onProject('get', project))
  const narrowed = caller.scope.agents !== undefined
  const owns = !narrowed && (await caller.may(onProject('own', project)))
  cache.apikeys.checkLive()
  return key => {
    if (key.spec.project !== project || key.metadata.namespace !== keyNamespace) return false
    if (narrowed) return caller.keyID !== undefined && madeWith(key, caller.keyID, cache)
    return owns || key.spec.user === caller.username
  }
}

/**
 * Whoever makes a key must be named by the project as a user. Throws the problem `Forbidden`: for strangers the same
 * whether or not there is such a project, for members through a group with what to do.
 */
export async function checkNamed(caller: Caller, project: string, client: Client): Promise<void> {
  await checkAccess(caller, onProject('get', project))
  const { username } = caller
  if (isSystemName(username)) {
    throw forbidden(`API keys are for people: ${username} has credentials of its own.`)
  }
  const found = await client.find(projects, { namespace: project, name: 'project' })
  if (found === undefined) {
    throw problem('NotFound', { what: `The namespace ${project} holds no Project named project.` })
  }
  if (!isNamedIn(found, username)) {
    throw forbidden(
      `The project ${project} does not name ${username} as a user. An API key acts by its user's name and with none of their groups, so a member through a group cannot have one: ask an owner to add ${username} to spec.members by name.`,
    )
  }
}

/** The key that the caller came with, or signed in with, which one made now must never exceed; undefined for any other credential. */
export function parentFor(caller: Caller, cache: KeyCache): APIKey | undefined {
  const { keyID } = caller
  if (keyID === undefined) return undefined
  cache.apikeys.checkLive()
  const parent = find(cache, keyID)
  const chain = parent && chainOf(parent, id => find(cache, id))
  // It ended since the request began.
  if (chain === undefined)
    throw problem('Unauthenticated', { what: 'This API key is not accepted any more.' })
  if (chain.length >= longestChain) {
    throw forbidden(
      'This API key was made with a key that was made with a key. Make the new one with one of those.',
    )
  }
  return parent
}

const onProject = (verb: string, namespace: string) => ({
  verb,
  resource: projects.plural,
  namespace,
  name: 'project',
})

const madeWith = (key: APIKey, id: string, cache: KeyCache): boolean =>
  chainOf(key, other => find(cache, other))?.some(({ metadata }) => metadata.name === id) === true

const find = (cache: KeyCache, id: string): APIKey | undefined =>
  cache.apikeys.store.find({ namespace: keyNamespace, name: id })

const forbidden = (sentence: string) => problem('Forbidden', { sentence })
