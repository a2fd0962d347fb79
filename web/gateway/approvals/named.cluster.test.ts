import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../hack/testing.ts'
import { type KeyWorld, keyWorld } from '../keys/testing-cluster.ts'
import { anApproval, haveTokens, settleAs, tellAs } from '../testing-cluster.ts'

describe.skipIf(!haveTokens())('requests by their names', () => {
  let world: KeyWorld
  beforeAll(async () => {
    world = await keyWorld('gw-named')
    // It would cancel requests that no run waits for.
    await world.stopOperator()
    const { namespace } = world
    const [done] = await Promise.all([
      anApproval(namespace, 'done-1-0'),
      anApproval(namespace, 'open-1-0'),
      anApproval(namespace, 'other-1-0', { agentRef: { name: 'other' } }),
    ])
    await settleAs(done, 'Cancelled')
    const { store } = world.gateway.cache.approvals
    await eventually(() => store.byIndex('phase', `${namespace}/Pending`).length === 2)
    await eventually(() => store.byIndex('phase', `${namespace}/Cancelled`).length === 1)
  })
  afterAll(() => world?.close())

  const ask = (query: string, session = world.as('carol')) =>
    session.get(`${world.base}/approvals?names=${query}`)
  const names = async (query: string, session = world.as('carol')) =>
    (await ask(query, session)).body.items.map(({ name }: { name: string }) => name)

  test('should be answered in the order in which they were asked for, without those that are not there', async () => {
    expect(await names('other-1-0,gone-1-0,done-1-0,open-1-0')).toEqual(['other-1-0', 'done-1-0', 'open-1-0'])
    expect(await names('nothing-1-0')).toEqual([])
    expect(Object.keys((await ask('open-1-0')).body)).toEqual(['items'])
  })

  test('should be held against the other filters', async () => {
    expect(await names('other-1-0,done-1-0,open-1-0&phase=Pending')).toEqual(['other-1-0', 'open-1-0'])
    expect(await names('other-1-0,open-1-0&agent=other')).toEqual(['other-1-0'])
  })

  test('should stay within the agents of a narrowed key', async () => {
    const key = await world.make(world.as('carol'), { agents: ['other'] })
    expect(await names('other-1-0,open-1-0', key)).toEqual(['other-1-0'])
  })

  test('should be refused to whoever may not read the project', async () => {
    expect((await ask('open-1-0', world.as('mallory'))).status).toBe(403)
  })

  test('should say who was told of one that is asked for by itself, and not in lists', async () => {
    const request = await anApproval(world.namespace, 'told-1-0', {
      escalateAfterSeconds: 600,
      escalateTo: ['x'],
    })
    const one = async () => (await world.as('carol').get(`${world.base}/approvals/told-1-0`)).body
    await eventually(async () => (await one()).name === 'told-1-0')
    expect(await one()).toMatchObject({ notifications: [], escalateAfterSeconds: 600, escalateTo: ['x'] })
    expect((await one()).notified).toBeUndefined()
    const entry = {
      event: 'Requested',
      channel: 'Webhook',
      target: 'ops',
      state: 'Failed',
      attempts: 2,
    } as const
    const notified = { status: 'False', reason: 'NobodyTold', message: 'Not told: ops.' } as const
    await tellAs(request, [{ ...entry, lastError: 'refused' }], notified)
    await eventually(async () => (await one()).notified !== undefined)
    expect(await one()).toMatchObject({ notifications: [{ ...entry, lastError: 'refused' }], notified })
    const listed = (await ask('told-1-0')).body.items[0]
    expect(listed).toMatchObject({ name: 'told-1-0', escalateAfterSeconds: 600 })
    expect(listed).not.toHaveProperty('notifications')
  })

  const many = (count: number) => Array.from({ length: count }, (_, i) => `r${i}-1-0`).join(',')
  test.each([
    ['101 of them', many(101)],
    ['one twice', 'a-1-0,a-1-0'],
    ['a name that is none', 'a-1-0,B!'],
    ['an empty one', 'a-1-0,'],
    ['with a place to go on from', 'a-1-0&continue=WyIxIiwiYSJd'],
  ])('should be refused: %s', async (_, query) => {
    expect(await ask(query)).toMatchObject({ status: 422, body: { code: 'Invalid' } })
  })

  test('should be taken a hundred at a time, and be described as one text', async () => {
    expect((await ask(many(100))).status).toBe(200)
    const { body } = await world.as('carol').get('/openapi.json')
    const { parameters } = body.paths['/api/v1/projects/{ns}/approvals'].get
    const described = parameters.find(({ name }: { name: string }) => name === 'names')
    expect(described).toMatchObject({ in: 'query', required: false, schema: { type: 'string' } })
  })
})
