import type { NotificationPreview, Project } from '../api/types.ts'

type Item = NotificationPreview['items'][number]
type Channels = NotificationPreview['channels']

/** Why nobody hears of an agent's requests; undefined where somebody does. */
export function silence(item: Item, { channels, withoutAddress }: NotificationPreview): string | undefined {
  const mails = item.email.filter(member => !withoutAddress.includes(member))
  const reached =
    (channels.inApp.delivers && item.inApp.length > 0) ||
    (channels.email.delivers && mails.length > 0) ||
    (channels.webhooks.delivers && item.webhooks.length > 0)
  if (reached) return undefined
  const only = [
    ...notSent(channels.inApp, item.inApp, 'in the page'),
    ...notSent(channels.email, mails, 'by e-mail'),
    ...notSent(channels.webhooks, item.webhooks, 'by webhook'),
  ]
  if (only.length > 0) {
    return `Nobody hears of it: it is told ${only.join(' and ')} alone, which is not ready in this installation.`
  }
  if (item.email.length > 0) return 'Nobody hears of it: who is to be told by e-mail has no address.'
  return 'Nobody hears of it: neither e-mail nor the page tells of it.'
}

const notSent = (channel: Channels['email'], told: readonly string[], words: string): readonly string[] =>
  !channel.delivers && told.length > 0 ? [words] : []

/** Those of a list whom e-mail cannot reach. */
export const unreached = (item: Item, preview: NotificationPreview): readonly string[] =>
  item.email.filter(member => preview.withoutAddress.includes(member))

export const idOf = ({ user, group }: Project['members'][number]): string => user ?? group ?? ''

/** Whom a route names who is no member of the project. */
export const strangers = (named: readonly string[], members: Project['members']): readonly string[] =>
  named.filter(name => !members.some(member => idOf(member) === name))

/** Which names of a route or webhook are no agent's. Agents that will come later may be named before. */
export const noAgents = (names: readonly string[], known: readonly string[]): readonly string[] =>
  names.filter(name =>
    name.endsWith('*') ? !known.some(agent => agent.startsWith(name.slice(0, -1))) : !known.includes(name),
  )
