/** Somebody who tries something, in the table of rights. */
export interface Actor {
  /** Who, in words: unique. */
  readonly who: string
  /** Head of the column. */
  readonly short: string
  readonly explained: string
  /** Name of the user, with `$project` for the project's namespace. */
  readonly user: string
  readonly groups: readonly string[]
  /** A ServiceAccount or another part of the system: not a person. */
  readonly machine?: true
}

const system = 'system:serviceaccount:countersign-system'
const accounts = (namespace: string) => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]

/** Those who are people. The first six have their rights, or none, in one project. */
export const persons = [
  {
    who: 'owner',
    short: 'Owner',
    explained: 'a user with the role `countersign-owner` in the project',
    user: 'alice@acme.com',
    groups: [],
  },
  {
    who: 'admin',
    short: 'Admin',
    explained: 'a user with the role `countersign-admin` in the project',
    user: 'bob@acme.com',
    groups: [],
  },
  {
    who: 'member',
    short: 'Member',
    explained: 'a user with the role `countersign-member` in the project',
    user: 'carol@acme.com',
    groups: [],
  },
  {
    who: 'member by group',
    short: 'by group',
    explained: 'a user whose group has the role `countersign-member`',
    user: 'dave@acme.com',
    groups: ['reviewers'],
  },
  {
    who: 'stranger',
    short: 'Stranger',
    explained: 'a user whom the cluster knows, without a role in the project',
    user: 'mallory@acme.com',
    groups: [],
  },
  {
    who: 'nobody signed in',
    short: 'Nobody',
    explained: 'whoever sends no credential (`system:anonymous`)',
    user: 'system:anonymous',
    groups: ['system:unauthenticated'],
    machine: true,
  },
  {
    who: 'namespace admin',
    short: 'ns admin',
    explained:
      "a user with Kubernetes' own ClusterRole `admin` in the project's namespace, and no role of ours",
    user: 'nina@acme.com',
    groups: [],
  },
  {
    who: 'editor',
    short: 'editor',
    explained:
      'a user with a role of your own that gives every verb of Kubernetes on all our kinds, but not `approve`, `own` and `setcontext`',
    user: 'edith@acme.com',
    groups: [],
  },
  {
    who: 'cluster-admin',
    short: 'cluster-admin',
    explained: 'a person in `system:masters`',
    user: 'kubernetes-admin',
    groups: ['system:masters'],
  },
] as const satisfies readonly Actor[]

/** Those who are not. */
export const machines = [
  {
    who: 'bot',
    short: 'SA member',
    explained: 'a ServiceAccount with the role `countersign-member`',
    user: 'system:serviceaccount:$project:bot',
    groups: accounts('$project'),
    machine: true,
  },
  {
    who: 'robot',
    short: 'SA c-admin',
    explained: 'a ServiceAccount that is cluster-admin',
    user: 'system:serviceaccount:$project:robot',
    groups: ['system:masters', ...accounts('$project')],
    machine: true,
  },
  {
    who: 'operator',
    short: 'operator',
    explained: 'the token of `countersign-operator`, stolen or not',
    user: `${system}:countersign-operator`,
    groups: accounts('countersign-system'),
    machine: true,
  },
  {
    who: 'operator with every right',
    short: 'operator+',
    explained: 'the same, made cluster-admin by mistake',
    user: `${system}:countersign-operator`,
    groups: ['system:masters', ...accounts('countersign-system')],
    machine: true,
  },
  {
    who: 'gateway',
    short: 'gateway',
    explained: 'the token of `countersign-gateway`, stolen or not',
    user: `${system}:countersign-gateway`,
    groups: accounts('countersign-system'),
    machine: true,
  },
  {
    who: 'gateway with every right',
    short: 'gateway+',
    explained: 'the same, made cluster-admin by mistake',
    user: `${system}:countersign-gateway`,
    groups: ['system:masters', ...accounts('countersign-system')],
    machine: true,
  },
  {
    who: 'gateway for a member',
    short: 'gw→Member',
    explained: 'the gateway acting as a Member whom a Project names (Kubernetes 1.36 and newer)',
    user: 'grace@rights.acme.com',
    groups: [],
  },
  {
    who: 'gateway for a cluster-admin',
    short: 'gw→c-admin',
    explained: 'the gateway acting as a user with every right, whom a Project names (1.36 and newer)',
    user: 'greta@rights.acme.com',
    groups: [],
  },
  {
    who: 'canary',
    short: 'canary',
    explained: 'the ServiceAccount `countersign-canary`, as which the operator tries what must be refused',
    user: `${system}:countersign-canary`,
    groups: accounts('countersign-system'),
    machine: true,
  },
  {
    who: 'garbage collector',
    short: 'GC',
    explained: "Kubernetes' own: deletes what a deleted object owned",
    user: 'system:serviceaccount:kube-system:generic-garbage-collector',
    groups: accounts('kube-system'),
    machine: true,
  },
  {
    who: 'namespace controller',
    short: 'NS ctrl',
    explained: "Kubernetes' own: deletes what was in a deleted namespace",
    user: 'system:serviceaccount:kube-system:namespace-controller',
    groups: accounts('kube-system'),
    machine: true,
  },
] as const satisfies readonly Actor[]

export type Who = (typeof persons)[number]['who'] | (typeof machines)[number]['who']

export const actors: readonly (Actor & { readonly who: Who })[] = [...persons, ...machines]

export const isMachine = (who: Who): boolean =>
  actors.some(actor => actor.who === who && actor.machine === true)

/** Acts as the operator, whatever else it may. */
export const isOperator = (who: Who): boolean => who.startsWith('operator')
/** Acts as itself, whatever else it may. */
export const isGateway = (who: Who): boolean => who === 'gateway' || who === 'gateway with every right'
/** The parts of Kubernetes that clean up. */
export const isCollector = (who: Who): boolean =>
  who === 'garbage collector' || who === 'namespace controller'
