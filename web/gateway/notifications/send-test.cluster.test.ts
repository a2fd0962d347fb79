import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { Project, ProjectStatus } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, clientForServiceAccount } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import type { Clock } from '../../../kube/types.ts'
import { parseTest, type WantedTest } from '../../../operator/policy/notify-test.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import { haveTokens, operator, testProject, tokenOf } from '../testing-cluster.ts'
import { testPatienceMs } from './send-test.ts'

type Result = NonNullable<ProjectStatus['notificationTest']>
type Answering = (wanted: WantedTest) => Result | undefined | Promise<Result | undefined>

/** The system's clock, but for the patience with the operator: that ends when the test says so, begun by then or not. */
function patientClock(): { readonly clock: Clock; lose(): void; keep(): void } {
  const ends = new Set<() => void>()
  let lost = false
  const after: Clock['after'] = (ms, fn) => {
    if (ms !== testPatienceMs) return systemClock.after(ms, fn)
    if (lost) return systemClock.after(0, fn)
    ends.add(fn)
    return () => void ends.delete(fn)
  }
  const lose = () => {
    lost = true
    for (const end of [...ends]) end()
  }
  const keep = () => {
    lost = false
  }
  return { clock: { now: () => systemClock.now(), after } as Clock, lose, keep }
}

