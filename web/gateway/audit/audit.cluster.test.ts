import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { clientForServiceAccount, eventually } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { createAuditWriter } from '../../../operator/audit/writer.ts'
import { type KeyWorld, keyWorld } from '../keys/testing-cluster.ts'
import { type Session, startGateway, type TestGateway } from '../testing.ts'
import { cuttable, haveTokens, operator, testProject, tokenOf, unbindRole } from '../testing-cluster.ts'
import { listen } from '../testing-events.ts'

/** Appends to a project's chain as the operator does. */
function chainOf(project: string) {
  const writer = createAuditWriter({ client: operator(), clock: systemClock })
  let made = 0
  return async (...entries: readonly Partial<AuditEntry>[]) => {
    const prefix = `${project}-${made++}`
    const whole = entries.map(entry => ({ action: 'ToolExecuted' as const, ...entry }))
    await writer.append(
      project,
      whole.map((entry, i) => ({ key: `${prefix}-${i}`, entry })),
    )
  }
}

/** Deletes a record, as nobody may but those who clear away what is over. */
const clearAway = (namespace: string, name: string) =>
  clientForServiceAccount('kube-system', 'generic-garbage-collector').delete(auditRecords, {
    namespace,
    name,
  })

const auditOf = (project: string, query = '') => `/api/v1/projects/${project}/audit?${query}`

/** The runs of what was answered, in its order. */
async function runs(session: Session, project: string, query = ''): Promise<string[]> {
  const { status, body } = await session.get(auditOf(project, query))
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body.items.map(({ run }: AuditEntry) => run)
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `r${to - i}`)

describe.skipIf(!haveTokens())('the audit log over REST', () => {
  let skippedMs = 0
  const clock = { ...systemClock, now: () => systemClock.now() + skippedMs }
  const { client, cut, mend } = cuttable(clientForServiceAccount('countersign-system', 'countersign-gateway'))
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway(client, { clock })
  })
  afterAll(() => gateway.close())

  const carol = () => gateway.as(tokenOf('carol@acme.com'))
  /** What was appended has come. */
  const heard = (project: string, run: string) =>
    expect.poll(async () => (await runs(carol(), project, 'limit=1'))[0]).toBe(run)

  test('should be read page by page without a gap or a repetition while entries are appended', async () => {
    const project = await testProject('gw-audit-pages')
    const append = chainOf(project)
    for (let i = 1; i <= 40; i += 4) {
      await append(...[0, 1, 2, 3].map(more => ({ run: `r${i + more}`, agent: i % 8 === 1 ? 'one' : 'two' })))
    }
    await heard(project, 'r40')
    const read: string[] = []
    let next = ''
    let appended = 40
    do {
      const { body } = await carol().get(auditOf(project, `limit=7${next}`))
      read.push(...body.items.map(({ run }: AuditEntry) => run))
      next = body.continue === undefined ? '' : `&continue=${body.continue}`
      await append({ run: `r${++appended}` })
    } while (next !== '')
    expect(read).toEqual(numbered(1, 40))
    await heard(project, `r${appended}`)
    expect(await runs(carol(), project, 'limit=500')).toEqual(numbered(1, appended))
  })

  test('should be filtered, each filter narrowing what the others leave', async () => {
    const project = await testProject('gw-audit-filter')
    const append = chainOf(project)
    await append(
      { run: 'r1', action: 'RunStarted', actor: 'bob@acme.com', agent: 'one' },
      {
        run: 'r2',
        action: 'ApprovalApproved',
        actor: 'alice@acme.com, Doe, Jane',
        agent: 'one',
        tool: 'crm.a',
      },
      { run: 'r3', action: 'ApprovalRejected', actor: 'alice@acme.com', agent: 'two', tool: 'crm.ab' },
      { run: 'r4', action: 'ConfigChanged', actor: 'Doe, Jane' },
      { run: 'r5', approvalRequest: 'r5-1-0', agent: 'two', tool: 'shop.a' },
    )
    await heard(project, 'r5')
    for (const [query, expected] of [
      ['action=ApprovalApproved,ApprovalRejected', ['r3', 'r2']],
      ['actor=alice@acme.com', ['r3', 'r2']],
      ['actor=Doe, Jane', ['r4', 'r2']],
      ['actor=Jane', ['r2']],
      ['agent=two', ['r5', 'r3']],
      ['tool=crm.a', ['r2']],
      ['tool=crm.*', ['r3', 'r2']],
      ['run=r4', ['r4']],
      ['approvalRequest=r5-1-0', ['r5']],
      ['tool=crm.*&agent=two&action=ApprovalRejected', ['r3']],
      ['tool=crm.*&agent=two&action=ApprovalApproved', []],
      ['until=2026-01-01T00:00:00Z', []],
    ] as const) {
      expect(await runs(carol(), project, query), query).toEqual(expected)
    }
    const all = await carol().get(auditOf(project))
    const { time } = all.body.items[0]
    expect(await runs(carol(), project, `since=${time}`)).toEqual(numbered(1, 5))
    expect(await runs(carol(), project, `until=${time}`)).toEqual([])
    for (const query of ['action=Forgotten', 'action=RunEnded,Forgotten', 'since=yesterday', 'verdict=x']) {
      expect(await carol().get(auditOf(project, query)), query).toMatchObject({
        status: 422,
        body: { code: 'Invalid' },
      })
    }
  })

  test('should lose what is deleted when its time is over, and go on where it was', async () => {
    const project = await testProject('gw-audit-retention')
    const append = chainOf(project)
    for (let i = 1; i <= 6; i++) await append({ run: `r${i}` })
    await heard(project, 'r6')
    const first = await carol().get(auditOf(project, 'limit=2'))
    for (const name of ['audit-000000000001', 'audit-000000000002']) {
      await clearAway(project, name)
    }
    await expect.poll(() => runs(carol(), project)).toEqual(numbered(3, 6))
    expect(await runs(carol(), project, `continue=${first.body.continue}`)).toEqual(['r4', 'r3'])
    expect(await runs(carol(), project, 'run=r1')).toEqual([])
  })

  test('should be refused with 503 while the watch is broken, and then hold what was appended and deleted meanwhile', async () => {
    const project = await testProject('gw-audit-cut')
    const append = chainOf(project)
    await append({ run: 'r1' })
    await append({ run: 'r2' })
    await heard(project, 'r2')
    cut()
    await expect.poll(() => gateway.cache.audit.lagMs > 0).toBe(true)
    await append({ run: 'r3' })
    await clearAway(project, 'audit-000000000001')
    skippedMs += 6000
    const answer = await carol().get(auditOf(project))
    expect(answer).toMatchObject({ status: 503, body: { code: 'Behind' } })
    expect(answer.headers.get('retry-after')).toBe('1')
    // Strangers are told no more than ever.
    expect((await gateway.as(tokenOf('mallory@acme.com')).get(auditOf(project))).status).toBe(403)
    mend()
    // The waits between tries have doubled meanwhile, up to half a minute.
    await expect
      .poll(() => gateway.cache.isLive && gateway.cache.audit.isLive, { timeout: 40_000 })
      .toBe(true)
    await expect.poll(() => runs(carol(), project)).toEqual(['r3', 'r2'])
  })

  test('should be refused to whoever may list no audit records any more', async () => {
    const project = await testProject('gw-audit-right')
    await chainOf(project)({ run: 'r1' })
    await heard(project, 'r1')
    await unbindRole(project, 'member', 'carol@acme.com')
    await expect.poll(async () => (await carol().get(auditOf(project))).status).toBe(403)
  })

  test('should be told of on event streams as it grows', async () => {
    const project = await testProject('gw-audit-live')
    const append = chainOf(project)
    await append({ run: 'r1' })
    await heard(project, 'r1')
    const token = tokenOf('carol@acme.com')
    const stream = await listen(gateway, token, project)
    await append({ run: 'r2' }, { run: 'r3' })
    await expect
      .poll(() => stream.events.map(({ data }) => [data.type, data.seq]))
      .toEqual([['AuditAppended', 3]])
    // What it tells of can be read by then.
    expect(await runs(carol(), project, 'limit=1')).toEqual(['r3'])
    await stream.leave()
    await append({ run: 'r4' })
    await heard(project, 'r4')
    const again = await listen(gateway, token, project, stream.lastID())
    await expect.poll(() => again.events.map(({ data }) => data.seq)).toEqual([4])
    await again.leave()
  })
})

