import { isDeepStrictEqual } from 'node:util'
import { VIA_EXTRA } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { PolicyRule } from '../../rbac.ts'
import { isPerson } from '../project/bindings.ts'

/** How the API server limits impersonation: by kind and verb of what is done (1.36 and newer), or only by name. */
export type Impersonation = 'constrained' | 'legacy'

/** Over which path the gateway may say that a person came. */
const PATHS = ['API', 'Web'] as const

/**
 * Bytes that the names may take in the role. An object may take about 1.5 MB in etcd, and the API server reads this
 * one whenever the gateway acts as somebody.
 */
export const MAX_NAME_BYTES = 700_000

/** As whom the gateway may act. */
export interface People {
  readonly rules: readonly PolicyRule[]
  /** By namespace, the members for whom there was no room. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
}

/**
 * The rules of the ClusterRole countersign-gateway-people: the users and groups that Projects name, each once, sorted.
 * Pure, and the same whatever the order of the projects. Where not all fit, those of the oldest projects do, so
 * that nobody can take room from others by making projects.
 */
export const peopleOf = (
  projects: Iterable<Project>,
  impersonation: Impersonation,
  maxNameBytes = MAX_NAME_BYTES,
): People => {
  const users = new Set<string>()
  const groups = new Set<string>()
  const leftOut = new Map<string, string[]>()
  let bytes = 0
  for (const project of [...projects].sort(byAge)) {
    for (const { user, group } of project.spec.members) {
      const name = user ?? group ?? ''
      const names = user === undefined ? groups : users
      if (!isPerson(name) || names.has(name)) continue
      const size = Buffer.byteLength(name) + QUOTES
      if (bytes + size <= maxNameBytes) {
        names.add(name)
        bytes += size
        continue
      }
      const { namespace = '' } = project.metadata
      leftOut.set(namespace, [...(leftOut.get(namespace) ?? []), name])
    }
  }
  return { rules: rulesFor([...users].sort(), [...groups].sort(), impersonation), leftOut }
}

/** Quotes and comma of a name in JSON. */
const QUOTES = 3

const byAge = (a: Project, b: Project): number => {
  const [one, other] = [a, b].map(
    ({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}`,
  ) as [string, string]
  return one < other ? -1 : one > other ? 1 : 0
}

const AUTHENTICATION = 'authentication.k8s.io'

/**
 * A rule without resourceNames would be one for every name there is: where nobody is named there is no rule. The
 * policy countersign-gateway-people refuses one as well.
 */
const rulesFor = (
  users: readonly string[],
  groups: readonly string[],
  impersonation: Impersonation,
): PolicyRule[] => {
  const constrained = impersonation === 'constrained'
  const verbs = [constrained ? 'impersonate:user-info' : 'impersonate']
  const rule = (resource: string, resourceNames: readonly string[], apiGroup: string): PolicyRule[] =>
    resourceNames.length === 0 ? [] : [{ apiGroups: [apiGroup], resources: [resource], resourceNames, verbs }]
  const core = constrained ? AUTHENTICATION : ''
  if (users.length + groups.length === 0) return []
  return [
    ...rule('users', users, core),
    ...rule('groups', groups, core),
    ...rule(`userextras/${VIA_EXTRA}`, PATHS, AUTHENTICATION),
  ]
}

export const sameRules = (
  a: readonly PolicyRule[] | null | undefined,
  b: readonly PolicyRule[] | null | undefined,
): boolean => isDeepStrictEqual(a ?? [], b ?? [])

/** What GET /version says, as far as it matters. */
export interface ServerVersion {
  readonly major?: string
  readonly minor?: string
  /** Set where the server behaves as an older one (--emulated-version). */
  readonly emulationMajor?: string
  readonly emulationMinor?: string
}

/** Constrained impersonation is on by default since 1.36. A version that cannot be read is an old one, as its rules work on new servers too. */
export const impersonationOf = (version: ServerVersion): Impersonation => {
  const { major, minor, emulationMajor = major, emulationMinor = minor } = version
  const [one, two] = [Number.parseInt(emulationMajor ?? '', 10), Number.parseInt(emulationMinor ?? '', 10)]
  return one > 1 || (one === 1 && two >= 36) ? 'constrained' : 'legacy'
}
