import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { adminClient, clientFor, eventually, testNamespace } from '../../../hack/testing.ts'
import type { Client, Patch, PatchOptions } from '../../../kube/client.ts'
import { systemClock } from '../../../kube/clock.ts'
import type { LogFields, Logger } from '../../../kube/logger.ts'
import type { ObjectRef, Resource } from '../../../kube/types.ts'
import { keyOf, markText } from './marks.ts'
import { configMaps, SeenMarks, type SeenOptions, seenName } from './seen.ts'

const second = 1000
const past = Math.floor(Date.now() / second) * second - 3600 * second

describe('what people have seen', () => {
  let namespace: string
  const ends: (() => Promise<void>)[] = []
  beforeEach(async () => {
    namespace = await testNamespace('seen')
  })
  afterEach(async () => {
    await Promise.all(ends.splice(0).map(end => end()))
  })

  const ship = (data?: Record<string, string>) =>
    adminClient().create(configMaps, { metadata: { name: seenName, namespace }, ...(data && { data }) })
  const stored = async () => (await adminClient().get(configMaps, { namespace, name: seenName })).data

  /** A replica of the gateway, as far as marks go. */
  const replica = async (options: Partial<SeenOptions> = {}) => {
    const seen = new SeenMarks({ client: adminClient(), clock: systemClock, namespace, ...options })
    const stop = new AbortController()
    const running = seen.run(stop.signal)
    ends.push(async () => {
      stop.abort()
      await running
    })
    await eventually(() => seen.isReady)
    return seen
  }

  test('should be kept, be the same in all replicas, and be there for one that begins later', async () => {
    await ship()
    const [one, two] = await Promise.all([replica(), replica()])
    expect(await one.mark('shop', 'carol', past)).toEqual({ until: past, kept: true })
    await eventually(() => two.of('shop', 'carol') === past)
    expect((await replica()).of('shop', 'carol')).toBe(past)
    expect(await stored()).toEqual({ [keyOf('shop', 'carol')]: markText(past) })
  })

  test("should never go back, and never touch another's mark or another project's", async () => {
    await ship()
    const [one, two] = await Promise.all([replica(), replica()])
    await one.mark('shop', 'carol', past + second)
    await one.mark('shop', 'alice', past)
    await one.mark('crm', 'carol', past)
    await eventually(() => two.of('crm', 'carol') === past)
    expect(await two.mark('shop', 'carol', past)).toEqual({ until: past + second, kept: true })
    await two.mark('shop', 'carol', past + 2 * second)
    await eventually(() => one.of('shop', 'carol') === past + 2 * second)
    expect(await stored()).toEqual({
      [keyOf('shop', 'carol')]: markText(past + 2 * second),
      [keyOf('shop', 'alice')]: markText(past),
      [keyOf('crm', 'carol')]: markText(past),
    })
  })

  test('should not go back where two replicas write at once, one of which has not heard of the other', async () => {
    await ship()
    const early = await replica()
    // It knows the store as it is now, and hears of nothing more.
    const deaf = new SeenMarks({ client: hardOfHearing(adminClient()), clock: systemClock, namespace })
    const stop = new AbortController()
    const running = deaf.run(stop.signal)
    ends.push(async () => {
      stop.abort()
      await running
    })
    await eventually(() => deaf.isReady)
    await early.mark('shop', 'carol', past + 5 * second)
    expect(deaf.of('shop', 'carol')).toBeUndefined()
    expect(await deaf.mark('shop', 'carol', past)).toEqual({ until: past + 5 * second, kept: true })
    expect(await stored()).toEqual({ [keyOf('shop', 'carol')]: markText(past + 5 * second) })
  })

  test('should be told to whom it concerns, in every replica', async () => {
    await ship()
    const [one, two] = await Promise.all([replica(), replica()])
    const heard: string[] = []
    one.onChange('shop', 'carol', at => heard.push(`here ${at - past}`))
    const leave = two.onChange('shop', 'carol', at => heard.push(`there ${at - past}`))
    two.onChange('shop', 'alice', () => heard.push('alice'))
    two.onChange('crm', 'carol', () => heard.push('crm'))
    await one.mark('shop', 'carol', past)
    await eventually(() => heard.length === 2)
    leave()
    await one.mark('shop', 'carol', past - second)
    await one.mark('shop', 'carol', past + second)
    await eventually(() => two.of('shop', 'carol') === past + second)
    expect(heard.sort()).toEqual(['here 0', `here ${second}`, 'there 0'])
  })

  test('should be written together: many clicks of many people are few writes', async () => {
    await ship()
    const { client, patches } = counting(adminClient())
    const seen = await replica({ client })
    const begun = performance.now()
    const people = Array.from({ length: 40 }, (_, i) => `p${i}`)
    const clicks = people.flatMap(who => [1, 2, 3, 4, 5].map(i => seen.mark('shop', who, past + i * second)))
    expect((await Promise.all(clicks)).every(({ kept }) => kept)).toBe(true)
    const seconds = (performance.now() - begun) / 1000
    expect(patches()).toBeLessThanOrEqual(1 + Math.ceil(seconds))
    expect(Object.keys((await stored()) ?? {}).length).toBe(people.length)
    expect(new Set(Object.values((await stored()) ?? {}))).toEqual(new Set([markText(past + 5 * second)]))
  })

  test('should be dropped, the oldest first, where there are too many', async () => {
    await ship()
    const seen = await replica({ max: 8 })
    for (const i of [1, 2, 3, 4, 5, 6, 7, 8]) void seen.mark('shop', `p${i}`, past + i * second)
    await eventually(async () => Object.keys((await stored()) ?? {}).length === 8)
    await seen.mark('shop', 'p9', past + 9 * second)
    await eventually(async () => Object.keys((await stored()) ?? {}).length === 6)
    await eventually(() => seen.of('shop', 'p3') === undefined)
    expect(seen.of('shop', 'p4')).toBe(past + 4 * second)
    expect(seen.of('shop', 'p9')).toBe(past + 9 * second)
  })

  test('should live in the process where there is no ConfigMap, say so once, and be kept once there is one', async () => {
    const { logger, lines } = recording()
    const seen = await replica({ logger })
    expect(seen.isKept).toBe(false)
    expect(await seen.mark('shop', 'carol', past)).toEqual({ until: past, kept: false })
    expect(await seen.mark('shop', 'carol', past + second)).toEqual({ until: past + second, kept: false })
    expect(seen.of('shop', 'carol')).toBe(past + second)
    expect(lines).toEqual(['warn it does not exist'])
    await ship()
    await eventually(() => seen.isKept)
    await eventually(async () => (await stored())?.[keyOf('shop', 'carol')] === markText(past + second))
  })

  test('should live in the process where the ConfigMap may not be read, and say so once', async () => {
    await ship()
    const { logger, lines } = recording()
    const seen = await replica({ logger, client: clientFor('mallory@acme.com') })
    expect(await seen.mark('shop', 'carol', past)).toEqual({ until: past, kept: false })
    expect(seen.of('shop', 'carol')).toBe(past)
    expect(lines).toEqual(['warn it cannot be read'])
  })

  test('should live in the process where the ConfigMap may not be written, and say so once', async () => {
    await ship({ [keyOf('shop', 'alice')]: markText(past) })
    const { logger, lines } = recording()
    const seen = await replica({ logger, client: readingOnly(adminClient()) })
    expect(seen.of('shop', 'alice')).toBe(past)
    expect(await seen.mark('shop', 'carol', past)).toEqual({ until: past, kept: false })
    expect(await seen.mark('shop', 'carol', past + second)).toEqual({ until: past + second, kept: false })
    expect(lines).toEqual(['warn it cannot be written'])
  })

  test('should not be lost where somebody else wrote nonsense beside it', async () => {
    await ship({ broken: 'yesterday', [keyOf('shop', 'alice')]: '9999-01-01T00:00:00Z' })
    const seen = await replica()
    expect(seen.of('shop', 'alice')).toBeUndefined()
    expect(await seen.mark('shop', 'alice', past)).toEqual({ until: past, kept: true })
  })
})

