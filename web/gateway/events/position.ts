/** The kinds that events come from, each with an order of its own. */
export const sources = ['approvals', 'runs', 'agents'] as const
export type Source = (typeof sources)[number]

/**
 * How far somebody has come: of each kind the resourceVersion up to which they know everything. Versions come from the
 * API server, so every replica of the gateway, and the one after a restart, understands them.
 */
export type Position = Readonly<Record<Source, string>>

/** The `id:` of an event: the three versions, in the order of `sources`. */
export const encodePosition = (position: Position): string =>
  sources.map(source => position[source]).join('-')

/** What `encodePosition` made; undefined for anything else. */
export function decodePosition(text: string): Position | undefined {
  const [, approvals, runs, agents] = /^([0-9]{1,20})-([0-9]{1,20})-([0-9]{1,20})$/.exec(text) ?? []
  if (approvals === undefined || runs === undefined || agents === undefined) return undefined
  return { approvals, runs, agents }
}
