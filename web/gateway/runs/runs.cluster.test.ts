import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunPhase } from '../../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { clientForServiceAccount } from '../../../hack/testing.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import { anAgent, haveTokens, operator, testProject, tokenOf } from '../testing-cluster.ts'
import { runItem } from './item.ts'

describe.skipIf(!haveTokens())('runs over REST', () => {
  let gateway: TestGateway
  let project: string
  let runs: string

  beforeAll(async () => {
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
    project = await testProject('gw-runs')
    runs = `/api/v1/projects/${project}/runs`
    await anAgent(project, 'order-manager')
    await anAgent(project, `long-${'x'.repeat(200)}`)
  })
  afterAll(() => gateway.close())

  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  const endAs = async (name: string, phase: RunPhase) => {
    const patch = { type: 'merge', body: { status: { phase } } } as const
    await operator().patch(agentRuns, { namespace: project, name }, patch, { subresource: 'status' })
  }

  test('should start a run in the name of who asks, and say where it is', async () => {
    const answer = await as('carol').post(runs, { agent: 'order-manager', input: 'Refund ORD-1287.' })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      project,
      agent: 'order-manager',
      phase: 'Pending',
      input: 'Refund ORD-1287.',
      requestedBy: 'carol@acme.com',
      steps: [],
    })
    expect(answer.body.name).toMatch(/^order-manager-[0-9a-f]{10}$/)
    expect(answer.headers.get('location')).toBe(`${runs}/${answer.body.name}`)
    expect(runItem.strict().parse(answer.body)).toEqual(answer.body)
    const again = await as('carol').get(answer.headers.get('location') ?? '')
    expect(again).toMatchObject({ status: 200, body: { name: answer.body.name } })
  })

  test('should keep the name short for an agent with a long one', async () => {
    const answer = await as('carol').post(runs, { agent: `long-${'x'.repeat(200)}`, input: 'go' })
    expect(answer.status).toBe(201)
    expect(answer.body.name.length).toBeLessThanOrEqual(63)
  })

  test('should take the name that was asked for, once', async () => {
    const body = { name: 'my-run', agent: 'order-manager', input: 'go' }
    expect((await as('carol').post(runs, body)).body.name).toBe('my-run')
    expect(await as('carol').post(runs, body)).toMatchObject({ status: 409, body: { code: 'AlreadyExists' } })
  })

  test('should lead twenty requests with one Idempotency-Key to one run', async () => {
    const body = { agent: 'order-manager', input: 'once', context: { n: 1, nothing: null } }
    const init = { headers: { 'idempotency-key': 'key-1' } }
    const answers = await Promise.all(Array.from({ length: 20 }, () => as('bob').post(runs, body, init)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map(answer => answer.body.name)).size).toBe(1)
    const other = await as('bob').post(runs, { ...body, input: 'twice' }, init)
    expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyKeyReused' } })
    const carols = await as('carol').post(runs, { agent: 'order-manager', input: 'once' }, init)
    expect(carols.status).toBe(201)
    expect(carols.body.name).not.toBe(answers[0]?.body.name)
  })

  test('should say which agent or run does not exist', async () => {
    const unknown = await as('carol').post(runs, { agent: 'order-manger', input: 'go' })
    expect(unknown).toMatchObject({ status: 422, body: { code: 'UnknownReference' } })
    expect(unknown.body.detail).toContain('agent named order-manger')
    const earlier = { agent: 'order-manager', input: 'yes', continueFrom: 'nothing' }
    expect(await as('carol').post(runs, earlier)).toMatchObject({
      status: 422,
      body: { code: 'UnknownReference' },
    })
  })

  test('should go on only with a run that has ended', async () => {
    const { body } = await as('carol').post(runs, { agent: 'order-manager', input: 'first' })
    const next = { agent: 'order-manager', input: 'yes, do', continueFrom: body.name }
    expect(await as('carol').post(runs, next)).toMatchObject({ status: 409, body: { code: 'RunNotEnded' } })
    await endAs(body.name, 'Succeeded')
    const answer = await as('carol').post(runs, next)
    expect(answer).toMatchObject({ status: 201, body: { continueFrom: body.name } })
    const later = await as('carol').get(`${runs}?continueFrom=${body.name}`)
    expect(later.body.items.map((item: { name: string }) => item.name)).toEqual([answer.body.name])
    expect((await as('carol').get(`${runs}?continueFrom=${answer.body.name}`)).body.items).toEqual([])
  })

  test('should say how long people were waited for, and since when they are', async () => {
    const { body } = await as('carol').post(runs, { agent: 'order-manager', input: 'wait' })
    const since = '2026-11-22T10:00:00Z'
    const awaiting = { type: 'AwaitingApproval', reason: 'AwaitingApproval', message: 'waits for people' }
    const conditions = [{ ...awaiting, status: 'True', lastTransitionTime: since }]
    const patch = { type: 'merge', body: { status: { waitedSeconds: 312, conditions } } } as const
    const ref = { namespace: project, name: body.name }
    await operator().patch(agentRuns, ref, patch, { subresource: 'status' })
    const read = async () => (await as('carol').get(`${runs}/${body.name}`)).body
    // The cache hears of it a moment later.
    await expect.poll(read).toMatchObject({ waitedSeconds: 312, awaitingSince: since })
  })

  test('should let an admin set the context and refuse a member in the words of the policy', async () => {
    const body = { agent: 'order-manager', input: 'go', context: { is_admin: true } }
    expect(await as('bob').post(runs, body)).toMatchObject({
      status: 201,
      body: { context: { is_admin: true } },
    })
    const refused = await as('carol').post(runs, body)
    expect(refused.status).toBe(403)
    expect(refused.body.detail).toMatch(/^you may not set spec\.context/)
  })

  test.each([
    ['too large', JSON.stringify({ text: 'x'.repeat(16_400) })],
    ['an integer that would change', '{"id": 12345678901234567890}'],
    ['half a surrogate pair', '{"text": "\\ud800"}'],
    ['a list', '[1]'],
  ])('should refuse a context that is %s', async (_, context) => {
    const body = `{"agent": "order-manager", "input": "go", "context": ${context}}`
    const answer = await as('bob').post(runs, body)
    expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(answer.body.errors[0].path).toMatch(/^context/)
  })

  test.each([
    { input: 'go' },
    { agent: 'order-manager' },
    { agent: 'order-manager', input: '' },
    { agent: 'order-manager', input: 'go', requestedBy: 'alice@acme.com' },
    { agent: '../agents', input: 'go' },
    { agent: 'order-manager', input: 'go', name: 'x'.repeat(64) },
  ])('should refuse %j', async body => {
    expect((await as('bob').post(runs, body)).status).toBe(422)
  })

  test('should refuse strangers with 403', async () => {
    expect((await as('mallory').post(runs, { agent: 'order-manager', input: 'go' })).status).toBe(403)
    expect((await as('mallory').get(runs)).status).toBe(403)
  })

  test('should list by agent and phase', async () => {
    const { body } = await as('carol').post(runs, { agent: 'order-manager', input: 'list me' })
    await endAs(body.name, 'Failed')
    const failed = async () => {
      const answer = await as('carol').get(`${runs}?phase=Failed&agent=order-manager`)
      return answer.body.items.map((item: { name: string }) => item.name)
    }
    // The cache hears of it a moment later.
    await expect.poll(failed).toEqual([body.name])
    expect((await as('carol').get(`${runs}?agent=other`)).body.items).toEqual([])
  })

  test('should cancel a run, answer a second cancel with 200, and refuse one of a run that ended', async () => {
    const { body } = await as('bob').post(runs, { agent: 'order-manager', input: 'cancel me' })
    const cancel = `${runs}/${body.name}/cancel`
    expect(await as('bob').post(cancel)).toMatchObject({ status: 200, body: { cancel: true } })
    expect((await as('bob').post(cancel, {})).status).toBe(200)
    await endAs(body.name, 'Cancelled')
    expect(await as('bob').post(cancel)).toMatchObject({ status: 200, body: { phase: 'Cancelled' } })

    const ended = await as('bob').post(runs, { agent: 'order-manager', input: 'end' })
    await endAs(ended.body.name, 'Succeeded')
    const late = await as('bob').post(`${runs}/${ended.body.name}/cancel`)
    expect(late).toMatchObject({ status: 409, body: { code: 'RunEnded', phase: 'Succeeded' } })
    expect((await as('bob').post(`${runs}/nothing/cancel`)).status).toBe(404)
  })

  test('should refuse a member who cancels, as the role of a member does not hold it', async () => {
    const { body } = await as('carol').post(runs, { agent: 'order-manager', input: 'mine' })
    expect((await as('carol').post(`${runs}/${body.name}/cancel`)).status).toBe(403)
  })
})
