// What roles grant, by hand: the manifests of crds/rbac, and Kubernetes' own roles, say it in their words.
import type { Who } from './actors.ts'

export type Place = 'project' | 'system'

/** `resource` or `resource/subresource` to verbs; `*` for all. */
type Grants = Readonly<Record<string, string>>

const all: Grants = { '*': '*' }
const read = 'get list watch'
const change = 'create update patch delete deletecollection'

const member: Grants = {
  agents: read,
  agentruns: `${read} create`,
  approvalrequests: `${read} approve`,
  'approvalrequests/status': 'get patch',
  projects: read,
  auditrecords: read,
}

const admin: Grants = {
  ...member,
  agents: `${read} ${change}`,
  agentruns: `${read} ${change} setcontext`,
  projects: `${read} update patch`,
}

const owner: Grants = { ...admin, projects: `${read} create update patch delete own` }

/** Kubernetes' own `admin`: everything in the namespace that is not ours. */
const namespaceAdmin: Grants = {
  secrets: `${read} ${change}`,
  rolebindings: `${read} ${change}`,
  leases: `${read} ${change}`,
  pods: `${read} ${change}`,
  'serviceaccounts/token': 'create',
}

const written = `${read} ${change}`
const editor: Grants = {
  agents: written,
  'agents/status': 'get update patch',
  agentruns: written,
  'agentruns/status': 'get update patch',
  agentturns: written,
  'agentturns/status': 'get update patch',
  approvalrequests: written,
  'approvalrequests/status': 'get update patch',
  projects: written,
  'projects/status': 'get update patch',
  auditrecords: written,
  apikeys: written,
  'apikeys/status': 'get update patch',
}

const operator: Grants = {
  agents: read,
  'agents/status': 'get update patch',
  agentruns: `${read} update patch delete`,
  'agentruns/status': 'get update patch',
  agentturns: `${read} create delete`,
  'agentturns/status': 'get update patch',
  approvalrequests: `${read} create delete`,
  'approvalrequests/status': 'get update patch',
  projects: read,
  'projects/status': 'get update patch',
  auditrecords: `${read} create`,
  secrets: 'get',
  // To three names, which RBAC cannot say of a create.
  rolebindings: 'create',
  // countersign-owner, countersign-admin, countersign-member, by name.
  'roles of ours': 'bind',
  // countersign-gateway-people, by name.
  'people role': `get list watch create update patch escalate`,
}

const gateway: Grants = {
  agents: read,
  agentruns: read,
  approvalrequests: read,
  projects: read,
  auditrecords: read,
  subjectaccessreviews: 'create',
}

/** What the gateway may do while it acts as a person, whatever the person may. */
const asPeople: Grants = {
  agents: read,
  agentruns: `${read} create update patch`,
  approvalrequests: read,
  'approvalrequests/status': 'patch',
  projects: `${read} update patch`,
  auditrecords: read,
}

/** Everywhere: the collectors work on kinds that they have never heard of. */
const garbageCollector: Grants = { '*': `${read} update patch delete` }
const namespaceController: Grants = { '*': `${read} delete deletecollection` }

const grants: Readonly<Record<Who, Readonly<Record<Place, Grants>>>> = {
  owner: { project: owner, system: {} },
  admin: { project: admin, system: {} },
  member: { project: member, system: {} },
  'member by group': { project: member, system: {} },
  stranger: { project: {}, system: {} },
  'nobody signed in': { project: {}, system: {} },
  'namespace admin': { project: namespaceAdmin, system: {} },
  editor: { project: editor, system: {} },
  'cluster-admin': { project: all, system: all },
  bot: { project: member, system: {} },
  robot: { project: all, system: all },
  operator: {
    project: operator,
    system: {
      ...operator,
      secrets: 'get create',
      leases: `${read} create update patch`,
      apikeys: `${read} update delete`,
    },
  },
  'operator with every right': { project: all, system: all },
  gateway: {
    project: gateway,
    system: {
      ...gateway,
      apikeys: `${read} create patch delete`,
      'apikeys/status': 'patch',
      // countersign-gateway-seen, by name.
      configmaps: 'patch',
    },
  },
  'gateway with every right': { project: all, system: all },
  'gateway for a member': { project: member, system: {} },
  'gateway for a cluster-admin': { project: all, system: all },
  canary: {
    project: {},
    system: {
      approvalrequests: 'create',
      agentturns: 'create',
      auditrecords: 'create',
      agentruns: 'create',
      projects: 'create',
      apikeys: 'create',
    },
  },
  'garbage collector': { project: garbageCollector, system: garbageCollector },
  'namespace controller': { project: namespaceController, system: namespaceController },
}

const grantedBy = (these: Grants, resource: string, verb: string): boolean =>
  [these[resource], these['*']].some(verbs => verbs === '*' || verbs?.split(' ').includes(verb))

/** Whether a role gives `who`, or the person as whom the gateway acts, this verb on this resource in this place. */
export const granted = (who: Who, place: Place, resource: string, verb: string): boolean =>
  grantedBy(grants[who][place], resource, verb)

/** The same, and whether the gateway may do it as a person at all, where it acts as one. */
export const mayAct = (who: Who, place: Place, resource: string, verb: string): boolean =>
  granted(who, place, resource, verb) &&
  (!who.startsWith('gateway for ') || grantedBy(asPeople, resource, verb))
