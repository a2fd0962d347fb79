// A minute of forty people who decide the same and different requests at once, over every path, while members come and
// go. Nothing here is decided by how fast anything is: what happened before what is told by the revisions of etcd, and
// somebody is outside from when the API server itself has refused them and owes them no answer.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../crds/v1alpha1/agent.ts'
import { agents, approvalRequests, auditRecords } from '../../crds/v1alpha1/resources.ts'
import { readiness } from '../../operator/testing/world.ts'
import { verifyChain } from '../demo/story/chain.ts'
import { untilObject } from '../testing.ts'
import { type Desk, openDesk } from './desk.ts'
import { append } from './paths.ts'
import { type Somebody, type StormCluster, startStormCluster } from './storm/cluster.ts'
import { startKeys } from './storm/keys.ts'
import { startMembership } from './storm/membership.ts'
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
}, 180_000)
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
  let answered = async (_who: string): Promise<boolean> => true
  const units = [...[...byName, ...byBoth].map(({ name }) => ({ user: name })), { group: GROUP }]
  const always = steady.slice(1).map(({ name }) => ({ user: name }))
  const membership = await startMembership(
    { admin, namespace, people, owner, client, answered: who => answered(who) },
    [...always, ...units],
  )
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

describe.skipIf(!ownPlane)('a person with a token and a client certificate', () => {
  it('is one name, and counts once', async () => {
    const { admin } = cluster
    const name = 'credentials'
    const ended = runToItsEnd(admin, cluster.client(owner), namespace, name, 'three')
    const ref = { namespace, name: `${name}-1-0` }
    await untilObject(approvalRequests, ref, request => request !== undefined, { client: admin })
    const certified = await cluster.withCertificate(owner)
    await append(certified, ref, { reviewer: owner, verdict: 'Approve' })
    await expect(append(cluster.client(owner), ref, { reviewer: owner, verdict: 'Approve' })).rejects.toThrow(
      'Duplicate value',
    )
    await cancelOpenRuns(admin, namespace)
    await ended
    expect((await admin.get(approvalRequests, ref)).status.decisions).toHaveLength(1)
  })
})
