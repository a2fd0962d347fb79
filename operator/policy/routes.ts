import type { Member, Notifications } from '../../crds/v1alpha1/project.ts'

/** How members are told. Webhooks have no members: each names its agents itself. */
export type Channel = 'email' | 'inApp'

/** Somebody as the API server authenticates them. */
export interface Listener {
  readonly username: string
  readonly groups: readonly string[]
}

type Members = readonly Member[]
type Settings = Pick<Notifications, Channel | 'routes'> | undefined

/** Whether one of these names is this agent's: `*` is every agent's, and a trailing `*` matches a prefix, as in gates. */
export const namesAgent = (names: readonly string[], agent: string): boolean =>
  names.some(name => (name.endsWith('*') ? agent.startsWith(name.slice(0, -1)) : name === agent))

/**
 * The members who hear of an agent's requests over a channel, in the order of the Project. That nobody hears of a
 * request is the one answer that is never right while the channel is on, as the request then waits for nobody and
 * expires. So routes only narrow: an agent that no route names is everybody's, and a route is as if it were not there
 * when it names nobody who is a member (any more).
 *
 * A route names users and groups alike by their names. A member without an address is among those of `email`: they are
 * to be told and cannot be, which whoever sends says.
 */
export function recipientsOf(members: Members, settings: Settings, agent: string, channel: Channel): Members {
  if (settings?.[channel]?.enabled === false) return []
  const named = namedFor(settings, agent)
  const routed = members.filter(({ user, group }) => named.has(user ?? group ?? ''))
  return routed.length === 0 ? members : routed
}

/**
 * Whether a person hears of an agent's requests over a channel: as one of `recipientsOf`, or because a route names them,
 * or a group of theirs, where the Project has them as a member by another name. Who is no member hears of nothing.
 */
export function hears(
  person: Listener,
  members: Members,
  settings: Settings,
  agent: string,
  channel: Channel,
): boolean {
  const recipients = recipientsOf(members, settings, agent, channel)
  if (isMember(person, recipients)) return true
  if (recipients.length === 0 || !isMember(person, members)) return false
  const named = namedFor(settings, agent)
  return named.has(person.username) || person.groups.some(group => named.has(group))
}

/** Whether a person is one of these members, by their own name or by a group. */
export const isMember = ({ username, groups }: Listener, members: Members): boolean =>
  members.some(({ user, group }) =>
    user !== undefined ? user === username : group !== undefined && groups.includes(group),
  )

/** Users and groups whom the routes name for an agent. */
const namedFor = (settings: Settings, agent: string): ReadonlySet<string> =>
  new Set(
    (settings?.routes ?? [])
      .filter(({ agents }) => namesAgent(agents, agent))
      .flatMap(({ members }) => members),
  )
