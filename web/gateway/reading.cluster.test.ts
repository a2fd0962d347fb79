import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import type { Project } from '../../crds/v1alpha1/project.ts'
import { agents, approvalRequests, auditRecords, projects } from '../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount, testNamespace } from '../../hack/testing.ts'
import { agentItem } from './agents/routes.ts'
import { approvalDetail } from './approvals/item.ts'
import { auditItem } from './audit/item.ts'
import { defaultLimits } from './limits/options.ts'
import { startGateway, type TestGateway } from './testing.ts'
import {
  anAgent,
  anApproval,
  bindRole,
  haveTokens,
  operator,
  settleAs,
  testProject,
  tokenOf,
} from './testing-cluster.ts'

describe.skipIf(!haveTokens())('reading over REST', () => {
  let gateway: TestGateway
  let project: string

  beforeAll(async () => {
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
    project = await testProject('gw-read')
  })
  afterAll(() => gateway.close())

  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  /** The cache hears of what somebody else wrote a moment later. */
  const heard = async (what: () => boolean) => await expect.poll(what).toBe(true)
  const base = () => `/api/v1/projects/${project}`

  describe('who and where', () => {
    test('should say who asks, in the words of the API server', async () => {
      const answer = await as('alice').get('/api/v1/me')
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({
        username: 'alice@acme.com',
        groups: expect.arrayContaining(['system:authenticated']),
      })
    })

    test('should refuse a token that the API server does not know', async () => {
      const answer = await gateway.as('not-a-token').get('/api/v1/me')
      expect(answer).toMatchObject({ status: 401, body: { code: 'Unauthenticated' } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="countersign"')
    })

    test('should list to each person the projects where they may read, and no namespace without a Project', async () => {
      const [mine, theirs, plain] = await Promise.all([
        testNamespace('gw-mine'),
        testNamespace('gw-theirs'),
        testProject('gw-plain'),
      ])
      await bindRole(mine, 'member', 'carol@acme.com')
      for (const namespace of [mine, theirs]) {
        const members = [{ user: 'alice@acme.com', role: 'Owner' }]
        const object = { metadata: { name: 'project', namespace }, spec: { members } } as unknown as Project
        await adminClient().create(projects, object)
      }
      const { store } = gateway.cache.projects
      await heard(() => [mine, theirs].every(at => store.find({ namespace: at, name: 'project' })))
      const names = async (person: string): Promise<string[]> => {
        const answer = await as(person).get('/api/v1/projects')
        expect(answer.status).toBe(200)
        return answer.body.items.map((item: { name: string }) => item.name)
      }
      const carols = await names('carol')
      expect(carols).toContain(mine)
      expect(carols).not.toContain(theirs)
      expect(carols).not.toContain(plain)
      expect(await names('mallory')).toEqual([])
    })
  })

  describe('approvals', () => {
    test('should list newest first, page by page, undisturbed by what comes meanwhile', async () => {
      const namespace = await testProject('gw-pages')
      const list = (query: string) => as('carol').get(`/api/v1/projects/${namespace}/approvals?${query}`)
      for (const name of ['a-1-0', 'b-1-0', 'c-1-0', 'd-1-0', 'e-1-0']) await anApproval(namespace, name)
      const { approvals } = gateway.cache
      await heard(() => approvals.store.byIndex('namespace', namespace).length === 5)
      const stored = await operator().listAll(approvalRequests, { namespace })
      const expected = stored.items
        .map(({ metadata }) => [metadata.creationTimestamp, metadata.name].join(' '))
        .sort()
        .reverse()
        .map(line => line.split(' ')[1])
      const first = await list('limit=2')
      expect(first.body.items).toHaveLength(2)
      await anApproval(namespace, 'z-1-0')
      const second = await list(`limit=2&continue=${first.body.continue}`)
      const third = await list(`limit=2&continue=${second.body.continue}`)
      const names = [first, second, third].flatMap(({ body }) =>
        body.items.map((item: { name: string }) => item.name),
      )
      expect(names).toEqual(expected)
      expect(third.body.continue).toBeUndefined()
    })

    test('should filter by phase, agent and run', async () => {
      const namespace = await testProject('gw-filter')
      const [done] = await Promise.all([
        anApproval(namespace, 'done-1-0', { runRef: { name: 'done', uid: 'u1' } }),
        anApproval(namespace, 'open-1-0'),
        anApproval(namespace, 'other-1-0', { agentRef: { name: 'other' } }),
      ])
      await settleAs(done, 'Cancelled')
      const { store } = gateway.cache.approvals
      await heard(() => store.byIndex('phase', `${namespace}/Cancelled`).length === 1)
      await heard(() => store.byIndex('phase', `${namespace}/Pending`).length === 2)
      const names = async (query: string) => {
        const answer = await as('carol').get(`/api/v1/projects/${namespace}/approvals?${query}`)
        return answer.body.items.map((item: { name: string }) => item.name).sort()
      }
      expect(await names('phase=Pending')).toEqual(['open-1-0', 'other-1-0'])
      expect(await names('phase=Pending&agent=other')).toEqual(['other-1-0'])
      expect(await names('run=done')).toEqual(['done-1-0'])
      expect(await names('phase=&agent=&limit=&continue=')).toEqual(['done-1-0', 'open-1-0', 'other-1-0'])
    })

    test('should fill in when a request was made and expires before the operator has', async () => {
      const { metadata } = await anApproval(project, 'times-1-0', { timeoutSeconds: 90 })
      const { body } = await as('carol').get(`${base()}/approvals/times-1-0`)
      expect(body.requestedAt).toBe(metadata.creationTimestamp)
      expect(Date.parse(body.expiresAt) - Date.parse(body.requestedAt)).toBe(90_000)
      expect(approvalDetail.strict().parse(body)).toEqual(body)
      expect(body).toMatchObject({
        project,
        agent: 'order-manager',
        run: 'order-run',
        tool: 'order_tools.process_refund',
        params: { order: 'ORD-1287', amount: 2400 },
        phase: 'Pending',
        decisions: [],
        requiredApprovals: 1,
        requestedBy: 'bob@acme.com',
        uid: metadata.uid,
      })
    })

    test('should refuse strangers with 403 and answer 404 for what is not there', async () => {
      expect((await as('mallory').get(`${base()}/approvals`)).status).toBe(403)
      expect((await as('mallory').get(`${base()}/approvals/times-1-0`)).status).toBe(403)
      expect(await as('carol').get(`${base()}/approvals/nothing`)).toMatchObject({
        status: 404,
        body: { code: 'NotFound', instance: `${base()}/approvals/nothing` },
      })
    })

    test('should answer a long poll as soon as the request leaves Pending', async () => {
      const request = await anApproval(project, 'poll-1-0')
      const start = performance.now()
      const polling = as('carol').get(`${base()}/approvals/poll-1-0?wait=30`)
      await expect.poll(async () => (await gateway.metrics.longPolls.get()).values[0]?.value).toBe(1)
      await settleAs(request, 'Cancelled')
      expect(await polling).toMatchObject({ status: 200, body: { phase: 'Cancelled' } })
      expect(performance.now() - start).toBeLessThan(10_000)
    })

    test('should end a long poll with what is true when its time is over', async () => {
      await anApproval(project, 'quiet-1-0')
      const start = performance.now()
      const answer = await as('carol').get(`${base()}/approvals/quiet-1-0?wait=1`)
      expect(answer).toMatchObject({ status: 200, body: { phase: 'Pending' } })
      expect(performance.now() - start).toBeGreaterThan(950)
    })

    test('should end a long poll with 404 when the request is deleted', async () => {
      await anApproval(project, 'deleted-1-0')
      const polling = as('carol').get(`${base()}/approvals/deleted-1-0?wait=30`)
      await expect.poll(async () => (await gateway.metrics.longPolls.get()).values[0]?.value).toBe(1)
      await operator().delete(approvalRequests, { namespace: project, name: 'deleted-1-0' })
      expect((await polling).status).toBe(404)
    })

    test('should stop waiting for a caller who hung up', async () => {
      await anApproval(project, 'gone-1-0')
      const hangUp = new AbortController()
      const polling = fetch(`${gateway.url}${base()}/approvals/gone-1-0?wait=30`, {
        headers: { authorization: `Bearer ${tokenOf('carol@acme.com')}` },
        signal: hangUp.signal,
      })
      const waiting = async () => (await gateway.metrics.longPolls.get()).values[0]?.value
      await expect.poll(waiting).toBe(1)
      hangUp.abort()
      await expect(polling).rejects.toThrow()
      await expect.poll(waiting).toBe(0)
    })

    test('should count a long poll once among those that one credential may have', async () => {
      const limits = { ...defaultLimits, openWaits: 2 }
      const strict = await startGateway(
        clientForServiceAccount('countersign-system', 'countersign-gateway'),
        { limits },
      )
      await anApproval(project, 'counted-1-0')
      const poll = () => strict.as(tokenOf('carol@acme.com')).get(`${base()}/approvals/counted-1-0?wait=30`)
      const polling = [poll(), poll()]
      await expect.poll(async () => (await strict.metrics.longPolls.get()).values[0]?.value).toBe(2)
      expect((await poll()).status).toBe(429)
      strict.stop()
      expect((await Promise.all(polling)).map(({ status }) => status)).toEqual([200, 200])
      await strict.close()
    })

    test('should end long polls with the present state when the process is to stop', async () => {
      const leaving = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
      await anApproval(project, 'stop-1-0')
      const polling = leaving.as(tokenOf('carol@acme.com')).get(`${base()}/approvals/stop-1-0?wait=30`)
      await expect.poll(async () => (await leaving.metrics.longPolls.get()).values[0]?.value).toBe(1)
      const start = performance.now()
      leaving.stop()
      expect(await polling).toMatchObject({ status: 200, body: { phase: 'Pending' } })
      expect(performance.now() - start).toBeLessThan(2000)
      await leaving.close()
    })
  })

  test('should show agents with their readiness and without their wiring', async () => {
    await anAgent(project, 'order-manager')
    const { store } = gateway.cache.agents
    await heard(() => store.find({ namespace: project, name: 'order-manager' }) !== undefined)
    const { status, body } = await as('carol').get(`${base()}/agents`)
    expect(status).toBe(200)
    expect(body.items).toMatchObject([
      { name: 'order-manager', project, ready: 'Unknown', reason: 'Pending', model: { name: 'some-model' } },
    ])
    expect(JSON.stringify(body)).not.toContain('llm.shop.svc')
    expect(agentItem.strict().parse(body.items[0])).toEqual(body.items[0])
    expect((await adminClient().listAll(agents, { namespace: project })).items).toHaveLength(1)
  })

  describe('audit', () => {
    let namespace: string
    const entries = [
      { action: 'RunStarted', actor: 'bob@acme.com' },
      { action: 'ApprovalRequested', actor: 'operator' },
      { action: 'ApprovalApproved', actor: 'alice@acme.com, carol@acme.com', reason: 'fine' },
      { action: 'ToolExecuting', actor: 'operator' },
      { action: 'ToolExecuted', actor: 'operator' },
    ].map((entry, i) => ({ seq: i + 1, time: `2026-11-22T10:00:0${i}Z`, ...entry }))

    beforeAll(async () => {
      namespace = await testProject('gw-audit')
      const hash = `sha256:${'0'.repeat(64)}`
      const chunks = [entries.slice(0, 1), entries.slice(1, 4), entries.slice(4)]
      for (const chunk of chunks) {
        const first = chunk[0]!.seq
        await operator().create(auditRecords, {
          metadata: { name: `audit-${String(first).padStart(12, '0')}`, namespace },
          spec: { entries: chunk, hash, ...(first > 1 ? { prevHash: hash } : {}) },
        } as unknown as AuditRecord)
      }
    })
    const seqs = async (query = ''): Promise<number[]> => {
      const answer = await as('carol').get(`/api/v1/projects/${namespace}/audit${query}`)
      expect(answer.status).toBe(200)
      return answer.body.items.map((item: { seq: number }) => item.seq)
    }

    test('should list entries, newest first, each with the name of its record', async () => {
      const { body } = await as('carol').get(`/api/v1/projects/${namespace}/audit`)
      expect(body.items.map(({ seq, record }: { seq: number; record: string }) => [seq, record])).toEqual([
        [5, 'audit-000000000005'],
        [4, 'audit-000000000002'],
        [3, 'audit-000000000002'],
        [2, 'audit-000000000002'],
        [1, 'audit-000000000001'],
      ])
      for (const item of body.items) expect(auditItem.strict().parse(item)).toEqual(item)
    })

    test.each([
      ['?action=ApprovalApproved', [3]],
      ['?actor=carol@acme.com', [3]],
      ['?actor=operator', [5, 4, 2]],
      ['?since=2026-11-22T10:00:03Z', [5, 4]],
      ['?since=2026-11-22T11:00:03%2B01:00&actor=operator', [5, 4]],
      ['?actor=acme', []],
    ])('should filter by %s', async (query, expected) => {
      expect(await seqs(query)).toEqual(expected)
    })

    test('should go on inside a record where the page before ended', async () => {
      const first = await as('carol').get(`/api/v1/projects/${namespace}/audit?limit=3`)
      const token = first.body.continue
      expect(await seqs(`?limit=3&continue=${token}`)).toEqual([2, 1])
    })

    test('should refuse strangers', async () => {
      expect((await as('mallory').get(`/api/v1/projects/${namespace}/audit`)).status).toBe(403)
    })
  })
})
