import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import {
  agentRuns,
  agents,
  approvalRequests,
  auditRecords,
  projects,
} from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, clientForServiceAccount } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import type { KubeObject, Resource } from '../../../kube/types.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import {
  anAgent,
  anApproval,
  bindRole,
  haveTokens,
  operator,
  testProject,
  tokenOf,
  unbindRole,
} from '../testing-cluster.ts'
import { listen } from '../testing-events.ts'

describe.skipIf(!haveTokens())('who may read over REST', () => {
  let gateway: TestGateway
  let project: string

  beforeAll(async () => {
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
    project = await testProject('gw-access')
    await anApproval(project, 'a-1-0')
  })
  afterAll(() => gateway.close())

  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  const waiting = async () => (await gateway.metrics.longPolls.get()).values[0]?.value

  /** What the API server itself says to mallory. */
  const refusal = async (ask: () => Promise<unknown>): Promise<string> => {
    const error: Error = await ask().then(
      () => {
        throw new Error('mallory was let in')
      },
      reason => reason,
    )
    return `${error.message}.`
  }

  test.each([
    ['approvals', approvalRequests],
    ['runs', agentRuns],
    ['agents', agents],
    ['audit', auditRecords],
  ] as [string, Resource<KubeObject>][])(
    'a stranger should be refused %s in the words of the API server, whether or not there is such a project',
    async (path, resource) => {
      for (const namespace of [project, 'there-is-no-such-project']) {
        const answer = await as('mallory').get(`/api/v1/projects/${namespace}/${path}`)
        expect(answer).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
        const words = await refusal(() => clientFor('mallory@acme.com').list(resource, { namespace }))
        expect(answer.body.detail).toBe(words)
      }
    },
  )

  test.each([
    ['approvals/a-1-0', approvalRequests, 'a-1-0'],
    ['approvals/nothing', approvalRequests, 'nothing'],
    ['runs/nothing', agentRuns, 'nothing'],
    ['notifications', projects, 'project'],
  ] as [string, Resource<KubeObject>, string][])(
    'a stranger should not learn from %s what there is',
    async (path, resource, name) => {
      for (const namespace of [project, 'there-is-no-such-project']) {
        const answer = await as('mallory').get(`/api/v1/projects/${namespace}/${path}`)
        const words = await refusal(() => clientFor('mallory@acme.com').get(resource, { namespace, name }))
        expect(answer).toMatchObject({ status: 403, body: { detail: words } })
      }
    },
  )

  test('a right should be found as soon as it is given, and lost as soon as it is taken', async () => {
    expect((await as('mallory').get(`/api/v1/projects/${project}/approvals/a-1-0`)).status).toBe(403)
    await bindRole(project, 'member', 'mallory@acme.com')
    const read = async () => (await as('mallory').get(`/api/v1/projects/${project}/approvals/a-1-0`)).status
    await expect.poll(read).toBe(200)
    await unbindRole(project, 'member', 'mallory@acme.com')
    await expect.poll(read).toBe(403)
  })

  test('a removed RoleBinding should end reads, a long poll and an event stream within two seconds', async () => {
    const namespace = await testProject('gw-removed')
    await anApproval(namespace, 'b-1-0')
    const one = `/api/v1/projects/${namespace}/approvals/b-1-0`
    expect((await as('carol').get(one)).status).toBe(200)
    const polling = as('carol').get(`${one}?wait=60`)
    const stream = await listen(gateway, tokenOf('carol@acme.com'), namespace)
    const owners = await listen(gateway, tokenOf('alice@acme.com'), namespace)
    await expect.poll(waiting).toBe(1)

    await unbindRole(namespace, 'member', 'carol@acme.com')
    const began = performance.now()
    const [poll] = await Promise.all([polling, stream.ended])
    await expect.poll(async () => (await as('carol').get(one)).status).toBe(403)
    // Two, and what the API server and this machine take for it.
    expect(performance.now() - began).toBeLessThan(4000)
    expect(poll).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
    expect(stream.events.at(-1)?.data).toMatchObject({
      type: 'Closed',
      reason: 'Forbidden',
      detail: expect.stringContaining('User "carol@acme.com" cannot watch'),
    })

    // Whoever may still hear it, does.
    await anApproval(namespace, 'c-1-0')
    await expect.poll(() => owners.events.at(-1)?.data.name).toBe('c-1-0')
    expect(stream.events.filter(({ data }) => data.name === 'c-1-0')).toEqual([])
    await owners.leave()
  })

  test('a change of the Project should make what was known of rights forgotten, at once', async () => {
    // No time passes here: nothing but the Project can make an answer old.
    const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 22) }
    const client = clientForServiceAccount('countersign-system', 'countersign-gateway')
    const timeless = await startGateway(client, { clock })
    const namespace = await testProject('gw-changed')
    const members = [{ user: 'alice@acme.com', role: 'Owner' }]
    await adminClient().create(projects, {
      metadata: { name: 'project', namespace },
      spec: { members },
    } as unknown as Project)
    const ref = { namespace, name: 'project' }
    const observed = (observedGeneration: number) =>
      operator().patch(
        projects,
        ref,
        { type: 'merge', body: { status: { observedGeneration } } },
        { subresource: 'status' },
      )
    await observed(1)
    const carol = timeless.as(tokenOf('carol@acme.com'))
    const read = async () => (await carol.get(`/api/v1/projects/${namespace}/approvals`)).status
    await expect.poll(() => timeless.cache.projects.store.find(ref)?.status?.observedGeneration).toBe(1)
    await expect.poll(read).toBe(200)
    const stream = await listen(timeless, tokenOf('carol@acme.com'), namespace)
    await unbindRole(namespace, 'member', 'carol@acme.com')
    const direct = () =>
      clientFor('carol@acme.com')
        .list(approvalRequests, { namespace })
        .then(
          () => 200,
          error => error.code,
        )
    await expect.poll(direct).toBe(403)
    // An answer that is two seconds old will do, and none gets older.
    expect(await read()).toBe(200)
    await observed(2)
    await stream.ended
    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'Closed', reason: 'Forbidden' })
    expect(await read()).toBe(403)

    // While the operator is behind, every request is asked about.
    const spec = { notifications: { email: { enabled: false } } }
    await adminClient().patch(projects, ref, { type: 'merge', body: { spec } })
    await adminClient().patch(projects, ref, { type: 'merge', body: { spec: { notifications: null } } })
    const generation = () => timeless.cache.projects.store.find(ref)?.metadata.generation
    await expect.poll(generation).toBe(3)
    await bindRole(namespace, 'member', 'carol@acme.com')
    await expect.poll(read).toBe(200)
    await unbindRole(namespace, 'member', 'carol@acme.com')
    await expect.poll(read).toBe(403)
    await timeless.close()
  })

  test('what the gateway wrote should be in its next answer', async () => {
    await anAgent(project, 'order-manager')
    const runs = `/api/v1/projects/${project}/runs`
    for (let i = 0; i < 5; i++) {
      const { body } = await as('bob').post(runs, { agent: 'order-manager', input: 'go' })
      const read = await as('bob').get(`${runs}/${body.name}`)
      expect(read).toMatchObject({ status: 200, body: { name: body.name, cancel: false } })
      await as('bob').post(`${runs}/${body.name}/cancel`, {})
      expect((await as('bob').get(`${runs}/${body.name}`)).body.cancel).toBe(true)
    }
    const stored: AgentRun[] = (await adminClient().listAll(agentRuns, { namespace: project })).items
    expect(stored).toHaveLength(5)
  })
})
