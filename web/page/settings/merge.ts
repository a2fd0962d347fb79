import type { Notifications } from '../api/types.ts'
import { draftOf, same, settingsOf } from './draft.ts'

/** One thing that somebody else changed, in words; `both`: one changed it oneself too, otherwise. */
export interface Difference {
  readonly what: string
  readonly both: boolean
}

interface Entry {
  readonly id: string
  readonly what: string
  readonly value: unknown
}

/** Settings as a list of what can be changed by itself. A route has no name: it is what it says. */
function entriesOf(settings: Notifications): readonly Entry[] {
  const { routes = [], webhooks = [], ...others } = settingsOf(draftOf(settings))
  const names: Readonly<Record<string, string>> = { email: 'e-mail', inApp: 'telling in the page' }
  return [
    ...Object.entries(others).map(([id, value]) => ({ id, what: names[id] ?? id, value })),
    ...routes.map(value => ({
      id: `routes ${JSON.stringify([value.agents, value.members])}`,
      what: `the route of ${value.agents.join(', ')} to ${value.members.join(', ')}`,
      value,
    })),
    ...webhooks.map(value => ({
      id: `webhooks ${value.name}`,
      what: `the webhook ${value.name}`,
      value,
    })),
  ]
}

const indexed = (settings: Notifications) => new Map(entriesOf(settings).map(entry => [entry.id, entry]))

/** What somebody else changed between `base`, which one began from, and `theirs`; `mine` says what is in both. */
export function differences(
  base: Notifications,
  mine: Notifications,
  theirs: Notifications,
): readonly Difference[] {
  const [from, own, other] = [indexed(base), indexed(mine), indexed(theirs)]
  return [...new Set([...from.keys(), ...other.keys()])].flatMap(id => {
    const [was, has, is] = [from.get(id)?.value, own.get(id)?.value, other.get(id)?.value]
    if (same(was, is)) return []
    const what = (other.get(id) ?? from.get(id))?.what ?? id
    return [{ what: changeOf(id, what, was, is), both: !same(has, was) && !same(has, is) }]
  })
}

function changeOf(id: string, what: string, was: unknown, is: unknown): string {
  if (id === 'email' || id === 'inApp') {
    return `turned ${what} ${(is as Notifications['email'])?.enabled === false ? 'off' : 'on'}`
  }
  if (was === undefined) return `added ${what}`
  if (is === undefined) return `took away ${what}`
  const [before, after] = [was, is] as [Record<string, unknown>, Record<string, unknown>]
  const fields = Object.keys({ ...before, ...after }).filter(name => !same(before[name], after[name]))
  return `changed ${what} (${fields.map(name => fieldNames[name] ?? name).join(', ')})`
}

const fieldNames: Readonly<Record<string, string>> = {
  urlSecretRef: 'its Secret',
  signingKeySecretRef: 'its signing key',
  format: 'its format',
  agents: 'its agents',
}

/** Both changes together: where both changed the same thing, mine. */
export function merged(base: Notifications, mine: Notifications, theirs: Notifications): Notifications {
  const [from, own, other] = [indexed(base), indexed(mine), indexed(theirs)]
  const taken = [...new Set([...own.keys(), ...other.keys()])].flatMap(id => {
    const [was, has, is] = [from.get(id)?.value, own.get(id)?.value, other.get(id)?.value]
    const value = same(has, was) ? is : has
    return value === undefined ? [] : [{ id, value }]
  })
  const listOf = (kind: string) =>
    taken.filter(({ id }) => id.startsWith(`${kind} `)).map(({ value }) => value)
  const others = taken.filter(({ id }) => !/^(routes|webhooks) /.test(id)).map(({ id, value }) => [id, value])
  const [routes, webhooks] = [listOf('routes'), listOf('webhooks')]
  return {
    ...Object.fromEntries(others),
    ...(routes.length === 0 ? {} : { routes }),
    ...(webhooks.length === 0 ? {} : { webhooks }),
  }
}
