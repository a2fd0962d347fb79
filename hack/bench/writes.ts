import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'

/** Requests that the API server has carried out, by what they did: `PUT agentruns/status` → how many. */
export type Counts = ReadonlyMap<string, number>

const COUNTED =
  /^apiserver_request_total\{(?=[^}]*code="2\d\d")(?=[^}]*dry_run="")(?=[^}]*group="(?:countersign\.dev|events\.k8s\.io)")[^}]*resource="([^"]*)"[^}]*subresource="([^"]*)"[^}]*verb="(POST|PUT|PATCH|APPLY|DELETE|GET)"[^}]*\} (\S+)$/

/**
 * Reads and writes of objects of ours and Events since the API server started, by its own count; leases, lists and watches
 * are not among them.
 */
export const countsOf = async (stack: Stack): Promise<Counts> => {
  const text = await kubectl(stack.cluster, ['get', '--raw', '/metrics'])
  const counts = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, resource, subresource, verb, count] = COUNTED.exec(line) ?? []
    if (resource === undefined || verb === undefined) continue
    const kind = `${verb} ${resource}${subresource ? `/${subresource}` : ''}`
    counts.set(kind, (counts.get(kind) ?? 0) + Number(count))
  }
  return counts
}

/** All writes among them. */
export const writesAmong = (counts: Counts): number =>
  [...counts].reduce((sum, [kind, count]) => sum + (kind.startsWith('GET ') ? 0 : count), 0)

/** Writes since the API server started, as `countsOf` counts them. */
export const writesOf = async (stack: Stack): Promise<number> => writesAmong(await countsOf(stack))

/** Resolves with the counts when nothing was written for so long. */
export const untilQuiet = async (stack: Stack, ms: number): Promise<Counts> => {
  for (let before = await countsOf(stack); ; ) {
    await delay(ms)
    const now = await countsOf(stack)
    if (writesAmong(now) === writesAmong(before)) return now
    before = now
  }
}

/** What was done between two counts, for each of so many, most first: `2.10 POST events, 1.00 PUT agentruns/status`. */
export const between = (before: Counts, after: Counts, each: number): string =>
  [...after]
    .map(([kind, count]): [string, number] => [kind, (count - (before.get(kind) ?? 0)) / each])
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${count.toFixed(2)} ${kind}`)
    .join(', ')
