import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientForServiceAccount } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import { anApproval, cuttable, haveTokens, settleAs, testProject, tokenOf } from '../testing-cluster.ts'
import { listen } from '../testing-events.ts'

describe.skipIf(!haveTokens())('a cache whose watches are broken', () => {
  const { client, cut, mend } = cuttable(clientForServiceAccount('countersign-system', 'countersign-gateway'))
  let skippedMs = 0
  const clock = { ...systemClock, now: () => systemClock.now() + skippedMs }
  let gateway: TestGateway
  let project: string

  beforeAll(async () => {
    gateway = await startGateway(client, { clock })
    project = await testProject('gw-stale')
  })
  afterAll(() => gateway.close())

  const session = () => gateway.as(tokenOf('carol@acme.com'))
  const path = (name: string) => `/api/v1/projects/${project}/${name}`
  /** Breaks them for longer than is borne. */
  const breakLong = async () => {
    cut()
    await expect
      .poll(() => [...gateway.cache.kinds, gateway.cache.audit].every(({ lagMs }) => lagMs > 0))
      .toBe(true)
    skippedMs += 6000
  }
  const recover = async () => {
    mend()
    // The waits between tries have doubled meanwhile, up to half a minute.
    await expect
      .poll(() => gateway.cache.isLive && gateway.cache.audit.isLive, { timeout: 40_000 })
      .toBe(true)
  }

  test('should be answered from for a moment, then with 503 and not with what was true once, then again', async () => {
    const request = await anApproval(project, 'a-1-0')
    await expect.poll(async () => (await session().get(path('approvals/a-1-0'))).status).toBe(200)
    cut()
    await expect.poll(() => gateway.cache.approvals.lagMs > 0).toBe(true)
    expect((await session().get(path('approvals'))).status).toBe(200)
    await settleAs(request, 'Cancelled')
    skippedMs += 6000
    for (const name of [
      'approvals',
      'approvals/a-1-0',
      'runs',
      'runs/x',
      'agents',
      'audit',
      'notifications',
      'events',
    ]) {
      const answer = await session().get(path(name))
      expect(answer, name).toMatchObject({ status: 503, body: { code: 'Behind' } })
      expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect((await session().get('/api/v1/projects')).status).toBe(503)
    // Strangers are told no more than ever.
    expect((await gateway.as(tokenOf('mallory@acme.com')).get(path('approvals'))).status).toBe(403)
    await recover()
    await expect
      .poll(async () => (await session().get(path('approvals/a-1-0'))).body)
      .toMatchObject({ phase: 'Cancelled' })
  })

  test('should not keep anybody from deciding, and not hide the decision', async () => {
    await anApproval(project, 'b-1-0', { requiredApprovals: 2 })
    cut()
    await expect.poll(() => gateway.cache.approvals.lagMs > 0).toBe(true)
    expect((await session().post(path('approvals/b-1-0/approve'))).status).toBe(200)
    const read = await session().get(path('approvals/b-1-0'))
    expect(read).toMatchObject({ status: 200, body: { decisions: [{ reviewer: 'carol@acme.com' }] } })
    skippedMs += 6000
    expect((await session().post(path('approvals/b-1-0/approve'))).status).toBe(200)
    await recover()
  })

  test('should end an event stream, whose reader then misses nothing', async () => {
    const stream = await listen(gateway, tokenOf('carol@acme.com'), project)
    await breakLong()
    await stream.ended
    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'Closed', reason: 'Behind' })
    await anApproval(project, 'c-1-0')
    await recover()
    const again = await listen(gateway, tokenOf('carol@acme.com'), project, stream.lastID())
    // It was watched on from where the watch had broken, or else the reader was told to list.
    await expect
      .poll(() => again.events.some(({ data }) => data.name === 'c-1-0' || data.type === 'Reset'))
      .toBe(true)
    await again.leave()
  })

  test('should say so in its metrics', async () => {
    const live = async () => (await gateway.metrics.registry.metrics()).match(/cache_live\{.*\} (\d)/g)
    expect(await live()).toHaveLength(6)
    expect((await live())?.every(line => line.endsWith('1'))).toBe(true)
    await breakLong()
    expect((await live())?.every(line => line.endsWith('0'))).toBe(true)
    await recover()
  })
})
