// What an API key does: all of REST as its user, by the real policies, and nothing that its user may not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agents, approvalRequests, projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually, testNamespace } from '../../../hack/testing.ts'
import { anAgent, anApproval, bindRole, haveTokens, runSettler } from '../testing-cluster.ts'
import { alice, carol, type KeyWorld, keyWorld, listen, type MadeKey } from './testing-cluster.ts'

describe.skipIf(!haveTokens())('an API key', () => {
  let world: KeyWorld
  let stopSettler = async () => {}
  let keys: Record<'alice' | 'bob' | 'carol', MadeKey>
  beforeAll(async () => {
    world = await keyWorld('keys-work')
    const [alice, bob, carol] = await Promise.all(
      (['alice', 'bob', 'carol'] as const).map(person => world.make(world.as(person))),
    )
    keys = { alice, bob, carol } as typeof keys
    // It would cancel requests that no run waits for. From here on the test plays its part.
    await eventually(
      async () => (await world.audit()).filter(({ object }) => object?.name === bob?.id).length > 0,
    )
    await world.stopOperator()
    stopSettler = await runSettler(world.namespace)
    await anAgent(world.namespace, 'order-manager')
    await eventually(() =>
      world.gateway.cache.agents.store.find({ namespace: world.namespace, name: 'order-manager' }),
    )
  })
  afterAll(async () => {
    await stopSettler()
    await world.close()
  })

  /** A request as the gateway's cache has it. */
  const open = async (name: string, spec: Parameters<typeof anApproval>[2] = {}) => {
    const created = await anApproval(world.namespace, name, spec)
    await eventually(() => world.gateway.cache.approvals.store.find({ namespace: world.namespace, name }))
    return created
  }
  const decisions = async (name: string) =>
    (await adminClient().get(approvalRequests, { namespace: world.namespace, name })).status.decisions

  test('should be its user, by name and with no groups of theirs', async () => {
    const { status, body } = await keys.carol.get('/api/v1/me')
    expect(status).toBe(200)
    expect(body).toMatchObject({ username: 'carol@acme.com', groups: ['system:authenticated'] })
  })

  test('should reach its own project alone, whatever else its user is a member of', async () => {
    const other = await testNamespace('keys-other')
    await bindRole(other, 'member', 'carol@acme.com')
    await adminClient().create(projects, {
      metadata: { name: 'project', namespace: other },
      spec: { members: [alice, carol] },
    })
    const names = async (session: { get: MadeKey['get'] }): Promise<string[]> =>
      (await session.get('/api/v1/projects')).body.items.map(({ name }: { name: string }) => name)
    await eventually(async () => (await names(world.as('carol'))).includes(other))
    expect(await names(keys.carol)).toEqual([world.namespace])
    for (const path of ['approvals', 'approvals/a', 'runs', 'agents', 'audit', 'apikeys']) {
      const there = await keys.carol.get(`/api/v1/projects/${other}/${path}`)
      const nowhere = await keys.carol.get(`/api/v1/projects/nowhere/${path}`)
      expect([path, there.status, nowhere.status]).toEqual([path, 403, 403])
      expect(there.body.detail).toBe(nowhere.body.detail)
    }
    const decided = await keys.carol.post(`/api/v1/projects/${other}/approvals/a/approve`, {})
    expect(decided.status).toBe(403)
  })

  test('should decide as its user over the path API, admitted by the policies', async () => {
    await open('approve-1-0', { requiredApprovals: 2 })
    const approved = await keys.carol.post(`${world.base}/approvals/approve-1-0/approve`, {
      reason: 'checked',
    })
    expect(approved.status).toBe(200)
    expect(await decisions('approve-1-0')).toEqual([
      expect.objectContaining({
        reviewer: 'carol@acme.com',
        verdict: 'Approve',
        via: 'API',
        reason: 'checked',
      }),
    ])
    // The same person over two paths counts once.
    const again = await world.as('carol').post(`${world.base}/approvals/approve-1-0/approve`, {})
    expect(again.status).toBe(200)
    expect(await decisions('approve-1-0')).toHaveLength(1)

    await open('reject-1-0')
    const rejected = await keys.bob.post(`${world.base}/approvals/reject-1-0/reject`, { reason: 'no' })
    expect(rejected.status).toBe(200)
    expect(await decisions('reject-1-0')).toMatchObject([
      { reviewer: 'bob@acme.com', verdict: 'Reject', via: 'API' },
    ])

    await open('bulk-1-0', { requiredApprovals: 2 })
    const bulk = await keys.alice.post(`${world.base}/approvals/decide`, {
      decisions: [
        { name: 'bulk-1-0', verdict: 'Approve' },
        { name: 'no-such', verdict: 'Approve' },
      ],
    })
    expect(bulk.body.items.map(({ status }: { status: number }) => status)).toEqual([200, 404])
    expect(await decisions('bulk-1-0')).toMatchObject([{ reviewer: 'alice@acme.com', via: 'API' }])
  })

  test('should list, read and wait for requests', async () => {
    await open('wait-1-0', { requiredApprovals: 2 })
    const listed = await keys.carol.get(`${world.base}/approvals?phase=Pending`)
    expect(listed.body.items).toContainEqual(expect.objectContaining({ name: 'wait-1-0' }))
    const waiting = keys.carol.get(`${world.base}/approvals/wait-1-0?wait=30`)
    await eventually(async () =>
      (await world.gateway.metrics.registry.metrics()).includes('countersign_gateway_long_polls 1'),
    )
    await keys.bob.post(`${world.base}/approvals/wait-1-0/reject`, { reason: 'no' })
    expect(await waiting).toMatchObject({ status: 200, body: { phase: 'Rejected' } })
  })

  test('should start, read and cancel runs as far as the role of its user goes', async () => {
    const input = { agent: 'order-manager', input: 'Refund ORD-1287.' }
    const started = await keys.carol.post(`${world.base}/runs`, input)
    expect(started).toMatchObject({ status: 201, body: { requestedBy: 'carol@acme.com' } })
    const { name } = started.body
    expect((await keys.carol.get(`${world.base}/runs/${name}`)).status).toBe(200)
    const listed = await keys.carol.get(`${world.base}/runs`)
    expect(listed.body.items).toContainEqual(expect.objectContaining({ name }))

    const withContext = { ...input, context: { is_admin: true } }
    expect((await keys.carol.post(`${world.base}/runs`, withContext)).status).toBe(403)
    expect((await keys.bob.post(`${world.base}/runs`, withContext)).status).toBe(201)
    expect((await keys.carol.post(`${world.base}/runs/${name}/cancel`, {})).status).toBe(403)
    expect((await keys.bob.post(`${world.base}/runs/${name}/cancel`, {})).status).toBe(200)
  })

  test('should read agents, the audit log and keys', async () => {
    const found = await keys.carol.get(`${world.base}/agents`)
    expect(found.body.items).toMatchObject([{ name: 'order-manager' }])
    const audit = await keys.carol.get(`${world.base}/audit?action=KeyCreated`)
    expect(audit.status).toBe(200)
    const listed = await keys.carol.get(`${world.base}/apikeys`)
    expect(listed.body.items).toContainEqual(expect.objectContaining({ id: keys.carol.id }))
    const { items } = (await keys.alice.get(`${world.base}/apikeys`)).body
    expect(items.map(({ user }: { user: string }) => user)).toContain('bob@acme.com')
  })

  test('should not decide a run that its user started, over key or token, where the agent says so', async () => {
    const started = await keys.carol.post(`${world.base}/runs`, { agent: 'order-manager', input: 'Do it.' })
    const { requestedBy } = started.body
    expect(requestedBy).toBe('carol@acme.com')
    await open('self-1-0', { allowSelfApproval: false, requestedBy })
    for (const session of [keys.carol, world.as('carol')]) {
      const refused = await session.post(`${world.base}/approvals/self-1-0/approve`, {})
      expect(refused).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
      expect(refused.body.detail).toMatch(/started/)
    }
    expect(await decisions('self-1-0')).toEqual([])
    expect((await keys.bob.post(`${world.base}/approvals/self-1-0/approve`, {})).status).toBe(200)
  })

  test('should hear of what happens, and set notifications as far as the role of its user goes', async () => {
    const { heard } = await listen(world.gateway, world.base, keys.carol.key)
    await open('heard-1-0')
    await eventually(() => heard.some(({ name }) => name === 'heard-1-0'))

    const wanted = { email: { enabled: false } }
    const put = (key: MadeKey) => key.send('PUT', `${world.base}/notifications`, { body: wanted })
    expect((await put(keys.carol)).status).toBe(403)
    expect((await put(keys.bob)).status).toBe(200)
    expect((await keys.carol.get(`${world.base}/notifications`)).body).toMatchObject(wanted)
    const narrowed = await world.make(world.as('alice'), { agents: ['order-manager'] })
    expect((await put(narrowed)).status).toBe(403)
  })

  test('should be told when it was last used, in the background', async () => {
    const key = await world.make(world.as('bob'))
    expect((await key.get('/api/v1/me')).status).toBe(200)
    await eventually(async () => {
      const { items } = (await world.as('bob').get(`${world.base}/apikeys`)).body
      const used = items.find(({ id }: { id: string }) => id === key.id)?.lastUsedAt
      return Math.abs(Date.now() - Date.parse(used)) < 60_000
    })
  })

  describe('that is narrowed', () => {
    test('should only read with readOnly', async () => {
      const key = await world.make(world.as('alice'), { readOnly: true })
      await open('read-only-1-0')
      expect((await key.get(`${world.base}/approvals/read-only-1-0`)).status).toBe(200)
      for (const [method, path] of [
        ['POST', 'approvals/read-only-1-0/approve'],
        ['POST', 'approvals/decide'],
        ['POST', 'runs'],
        ['POST', 'apikeys'],
        ['DELETE', `apikeys/${key.id}`],
      ] as const) {
        const body = method === 'POST' ? { body: {} } : {}
        const refused = await key.send(method, `${world.base}/${path}`, body)
        expect([path, refused.status]).toEqual([path, 403])
        expect(refused.body.detail).toContain('only reads')
      }
      expect(await decisions('read-only-1-0')).toEqual([])
    })

    test('should have to do with its agents alone', async () => {
      await anAgent(world.namespace, 'other')
      await adminClient().get(agents, { namespace: world.namespace, name: 'other' })
      const theirs = await open('theirs-1-0', { agentRef: { name: 'other' }, requiredApprovals: 2 })
      await open('ours-1-0', { requiredApprovals: 2 })
      const key = await world.make(world.as('alice'), { agents: ['order-manager'] })
      const names = async (path: string): Promise<string[]> =>
        (await key.get(`${world.base}/${path}`)).body.items.map(({ name }: { name: string }) => name)
      expect(await names('approvals')).toContain('ours-1-0')
      expect(await names('approvals')).not.toContain(theirs.metadata.name)
      expect(await names('agents')).toEqual(['order-manager'])
      expect((await key.get(`${world.base}/approvals/theirs-1-0`)).status).toBe(404)
      expect((await key.get(`${world.base}/approvals/theirs-1-0?wait=5`)).status).toBe(404)
      expect((await key.post(`${world.base}/approvals/theirs-1-0/approve`, {})).status).toBe(404)
      const bulk = await key.post(`${world.base}/approvals/decide`, {
        decisions: [
          { name: 'theirs-1-0', verdict: 'Approve' },
          { name: 'ours-1-0', verdict: 'Approve' },
        ],
      })
      expect(bulk.body.items.map(({ status }: { status: number }) => status)).toEqual([404, 200])
      expect(await decisions('theirs-1-0')).toEqual([])

      const run = { agent: 'other', input: 'x' }
      expect([403, 404, 422]).toContain((await key.post(`${world.base}/runs`, run)).status)
      const others = (await world.as('alice').post(`${world.base}/runs`, run)).body.name
      await eventually(() =>
        world.gateway.cache.runs.store.find({ namespace: world.namespace, name: others }),
      )
      expect(await names('runs')).not.toContain(others)
      expect((await key.get(`${world.base}/runs/${others}`)).status).toBe(404)
      expect((await key.post(`${world.base}/runs/${others}/cancel`, {})).status).toBe(404)
      const continued = { agent: 'order-manager', input: 'x', continueFrom: others }
      expect((await key.post(`${world.base}/runs`, continued)).status).toBe(422)
      const { heard } = await listen(world.gateway, world.base, key.key)
      await open('theirs-2-0', { agentRef: { name: 'other' } })
      await open('ours-2-0')
      await eventually(() => heard.some(({ name }) => name === 'ours-2-0'))
      expect(heard.map(({ name }) => name)).not.toContain('theirs-2-0')
      const audit = await key.get(`${world.base}/audit`)
      const strange = audit.body.items.filter(({ agent }: { agent?: string }) => agent !== 'order-manager')
      expect(strange).toEqual([])
    })

    test('should make keys that never exceed it, and see and revoke those alone', async () => {
      const mine = await world.make(world.as('alice'))
      const parent = await world.make(world.as('alice'), { agents: ['order-manager'], expiresInSeconds: 600 })
      const child = await world.make(parent, { expiresInSeconds: 86_400 })
      expect(child).toMatchObject({
        agents: ['order-manager'],
        expiresAt: parent.expiresAt,
        madeWith: parent.id,
      })
      const beyond = await parent.post(`${world.base}/apikeys`, { name: 'x', agents: ['other'] })
      expect(beyond).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
      const { items } = (await parent.get(`${world.base}/apikeys`)).body
      expect(items.map(({ id }: { id: string }) => id).sort()).toEqual([child.id, parent.id].sort())
      expect((await parent.send('DELETE', `${world.base}/apikeys/${mine.id}`)).status).toBe(404)
      expect((await mine.get('/api/v1/me')).status).toBe(200)
    })
  })
})
