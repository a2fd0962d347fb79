import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import type { Client } from '../../../kube/client.ts'
import { ApiError } from '../../../kube/errors.ts'
import { TestClock } from '../../../kube/testing.ts'
import type { Reviews } from '../access/reviews.ts'
import { wholeScope } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import type { KeyCache } from '../keys/credentials.ts'
import type { FreshKeys } from '../keys/fresh.ts'
import type { LastUsed } from '../keys/last-used.ts'
import { aKey, aProject } from '../keys/testing.ts'
import { problemOf } from '../problems/translate.ts'
import { defaultTimes } from './session.ts'
import { Sessions } from './setup.ts'

const hour = 3_600_000
const carol = 'carol@acme.com'

/** A gateway's sessions over a world that tests change. */
function someSessions() {
  const clock = new TestClock()
  const world = {
    keys: [] as APIKey[],
    projects: [aProject()],
    secret: { current: randomBytes(32).toString('base64') } as Record<string, string> | undefined,
    /** Whether the API server answers. */
    up: true,
    stands: true,
    reads: 0,
    /** Whether the operator has let the gateway act as the person. */
    takenUp: true,
  }
  const person = {
    raw: async () => {
      if (world.takenUp) return { status: { userInfo: { username: carol, groups: [] } } }
      throw new ApiError(403, 'Forbidden', 'cannot impersonate:user-info resource "users"')
    },
  }
  const client = {
    find: async () => {
      world.reads++
      if (!world.up) throw new Error('down')
      return world.secret && { data: world.secret }
    },
    impersonate: () => person,
  } as unknown as Client
  const cache = {
    apikeys: {
      checkLive() {},
      store: { find: ({ name }: { name: string }) => world.keys.find(key => key.metadata.name === name) },
    },
    projects: {
      checkLive() {},
      store: {
        find: ({ namespace }: { namespace: string }) =>
          world.projects.find(({ metadata }) => metadata.namespace === namespace),
        values: () => world.projects,
      },
    },
  } as unknown as KeyCache
  const make = () =>
    new Sessions({
      client,
      clock,
      cache,
      reviews: { subject: async () => true } as unknown as Reviews,
      apiKeys: {
        fresh: { stand: async () => world.stands } as unknown as FreshKeys,
        lastUsed: { touch() {} } as unknown as LastUsed,
      },
      randomBytes,
      times: defaultTimes,
    })
  return { clock, world, make, sessions: make() }
}

const shown = (username = carol, keyID?: string): Caller =>
  ({ username, scope: wholeScope, ...(keyID === undefined ? {} : { keyID }) }) as Caller

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'good',
    error => problemOf(error).code,
  )

let one: ReturnType<typeof someSessions>
beforeEach(() => {
  one = someSessions()
})

const signIn = async (token = 'opaque', caller = shown()) => await one.sessions.signIn(caller, token)
const use = (cookie: string) => codeOf(one.sessions.callerOf(cookie))

describe('a session', () => {
  test('should hold who somebody is, and nothing of what they showed', async () => {
    const { cookie, session } = await signIn('the-token-itself')
    expect(Object.keys(session).sort()).toEqual(['expiresAt', 'issuedAt', 'nonce', 'renewBy', 'user'])
    expect(JSON.stringify(session)).not.toContain('the-token-itself')
    const caller = await one.sessions.callerOf(cookie)
    expect(caller).toMatchObject({ username: carol, via: 'Web', scope: wholeScope })
    expect(caller.keyID).toBeUndefined()
  })

  test('should end an hour after it was renewed last, and eight hours after the sign-in', async () => {
    let { cookie } = await signIn()
    for (let i = 0; i < 8; i++) {
      await one.clock.advance(hour - 1)
      const caller = await one.sessions.callerOf(cookie)
      const next = await one.sessions.renew(caller)
      expect(next.session.expiresAt).toBe(caller.session.expiresAt)
      cookie = next.cookie
    }
    await one.clock.advance(7)
    expect(await use(cookie)).toBe('good')
    await one.clock.advance(1)
    expect(await use(cookie)).toBe('Unauthenticated')

    const idle = (await signIn()).cookie
    await one.clock.advance(hour)
    expect(await use(idle)).toBe('Unauthenticated')
  })

  test('should end with a token that says when it ends', async () => {
    const exp = Math.floor(one.clock.now() / 1000) + 60
    const token = `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.y`
    const { cookie, session } = await signIn(token)
    expect([session.expiresAt, session.renewBy]).toEqual([exp * 1000, exp * 1000])
    await one.clock.advance(60_000)
    expect(await use(cookie)).toBe('Unauthenticated')
  })

  test('should answer those who stay no more once it is over', async () => {
    const caller = await one.sessions.callerOf((await signIn()).cookie)
    const question = { verb: 'watch', resource: 'approvalrequests', namespace: 'shop' }
    expect(await caller.may(question)).toBe(true)
    expect(await caller.may({ ...question, namespace: 'elsewhere' })).toBe(false)
    one.world.projects = [aProject([{ user: 'alice@acme.com', role: 'Owner' }])]
    expect([await caller.may(question), await caller.stillWorks(), await caller.worksNow()]).toEqual([
      false,
      false,
      false,
    ])
    one.world.projects = [aProject()]
    await one.clock.advance(hour)
    expect([await caller.may(question), await caller.worksNow()]).toEqual([false, false])
  })

  test('should not begin for somebody whom the gateway cannot act as', async () => {
    for (const user of ['mallory@acme.com', 'system:serviceaccount:shop:bot']) {
      expect(await codeOf(one.sessions.signIn(shown(user), 'x'))).toBe('Forbidden')
    }
    one.world.takenUp = false
    expect(await codeOf(signIn())).toBe('Forbidden')
    one.world.takenUp = true
    one.world.projects = [aProject(undefined, { deletionTimestamp: '2026-11-22T10:00:00Z' })]
    expect(await codeOf(signIn())).toBe('Forbidden')
  })

  test('should not begin without a key, and begin as soon as there is one', async () => {
    const { secret } = one.world
    for (const none of [undefined, {}, { current: '' }, { current: 'c2hvcnQ=' }]) {
      one.world.secret = none
      await one.clock.advance(30_000)
      expect(await codeOf(signIn())).toBe('NoSessions')
    }
    one.world.secret = secret
    await one.clock.advance(1000)
    expect(await codeOf(signIn())).toBe('good')
  })

  test('should be neither good nor over where the API server does not say', async () => {
    const { cookie } = await signIn()
    one.world.up = false
    await one.clock.advance(30_000)
    expect(await use(cookie)).toBe('Unavailable')
  })
})