describe.skipIf(!haveTokens())('the audit log for a key that is narrowed to agents', () => {
  let world: KeyWorld
  beforeAll(async () => {
    world = await keyWorld('gw-audit-key')
    // What it records would stand between what is recorded here.
    await world.stopOperator()
  })
  afterAll(() => world?.close())

  test('should hold the entries of these agents, and be told of when it grows by those', async () => {
    const { namespace, gateway } = world
    const append = chainOf(namespace)
    const key = await world.make(world.as('carol'), { agents: ['one'] })
    await append({ run: 'r1', agent: 'one' }, { run: 'r2', agent: 'two' }, { run: 'r3' })
    await eventually(async () => (await runs(world.as('carol'), namespace, 'limit=1'))[0] === 'r3')
    expect(await runs(key, namespace)).toEqual(['r1'])
    expect(await runs(key, namespace, 'agent=two')).toEqual([])
    expect(await runs(key, namespace, 'run=r2')).toEqual([])

    const whole = await listen(gateway, tokenOf('carol@acme.com'), namespace)
    const narrow = await listen(gateway, key.key, namespace)
    const seqs = (stream: typeof whole) =>
      stream.events.filter(({ data }) => data.type === 'AuditAppended').map(({ data }) => data.seq)
    await append({ run: 'r4', agent: 'two' })
    await expect.poll(() => seqs(whole)).toHaveLength(1)
    expect(seqs(narrow)).toEqual([])
    await append({ run: 'r5', agent: 'one' })
    await append({ run: 'r6', agent: 'two' })
    await expect.poll(() => seqs(whole).at(-1)).toBe(seqs(whole)[0] + 2)
    await expect.poll(() => seqs(narrow)).toEqual([seqs(whole)[0] + 1])
    await whole.leave()
    await narrow.leave()
  })
})
