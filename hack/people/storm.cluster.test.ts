// A minute of forty people who decide the same and different requests at once, over every path, while members come and
// go. Nothing here is decided by how fast anything is: what happened before what is told by the revisions of etcd, and
// somebody is outside from when the API server itself has refused them and owes them no answer.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../crds/v1alpha1/agent.ts'
import { agents, approvalRequests, auditRecords } from '../../crds/v1alpha1/resources.ts'
import { readiness } from '../../operator/testing/world.ts'
import { verifyChain } from '../demo/story/chain.ts'
import { eventually, untilObject } from '../testing.ts'
import { type Desk, openDesk } from './desk.ts'
import { append } from './paths.ts'
import { type Somebody, type StormCluster, startStormCluster } from './storm/cluster.ts'
import { startKeys } from './storm/keys.ts'
import { type Membership, startMembership } from './storm/membership.ts'
import { startHistory } from './storm/order.ts'
import { type Evidence, faultsIn } from './storm/proof.ts'
import { createReviewers } from './storm/reviewers.ts'
import { cancelOpenRuns, runToItsEnd } from './storm/runs.ts'
import { missingOf, tallyOf } from './storm/tally.ts'

const SECONDS = Number(process.env.STORM_SECONDS ?? 60)
/** Runs that wait for people at once. */
const OPEN = 8
/** How long somebody takes for one decision, on average. */
const PAUSE_MS = 300

