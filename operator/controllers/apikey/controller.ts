import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { KEY_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { apiKeys, projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { isConflict, isNotFound } from '../../../kube/errors.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Clock } from '../../../kube/types.ts'
import type { AuditWriter } from '../../audit/writer.ts'
import type { Cache } from '../cache.ts'
import { decideKey, membershipLost } from './decide.ts'
import { created, revoked } from './entries.ts'

export interface KeyControllerDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly audit: AuditWriter
  readonly keys: Cache<APIKey>
  readonly projects: Cache<Project>
  /** Only keys of this project are looked at; of all when absent. */
  readonly watchNamespace?: string
}

/** Milliseconds after which something that could not be done is tried again. */
const RETRY_MS = 1000

/**
 * Records that an API key was made and that it is gone, in the chain of its project, and takes away what may not be:
 * keys of people who are no members any more, of projects that are gone, and such as expired long ago.
 */
export const reconcileKey = async (
  deps: KeyControllerDeps,
  namespace: string,
  name: string,
): Promise<{ requeueAfterMs?: number }> => {
  const key = deps.keys.find({ namespace, name })
  if (!key || (deps.watchNamespace !== undefined && key.spec.project !== deps.watchNamespace)) return {}
  const now = deps.clock.now()
  const plan = decideKey(key, deps.projects.find({ namespace: key.spec.project, name: 'project' }), now)
  switch (plan.plan) {
    case 'Keep':
      if (!key.metadata.deletionTimestamp) await deps.audit.append(key.spec.project, [created(key)])
      return { requeueAfterMs: plan.untilMs - now }
    // What may not work any more ends at once; it is recorded when it is let go, and stays until then.
    case 'Delete':
      if (plan.doubtful && !(await isLost(deps.client, key))) return { requeueAfterMs: RETRY_MS }
      await takeAway(deps, key, plan.why)
      return {}
    // In a namespace that is gone or going nothing can be recorded: there the key goes without it.
    case 'Release':
      await deps.audit.append(key.spec.project, [created(key), revoked(key, plan.why)])
      await release(deps, key)
      return {}
  }
}

/** Whether the user of a key is no member, by the word of the API server: the cache may be behind. */
const isLost = async (client: Client, key: APIKey): Promise<boolean> =>
  membershipLost(key, await client.find(projects, { namespace: key.spec.project, name: 'project' })) !==
  undefined

const takeAway = async (deps: KeyControllerDeps, key: APIKey, why: string): Promise<void> => {
  const { namespace = '', name, uid } = key.metadata
  try {
    await deps.client.delete(apiKeys, { namespace, name }, uid === undefined ? {} : { uid })
    deps.log.info({ name, project: key.spec.project, why }, 'API key revoked')
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

/** Takes our finalizer out of a deleted key, and nothing else. */
const release = async (deps: KeyControllerDeps, key: APIKey): Promise<void> => {
  const finalizers = (key.metadata.finalizers ?? []).filter(one => one !== KEY_FINALIZER)
  const released = { ...key, metadata: { ...key.metadata, finalizers } }
  try {
    await deps.client.replace(apiKeys, released)
    deps.keys.deleted(released)
    deps.log.info({ name: key.metadata.name, project: key.spec.project }, 'the end of an API key is recorded')
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