describe('the keys of sessions', () => {
  test('should be looked for once a second at most, whatever cookies come', async () => {
    const { cookie } = await signIn()
    const another = someSessions()
    const foreign = (await another.sessions.signIn(shown(), 'x')).cookie
    await one.clock.advance(1000)
    const before = one.world.reads
    for (let i = 0; i < 50; i++) expect(await use(foreign)).toBe('Unauthenticated')
    expect(one.world.reads - before).toBeLessThanOrEqual(1)
    expect(await use(cookie)).toBe('good')
    expect([await one.sessions.isOurs(cookie), await one.sessions.isOurs(foreign)]).toEqual([true, false])
  })

  test('should be taken over from another replica that knows of a new one first', async () => {
    await signIn()
    const { current = '' } = one.world.secret ?? {}
    one.world.secret = { current: randomBytes(32).toString('base64'), previous: current }
    const there = one.make()
    const { cookie } = await there.signIn(shown(), 'x')
    await one.clock.advance(1000)
    expect(await use(cookie)).toBe('good')
  })

  test('should count no longer than half a minute after they were taken away', async () => {
    const { cookie } = await signIn()
    one.world.secret = { current: randomBytes(32).toString('base64') }
    await one.clock.advance(30_000)
    expect(await use(cookie)).toBe('Unauthenticated')
  })
})

describe('a session that was made with an API key', () => {
  const id = 'abcdefgh23456723'
  const inTwoHours = () => new Date(one.clock.now() + 2 * hour).toISOString()
  const withKey = async (spec: Partial<APIKey['spec']> = {}) => {
    one.world.keys = [aKey(id, { expiresAt: inTwoHours(), ...spec })]
    return await signIn('csk', shown(carol, id))
  }

  test('should be narrowed as the key is now, and end when it does', async () => {
    const { cookie, session } = await withKey({ agents: ['order-manager'], readOnly: true })
    expect(session.expiresAt).toBe(one.clock.now() + 2 * hour)
    const caller = await one.sessions.callerOf(cookie)
    expect(caller).toMatchObject({
      keyID: id,
      scope: { project: 'shop', readOnly: true, agents: ['order-manager'] },
    })
  })

  test.each<[string, () => Partial<typeof one.world>]>([
    ['is gone', () => ({ keys: [] })],
    [
      'is revoked',
      () => ({ keys: [aKey(id, {}, { annotations: { 'countersign.dev/revoked-by': 'alice@acme.com' } })] }),
    ],
    ['is another one of the same id', () => ({ keys: [aKey(id, {}, { uid: 'another' })] })],
    ["is somebody else's", () => ({ keys: [aKey(id, { user: 'alice@acme.com' })] })],
    ['has expired', () => ({ keys: [aKey(id, { expiresAt: '2020-01-01T00:00:00Z' })] })],
    ['does not stand by the word of the API server', () => ({ stands: false })],
    [
      'is of a project that does not name its user any more',
      () => ({ projects: [aProject([{ user: 'alice@acme.com', role: 'Owner' }])] }),
    ],
  ])('should end where the key %s', async (_, change) => {
    const { cookie } = await withKey()
    const caller = await one.sessions.callerOf(cookie)
    Object.assign(one.world, change())
    expect(await use(cookie)).toBe('Unauthenticated')
    expect(await caller.worksNow()).toBe(false)
  })
})