const namespace = 'storm'
const GROUP = 'night-shift'
const owner = 'owner@acme.com'
const named = (count: number, name: string, groups: readonly string[] = []): Somebody[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${name}-${index}@acme.com`, groups }))
/** Forty people: some stay, some come and go, by name, by a group, and by both. */
const steady = [{ name: owner, groups: [] }, ...named(9, 'steady')]
const byName = named(25, 'guest')
const byGroup = named(3, 'shift', [GROUP])
const byBoth = named(2, 'both', [GROUP])
/** And two who are never let in. */
const strangers = named(2, 'stranger')
const people = [...steady, ...byName, ...byGroup, ...byBoth, ...strangers]

const AGENTS = {
  one: { requiredApprovals: 1 },
  three: { requiredApprovals: 3 },
  'three-of-others': { requiredApprovals: 3, allowSelfApproval: false },
  five: { requiredApprovals: 5 },
} as const

const ownPlane = process.env.COUNTERSIGN_USE_CURRENT_CLUSTER !== '1'

let cluster: StormCluster
let desk: Desk
let membership: Membership
/** Told by the storm; until then nobody has sent anything. */
let answered = async (_who: string): Promise<boolean> => true

const units = [...[...byName, ...byBoth].map(({ name }) => ({ user: name })), { group: GROUP }]
const always = steady.slice(1).map(({ name }) => ({ user: name }))
beforeAll(async () => {
  if (!ownPlane) return
  desk = await openDesk()
  cluster = await startStormCluster(people)
  await cluster.admin.create(
    { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
    {
      metadata: { name: namespace },
    },
  )
  for (const [name, approval] of Object.entries(AGENTS)) {
    await cluster.admin.create(agents, desk.agent(namespace, name, { ...approval, onRejection: 'Continue' }))
    const ready = (agent: Agent | undefined) => readiness(agent)?.status === 'True'
    await untilObject(agents, { namespace, name }, ready, { client: cluster.admin, timeoutMs: 60_000 })
  }
  const client = (who: string) => cluster.client(who)
  membership = await startMembership(
    { admin: cluster.admin, namespace, people, owner, client, answered: who => answered(who) },
    [...always, ...units],
  )
}, 240_000)
afterAll(async () => {
  await cluster?.stop()
  await desk?.close()
})

const random = Math.random
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
const some = <T>(list: readonly T[], most: number): T[] =>
  list.toSorted(() => random() - 0.5).slice(0, Math.ceil(random() * most))

/** Lets the storm blow, and brings what is known of it. */
const storm = async (): Promise<Evidence> => {
  const { admin } = cluster
  const client = (who: string) => cluster.client(who)
  const history = await startHistory(admin, namespace)
  const keys = await startKeys(cluster, namespace)
  const keyed = [...steady.slice(5), ...byName.slice(0, 10), ...byBoth].map(({ name }) => name)
  await Promise.all(keyed.map(name => keys.make(name)))
  const reviewers = createReviewers({
    namespace,
    gateway: cluster.gateway,
    history,
    client,
    token: who => cluster.token(who),
    key: who => keys.of(who),
    outsideNow: who => membership.outsideNow(who),
    random,
  })
  answered = reviewers.answered

  let over = false
  let started = 0
  const asking = Array.from({ length: OPEN }, async () => {
    while (!over) {
      const who = oneOf(steady).name
      await runToItsEnd(admin, client(who), namespace, `run-${started++}`, oneOf(Object.keys(AGENTS)))
    }
  })
  const deciding = people.map(async ({ name }) => {
    while (!over) {
      await reviewers.act(name)
      await delay(random() * 2 * PAUSE_MS)
    }
  })
  const coming = (async () => {
    while (!over) {
      const inside = new Set(membership.inside().map(unit => JSON.stringify(unit)))
      const present = units.filter(unit => inside.has(JSON.stringify(unit)))
      const absent = units.filter(unit => !inside.has(JSON.stringify(unit)))
      const add = some(absent, 5)
      await membership.change({ remove: some(present, 5), add })
      const back = add.flatMap(unit => ('user' in unit && keyed.includes(unit.user) ? [unit.user] : []))
      await Promise.all(back.map(name => keys.make(name)))
      await delay(random() * 1000)
    }
  })()
  const evidence = {
    versions: history.versions(),
    outside: membership.outside(),
    attempts: reviewers.attempts,
  }
  // However slow the machine is, the storm lasts until there was one.
  const blowing = (async () => {
    await delay(SECONDS * 1000)
    while (!over && missingOf(tallyOf(evidence)).length > 0) await delay(500)
  })()
  try {
    await Promise.race([blowing, ...asking, ...deciding, coming])
  } finally {
    over = true
  }
  await Promise.all([...deciding, coming])
  await cancelOpenRuns(admin, namespace)
  await Promise.all(asking)
  await cancelOpenRuns(admin, namespace)
  await history.complete()
  const { items } = await admin.listAll(auditRecords, { namespace })
  const chain = verifyChain(namespace, items)
  if (!chain.ok) throw new Error(chain.wrong)
  return { ...evidence, audit: chain.entries, calls: desk.payments() }
}

describe.skipIf(!ownPlane)('a storm of reviewers', () => {
  const timeout = SECONDS * 1000 + 300_000
  it('leaves no verdict that was not allowed when the API server took it', { timeout }, async () => {
    const evidence = await storm()
    const tally = tallyOf(evidence)
    if (process.env.COUNTERSIGN_TEST_LOG) console.error(tally)
    expect(faultsIn(evidence)).toEqual([])
    expect(missingOf(tally)).toEqual([])
  })
})

describe.skipIf(!ownPlane)('a person with a token, a client certificate and an API key', () => {
  const [first, second] = [always[0]?.user ?? '', always[1]?.user ?? '']
  const ref = (run: string) => ({ namespace, name: `${run}-1-0` })
  const untilAsked = (run: string) =>
    untilObject(approvalRequests, ref(run), request => request !== undefined, {
      client: cluster.admin,
      timeoutMs: 30_000,
    })
  const send = async (credential: string, path: string, body: object = {}) => {
    const response = await fetch(`${cluster.gateway}/api/v1/projects/${namespace}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }
  const keyOf = async (who: string): Promise<string> => {
    const keys = await startKeys(cluster, namespace)
    // The gateway may act as somebody as soon as the API server has taken that up.
    await eventually(async () => {
      if (keys.of(who) === undefined) await keys.make(who)
      const response = await fetch(`${cluster.gateway}/api/v1/me`, {
        headers: { authorization: `Bearer ${keys.of(who)}` },
      })
      return response.status === 200
    })
    return keys.of(who) ?? ''
  }
  const approval = (reviewer: string) => ({ reviewer, verdict: 'Approve' }) as const
  afterAll(() => cancelOpenRuns(cluster.admin, namespace))

  it('is one name, and counts once', async () => {
    const ended = runToItsEnd(cluster.admin, cluster.client(owner), namespace, 'credentials', 'three')
    await untilAsked('credentials')
    await append(await cluster.withCertificate(first), ref('credentials'), approval(first))
    await expect(append(cluster.client(first), ref('credentials'), approval(first))).rejects.toThrow(
      'Duplicate value',
    )
    const byKey = await send(await keyOf(first), 'approvals/credentials-1-0/approve')
    expect(byKey).toMatchObject({ status: 200, text: expect.stringContaining('"approvals":1') })
    const other = await send(await keyOf(first), 'approvals/credentials-1-0/reject', { reason: 'No.' })
    expect(other).toMatchObject({ status: 409, text: expect.stringContaining('AlreadyDecided') })
    expect((await cluster.admin.get(approvalRequests, ref('credentials'))).status.decisions).toHaveLength(1)
    await cancelOpenRuns(cluster.admin, namespace)
    await ended
  })

  it('does not decide by one what they started by another, where somebody else must', async () => {
    const key = await keyOf(first)
    const byKey = await send(key, 'runs', { agent: 'three-of-others', input: 'by-key', name: 'by-key' })
    expect(byKey.status).toBe(201)
    const token = cluster.token(first)
    const byToken = await send(token, 'runs', {
      agent: 'three-of-others',
      input: 'by-token',
      name: 'by-token',
    })
    expect(byToken.status).toBe(201)
    const certified = await cluster.withCertificate(first)
    const refused = 'you started this run, so somebody else must decide'
    for (const run of ['by-key', 'by-token']) {
      expect((await untilAsked(run))?.spec.requestedBy).toBe(first)
      for (const credential of [key, token]) {
        const one = await send(credential, `approvals/${run}-1-0/approve`)
        expect(one).toMatchObject({ status: 403, text: expect.stringContaining(refused) })
        const several = await send(credential, 'approvals/decide', {
          decisions: [{ name: `${run}-1-0`, verdict: 'Approve' }],
        })
        expect(several.text).toContain(refused)
      }
      for (const client of [certified, cluster.client(first)]) {
        await expect(append(client, ref(run), approval(first))).rejects.toThrow(refused)
      }
      expect((await send(await keyOf(second), `approvals/${run}-1-0/approve`)).status).toBe(200)
      expect((await cluster.admin.get(approvalRequests, ref(run))).status.decisions).toMatchObject([
        { reviewer: second, via: 'API' },
      ])
    }
  })
})
