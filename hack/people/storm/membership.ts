// Who is a member when. People come and go by spec.members of the Project; the operator makes RoleBindings of it.
import type { Member, Project } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { untilMay } from '../rights.ts'
import type { Somebody } from './cluster.ts'
import { revisionNow } from './order.ts'
import type { Outside } from './proof.ts'

/** Many ask at once. */
const POLL_MS = 250

type Unit = { readonly user: string } | { readonly group: string }

export interface Membership {
  /** Adds and removes members in one change of the Project, and returns when the API server has taken it up. */
  change(wish: { readonly remove: readonly Unit[]; readonly add: readonly Unit[] }): Promise<void>
  inside(): readonly Unit[]
  /** The time of being outside that this person is in, if it is certain; the same object as long as it lasts. */
  outsideNow(who: string): object | undefined
  /** All times that somebody was outside, those that go on included. */
  outside(): readonly Outside[]
}

interface Options {
  readonly admin: Client
  readonly namespace: string
  readonly people: readonly Somebody[]
  readonly owner: string
  client(who: string): Client
  /** Resolves when everything that this person sent up to now was answered; false if that cannot be known. */
  answered(who: string): Promise<boolean>
}

const nameOf = (unit: Unit): string => ('user' in unit ? `user ${unit.user}` : `group ${unit.group}`)

/** Creates the Project with these members beside its owner. */
export const startMembership = async (options: Options, first: readonly Unit[]): Promise<Membership> => {
  const { admin, namespace, people, owner } = options
  let inside: Unit[] = [...first]
  const open = new Map<string, { who: string; from: bigint; to: bigint | undefined }>()
  const all: Outside[] = []
  const members = (): Member[] => [
    { user: owner, role: 'Owner' },
    ...inside.map((unit): Member => ({ ...unit, role: 'Member' })),
  ]
  const isInside = ({ name, groups }: Somebody): boolean =>
    name === owner || inside.some(unit => ('user' in unit ? unit.user === name : groups.includes(unit.group)))

  /** From here on nothing of theirs may be accepted: the API server refuses them, and owes them no answer. */
  const fence = async ({ name }: Somebody): Promise<void> => {
    await untilMay(options.client(name), namespace, false, POLL_MS)
    if (!(await options.answered(name))) return
    const time = { who: name, from: await revisionNow(admin, namespace), to: undefined }
    open.set(name, time)
    all.push(time)
  }

  await admin.create(projects, {
    metadata: { name: 'project', namespace },
    spec: { members: members() },
  } as Project)
  await Promise.all(
    people.map(who =>
      isInside(who) ? untilMay(options.client(who.name), namespace, true, POLL_MS) : fence(who),
    ),
  )

  return {
    inside: () => inside,
    outsideNow: who => open.get(who),
    outside: () => all,
    change: async ({ remove, add }) => {
      const before = new Set(people.filter(isInside))
      const gone = new Set(remove.map(nameOf))
      inside = [...inside.filter(unit => !gone.has(nameOf(unit))), ...add]
      const after = new Set(people.filter(isInside))
      const coming = [...after].filter(who => !before.has(who))
      const leaving = [...before].filter(who => !after.has(who))
      // Closed before the change is sent: from then on they may be let in at any moment.
      const now = await revisionNow(admin, namespace)
      for (const { name } of coming) {
        const time = open.get(name)
        if (time) time.to = now
        open.delete(name)
      }
      await options
        .client(owner)
        .patch(
          projects,
          { namespace, name: 'project' },
          { type: 'merge', body: { spec: { members: members() } } },
        )
      await Promise.all([
        ...leaving.map(fence),
        ...coming.map(({ name }) => untilMay(options.client(name), namespace, true, POLL_MS)),
      ])
    },
  }
}