describe.skipIf(!haveTokens())('a test message over REST', () => {
  const patience = patientClock()
  const stop = new AbortController()
  let gateway: TestGateway
  let project: string
  let path: string
  let answering: Answering
  let seen: WantedTest[] = []
  /** Ids of all tests that were answered: the answer itself is news of the Project, which may come when the next test runs. */
  const known = new Set<string>()

  const ref = () => ({ namespace: project, name: 'project' })
  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  const sent = (wanted: WantedTest): Result => ({
    ...wanted,
    state: 'Sent',
    message: `It was taken: ${wanted.target}`,
    at: '2026-11-23T03:00:00Z',
  })
  const write = (notificationTest: Result) =>
    operator().patch(
      projects,
      ref(),
      { type: 'merge', body: { status: { notificationTest } } },
      { subresource: 'status' },
    )
  const stored = () => adminClient().get(projects, ref())

  /** The operator, as far as tests of notifications go. */
  async function answerTests(resourceVersion: string): Promise<void> {
    const events = operator().watch(projects, {
      namespace: project,
      resourceVersion,
      signal: stop.signal,
    })
    for await (const event of events) {
      if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue
      const wanted = parseTest(event.object.metadata.annotations?.[ANNOTATIONS.notifyTest])
      if (wanted === undefined || known.has(wanted.id)) continue
      known.add(wanted.id)
      seen.push(wanted)
      const answer = await answering(wanted)
      if (answer !== undefined) await write(answer)
    }
  }

  beforeAll(async () => {
    project = await testProject('gw-notify-test')
    path = `/api/v1/projects/${project}/notifications/test`
    const members = [
      { user: 'alice@acme.com', role: 'Owner', email: 'alice@acme.com' },
      { user: 'bob@acme.com', role: 'Admin' },
    ]
    const webhooks = [{ name: 'ops and more', urlSecretRef: { name: 'ops', key: 'url' } }]
    const { metadata } = await adminClient().create(projects, {
      metadata: { name: 'project', namespace: project },
      spec: { members, notifications: { webhooks } },
    } as unknown as Project)
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'), {
      clock: patience.clock,
    })
    void answerTests(metadata.resourceVersion ?? '').catch(() => {})
    // Roles take a moment.
    await vi.waitFor(
      async () => expect((await as('carol').get(`/api/v1/projects/${project}`)).status).toBe(200),
      { timeout: 10_000 },
    )
  })
  beforeEach(() => {
    answering = sent
    seen = []
    patience.keep()
  })
  afterAll(async () => {
    stop.abort()
    await gateway.close()
  })

  test.each([
    ['bob', { channel: 'Webhook', target: 'ops and more' }],
    ['alice', { channel: 'Email', target: 'alice@acme.com' }],
  ] as const)('should be sent for %s, with what became of it: %j', async (person, wanted) => {
    const before = await stored()
    const answer = await as(person).post(path, wanted)
    expect(answer).toMatchObject({ status: 200 })
    const at = '2026-11-23T03:00:00Z'
    expect(answer.body).toEqual({ ...wanted, state: 'Sent', message: `It was taken: ${wanted.target}`, at })
    expect(seen).toMatchObject([wanted])
    const after = await stored()
    // Nothing that is recorded as a change of the configuration, and nobody who made one.
    expect(after.metadata.generation).toBe(before.metadata.generation)
    expect(after.spec).toEqual(before.spec)
    const changedBy = (found: Project) => found.metadata.annotations?.[ANNOTATIONS.changedBy]
    expect(changedBy(after)).toBe(changedBy(before))
  })

  test('should be 200 with the reason where it could not be sent', async () => {
    answering = wanted => ({ ...sent(wanted), state: 'Failed', message: 'The connection was refused.' })
    const answer = await as('bob').post(path, { channel: 'Webhook', target: 'ops and more' })
    expect(answer).toMatchObject({
      status: 200,
      body: { state: 'Failed', message: 'The connection was refused.' },
    })
  })

  test('should be refused to members and strangers, by the API server too', async () => {
    const before = await stored()
    const wanted = { channel: 'Webhook', target: 'ops and more' }
    for (const person of ['carol', 'mallory']) {
      expect(await as(person).post(path, wanted)).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
    }
    const annotations = { [ANNOTATIONS.notifyTest]: 'x Webhook ops' }
    const patch = { type: 'merge', body: { metadata: { annotations } } } as const
    await expect(clientFor('carol@acme.com').patch(projects, ref(), patch)).rejects.toMatchObject({
      code: 403,
    })
    expect((await stored()).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    expect(seen).toEqual([])
  })

  test.each([
    [{ channel: 'Webhook', target: 'unsaved' }, 'target'],
    [{ channel: 'Webhook', target: 'alice@acme.com' }, 'target'],
    [{ channel: 'Email', target: 'carol@acme.com' }, 'target'],
    // A member whom the Project has no address for.
    [{ channel: 'Email', target: 'bob@acme.com' }, 'target'],
    [{ channel: 'Email', target: 'alice@acme.com\nbob@acme.com' }, 'target'],
    [{ channel: 'InApp', target: 'alice@acme.com' }, 'channel'],
    [{ channel: 'Email' }, 'target'],
  ])('should be 422 as %j', async (wanted, field) => {
    const answer = await as('alice').post(path, wanted)
    expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(answer.body.errors[0].path).toBe(field)
    expect(seen).toEqual([])
  })

  test('should be 503 where no operator answers, with what to do', async () => {
    answering = () => {
      patience.lose()
      return undefined
    }
    const answer = await as('bob').post(path, { channel: 'Webhook', target: 'ops and more' })
    expect(answer).toMatchObject({ status: 503, body: { code: 'TestUnanswered' } })
    expect(answer.body.detail).toContain('kubectl get pods -n countersign-system')
    expect(answer.headers.get('retry-after')).toBe('30')
  })

  test('should be 409 where the operator answered somebody else who asked meanwhile', async () => {
    answering = async wanted => {
      if (wanted.target !== 'ops and more') return sent(wanted)
      const annotations = { [ANNOTATIONS.notifyTest]: 'theirs Email alice@acme.com' }
      const body = { metadata: { annotations } }
      await clientFor('alice@acme.com').patch(projects, ref(), { type: 'merge', body })
      return undefined
    }
    const answer = await as('bob').post(path, { channel: 'Webhook', target: 'ops and more' })
    expect(answer).toMatchObject({ status: 409, body: { code: 'TestOvertaken' } })
  })
})
