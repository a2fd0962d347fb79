import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount } from '../../../hack/testing.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import { haveTokens, testProject, tokenOf } from '../testing-cluster.ts'

describe.skipIf(!haveTokens())('notifications over REST', () => {
  let gateway: TestGateway
  let project: string
  let path: string

  beforeAll(async () => {
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
    project = await testProject('gw-notify')
    path = `/api/v1/projects/${project}/notifications`
    const gates = [{ name: 'order_tools.*' }]
    const members = [{ user: 'alice@acme.com', role: 'Owner', name: 'Alice' }]
    await adminClient().create(projects, {
      metadata: { name: 'project', namespace: project },
      spec: { members, approval: { tools: gates } },
    } as unknown as Project)
  })
  afterAll(() => gateway.close())

  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  const put = (person: string, body: unknown, headers: Record<string, string> = {}) =>
    as(person).send('PUT', path, { body, headers })
  const stored = () => adminClient().get(projects, { namespace: project, name: 'project' })

  test('should be {} where nothing is set, what an admin has set, and {} again', async () => {
    await expect.poll(async () => (await as('carol').get(path)).status).toBe(200)
    expect((await as('carol').get(path)).body).toEqual({})
    const before = await stored()
    const wanted = {
      email: { enabled: false },
      routes: [{ agents: ['*'], members: ['alice@acme.com'] }],
      webhooks: [{ name: 'chat', urlSecretRef: { name: 'chat', key: 'url' }, format: 'Slack' }],
    }
    expect(await put('bob', wanted)).toMatchObject({ status: 200, body: wanted })
    expect((await as('carol').get(path)).body).toEqual(wanted)
    // In place of all that was: what is not in it is gone.
    expect((await put('bob', { inApp: { enabled: false } })).body).toEqual({ inApp: { enabled: false } })
    expect((await stored()).spec).toEqual({ ...before.spec, notifications: { inApp: { enabled: false } } })
    expect((await put('bob', {})).body).toEqual({})
    expect((await as('carol').get(path)).body).toEqual({})
    expect((await stored()).spec).toEqual(before.spec)
  })

  test('should be set by admins and owners, and by nobody else', async () => {
    expect((await put('alice', { email: {} })).body).toEqual({ email: { enabled: true } })
    for (const body of [{ inApp: {} }, {}, { email: { enabled: true } }]) {
      expect(await put('carol', body)).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
      expect((await put('mallory', body)).status).toBe(403)
    }
    expect((await stored()).spec.notifications).toEqual({ email: { enabled: true } })
  })

  test.each([
    [{ email: { enabled: 'yes' } }, 'email.enabled'],
    [{ routes: [{ agents: [], members: ['a'] }] }, 'routes.0.agents'],
    [{ webhooks: [{ name: 'a' }] }, 'webhooks.0.urlSecretRef'],
    [{ emial: { enabled: false } }, 'emial'],
    [{ email: { enabled: true, to: 'x' } }, 'email.to'],
    [[], ''],
    // Neither is {}, which would erase what is set.
    [null, ''],
    [undefined, ''],
  ])('should be refused as %j, naming the field', async (body, field) => {
    await put('bob', { email: { enabled: false } })
    const before = await stored()
    const answer = await put('bob', JSON.stringify(body))
    expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(answer.body.errors[0].path).toBe(field)
    expect((await stored()).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  })

  test('should be refused in the words of the API server where only it knows better', async () => {
    const webhook = { name: 'a', urlSecretRef: { name: 's', key: 'k' } }
    const answer = await put('bob', { webhooks: [webhook, webhook] })
    expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(answer.body.detail).toContain('Duplicate value')
  })

  test('should not be written over what somebody else has set meanwhile, if asked so', async () => {
    await put('bob', { email: { enabled: false } })
    const read = await as('bob').get(path)
    const tag = read.headers.get('etag') ?? ''
    await put('alice', { email: { enabled: true } })
    const late = await put('bob', { inApp: { enabled: false } }, { 'if-match': tag })
    expect(late).toMatchObject({ status: 409, body: { code: 'Conflict' } })
    expect((await stored()).spec.notifications).toEqual({ email: { enabled: true } })
    const { headers } = await as('bob').get(path)
    const inTime = await put('bob', { inApp: { enabled: false } }, { 'if-match': headers.get('etag') ?? '' })
    expect(inTime.status).toBe(200)
  })

  test('should say who hears of an agent, as they are and as they might be, and write nothing for that', async () => {
    await put('bob', { inApp: { enabled: false } })
    const before = await stored()
    const wanted = { agents: ['any'], notifications: { email: { enabled: false } } }
    const tried = await as('carol').post(`${path}/preview`, wanted)
    expect(tried.body.items).toEqual([{ agent: 'any', email: [], inApp: ['alice@acme.com'], webhooks: [] }])
    const now = await as('carol').get(`${path}/preview?agents=any,other`)
    expect(now.body.items[1]).toEqual({ agent: 'other', email: ['alice@acme.com'], inApp: [], webhooks: [] })
    expect(now.body.channels.inApp.delivers).toBe(true)
    expect((await stored()).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    expect((await as('mallory').post(`${path}/preview`, wanted)).status).toBe(403)
    expect((await as('mallory').get(`${path}/preview`)).status).toBe(403)
    const many = Array.from({ length: 101 }, (_, i) => `a${i}`)
    expect((await as('carol').post(`${path}/preview`, { ...wanted, agents: many })).status).toBe(422)
    expect((await as('carol').get(`${path}/preview?agents=${many}`)).status).toBe(422)
  })

  test('should not lose what others change of the Project at the same time', async () => {
    const renames = Array.from({ length: 8 }, (_, i) =>
      adminClient().patch(
        projects,
        { namespace: project, name: 'project' },
        { type: 'merge', body: { metadata: { annotations: { [`note-${i}`]: 'x' } } } },
      ),
    )
    const [answer] = await Promise.all([put('bob', { email: { enabled: false } }), ...renames])
    expect(answer.status).toBe(200)
    const { metadata, spec } = await stored()
    expect(spec.notifications).toEqual({ email: { enabled: false } })
    const notes = Object.keys(metadata.annotations ?? {}).filter(name => name.startsWith('note-'))
    expect(notes).toHaveLength(8)
  })
})
