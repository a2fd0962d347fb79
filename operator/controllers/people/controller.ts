import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { Client } from '../../../kube/client.ts'
import type { Logger } from '../../../kube/logger.ts'
import { type ClusterRole, clusterRoles, PEOPLE_ROLE, RBAC_GROUP } from '../../rbac.ts'
import { type Impersonation, impersonationOf, peopleOf, type ServerVersion, sameRules } from './decide.ts'

/** `auto`: by the version of the API server. */
export type ImpersonationMode = 'auto' | Impersonation

export interface PeopleControllerDeps {
  readonly client: Client
  readonly log: Logger
  readonly mode: ImpersonationMode
  /** Of all namespaces. */
  readonly projects: { values(): Iterable<Project> }
  readonly roles: { find(ref: { name: string }): ClusterRole | undefined; wrote(role: ClusterRole): void }
  /** Told of a namespace whose left out members are others than before; after the first look of every one. */
  readonly changed: (namespace: string) => void
}

export interface PeopleController {
  /** Keeps the rules of the role; the same whichever change it is called for. */
  reconcile(): Promise<{ requeueAfterMs: number }>
  /** Members of a namespace's project for whom there was no room at the last look; undefined before the first. */
  leftOut(namespace: string): readonly string[] | undefined
}

/** The API server may be upgraded while the operator runs. */
const VERSION_AGE_MS = 600_000

export const createPeopleController = (deps: PeopleControllerDeps): PeopleController => {
  let leftOut: ReadonlyMap<string, readonly string[]> | undefined

  const impersonation = async (): Promise<Impersonation> =>
    deps.mode === 'auto'
      ? impersonationOf((await deps.client.raw({ method: 'GET', path: '/version' })) as ServerVersion)
      : deps.mode

  const tell = (now: ReadonlyMap<string, readonly string[]>) => {
    const before = leftOut
    leftOut = now
    const all = before
      ? [...before.keys(), ...now.keys()]
      : [...deps.projects.values()].map(({ metadata }) => metadata.namespace ?? '')
    for (const namespace of new Set(all)) {
      if (!before || before.get(namespace)?.join() !== now.get(namespace)?.join()) deps.changed(namespace)
    }
  }

  return {
    leftOut: namespace => leftOut && (leftOut.get(namespace) ?? []),
    reconcile: async () => {
      const form = await impersonation()
      const { rules, leftOut: now } = peopleOf(deps.projects.values(), form)
      tell(now)
      const role = deps.roles.find({ name: PEOPLE_ROLE })
      if (role && sameRules(role.rules, rules)) return { requeueAfterMs: VERSION_AGE_MS }
      // Applied, not replaced: whoever applies the manifest, which holds no rules, does not take them away, and where
      // the role was deleted it is there again.
      const body = {
        apiVersion: `${RBAC_GROUP}/v1`,
        kind: 'ClusterRole',
        metadata: { name: PEOPLE_ROLE },
        rules,
      }
      const written = await deps.client.patch(
        clusterRoles,
        { name: PEOPLE_ROLE },
        { type: 'apply', body, force: true },
        { fieldManager: 'countersign-operator' },
      )
      deps.roles.wrote(written)
      deps.log.info({ name: PEOPLE_ROLE, impersonation: form, names: countOf(rules) }, 'people written')
      return { requeueAfterMs: VERSION_AGE_MS }
    },
  }
}

const countOf = (rules: readonly { readonly resourceNames?: readonly string[] }[]): number =>
  rules.reduce((sum, { resourceNames }) => sum + (resourceNames?.length ?? 0), 0)
