import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { alice, bob, carol, type KeyWorld, keyWorld, listen } from '../keys/testing-cluster.ts'
import type { Session } from '../testing.ts'
import { haveTokens, tokenOf } from '../testing-cluster.ts'

const nothing = {
  decide: false,
  startRuns: false,
  setContext: false,
  cancelRuns: false,
  setNotifications: false,
  makeKeys: false,
  readAudit: true,
}

describe.skipIf(!haveTokens())('a project over REST', () => {
  let world: KeyWorld
  beforeAll(async () => {
    world = await keyWorld('gw-project')
    const email = 'alice@acme.com'
    await world.setMembers({ ...alice, name: 'Alice', email }, bob, carol, { group: 'night', role: 'Member' })
  })
  afterAll(() => world?.close())

  const youOf = async (session: Session) => {
    const { username: _, ...you } = (await session.get(world.base)).body.you
    return you
  }

  it('tells its members who they are and what gates they share, and nobody their addresses', async () => {
    const approval = { tools: [{ name: 'order_tools.*' }] }
    const patch = { type: 'merge', body: { spec: { approval } } } as const
    await adminClient().patch(projects, { namespace: world.namespace, name: 'project' }, patch)
    await expect
      .poll(async () => (await world.as('carol').get(world.base)).body)
      .toEqual({
        name: world.namespace,
        createdAt: expect.stringMatching(/Z$/),
        members: [
          { user: 'alice@acme.com', role: 'Owner', name: 'Alice' },
          { user: 'bob@acme.com', role: 'Admin' },
          { user: 'carol@acme.com', role: 'Member' },
          { group: 'night', role: 'Member' },
        ],
        approval,
        you: { ...nothing, username: 'carol@acme.com', decide: true, startRuns: true, makeKeys: true },
      })
  })

  it('tells each what they may do', async () => {
    const admin = { ...nothing, decide: true, startRuns: true, setContext: true, cancelRuns: true }
    const all = { ...admin, setNotifications: true, makeKeys: true }
    expect(await youOf(world.as('bob'))).toEqual(all)
    expect(await youOf(world.as('alice'))).toEqual(all)
  })

  it('is refused to strangers, whether or not it exists', async () => {
    const stranger = world.gateway.as(tokenOf('mallory@acme.com'))
    expect(await stranger.get(world.base)).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
    expect((await stranger.get('/api/v1/projects/nowhere')).status).toBe(403)
  })

  it('tells a key what is left of the rights of its user', async () => {
    expect(await youOf(await world.make(world.as('alice'), { readOnly: true }))).toEqual(nothing)
    const narrowed = await youOf(await world.make(world.as('alice'), { agents: ['order-manager'] }))
    expect(narrowed).toMatchObject({ decide: true, startRuns: true, setNotifications: false })
  })

  it('knows members by their group, and that a ServiceAccount never decides', async () => {
    const client = adminClient()
    const accounts = `/api/v1/namespaces/${world.namespace}/serviceaccounts`
    await client.raw({ method: 'POST', path: accounts, body: { metadata: { name: 'robot' } } })
    const made = await client.raw({
      method: 'POST',
      path: `${accounts}/robot/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    })
    const { token } = (made as { status: { token: string } }).status
    const apiGroup = 'rbac.authorization.k8s.io'
    await client.raw({
      method: 'POST',
      path: `/apis/${apiGroup}/v1/namespaces/${world.namespace}/rolebindings`,
      body: {
        metadata: { name: 'robots' },
        roleRef: { apiGroup, kind: 'ClusterRole', name: 'countersign-member' },
        subjects: [{ apiGroup, kind: 'Group', name: `system:serviceaccounts:${world.namespace}` }],
      },
    })
    const robot = world.gateway.as(token)
    await expect.poll(async () => (await robot.get(world.base)).status, { timeout: 10_000 }).toBe(200)
    await expect.poll(() => youOf(robot), { timeout: 10_000 }).toEqual({ ...nothing, startRuns: true })
  })

  it('says on the stream that it changed', async () => {
    const { heard } = await listen(world.gateway, world.base, tokenOf('carol@acme.com'))
    await world.setMembers(alice, carol)
    await expect.poll(() => heard).toContainEqual({ type: 'ProjectChanged', project: world.namespace })
  })
})