/** The same client with some of its methods in other words. */
const changed = (client: Client, methods: Partial<Client>): Client =>
  new Proxy(client, {
    get(target, name) {
      if (name in methods) return methods[name as keyof Client]
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

/** A client whose watches are open and bring nothing. */
const hardOfHearing = (client: Client): Client =>
  changed(client, {
    async *watch(_resource, { signal, onOpen } = {}) {
      onOpen?.()
      await new Promise(resolve => signal?.addEventListener('abort', resolve))
    },
  })

/** A client that writes as somebody who may not. */
const readingOnly = (client: Client): Client => {
  const stranger = clientFor('mallory@acme.com')
  return changed(client, { patch: stranger.patch.bind(stranger) as Client['patch'] })
}

/** A client that counts its patches. */
function counting(client: Client): { client: Client; patches(): number } {
  let count = 0
  const patch = (resource: Resource, ref: ObjectRef, what: Patch, options?: PatchOptions) => {
    count++
    return client.patch(resource, ref, what, options)
  }
  return { client: changed(client, { patch: patch as Client['patch'] }), patches: () => count }
}

/** What is logged, with its level. */
function recording(): { logger: Logger; lines: string[] } {
  const lines: string[] = []
  const line = (level: string) => (fields: LogFields) => void lines.push(`${level} ${fields.why}`)
  const logger: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => logger,
  }
  return { logger, lines }
}
