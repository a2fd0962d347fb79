// Membership on the real API server, with a whole operator: what is tried is what the API server then lets people do.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Member, Project } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, eventually, isAllowed, untilObject } from '../../../hack/testing.ts'
import type { Client } from '../../../kube/client.ts'
import { RBAC_GROUP, type RoleBinding, roleBindings } from '../../rbac.ts'
import { newWorld, type World } from '../../testing/world.ts'
import type { RecordEvent } from '../cache.ts'
import { bindingNames } from './bindings.ts'

type Told = Parameters<RecordEvent>[1]

const alice: Member = { user: 'alice@acme.com', role: 'Owner' }
const bob: Member = { user: 'bob@acme.com', role: 'Admin' }
const carol: Member = { user: 'carol@acme.com', role: 'Member' }

/** A namespace with an operator, and what Events it recorded. */
const withOperator = async () => {
  const told: Told[] = []
  const world = await newWorld('members', { event: (_regarding, event) => void told.push(event) })
  return { world, told, ref: { namespace: world.namespace, name: 'project' } }
}

const create = (world: World, members: readonly Member[], spec: Partial<Project['spec']> = {}) =>
  adminClient().create(projects, {
    metadata: { name: 'project', namespace: world.namespace },
    spec: { members: [...members], ...spec },
  })

const setMembers = (world: World, members: readonly Member[], as: Client = adminClient()) =>
  as.patch(
    projects,
    { namespace: world.namespace, name: 'project' },
    { type: 'merge', body: { spec: { members } } },
  )

/** Waits until the operator says that it has done what the spec asks for now. */
const untilObserved = (world: World) =>
  untilObject(
    projects,
    { namespace: world.namespace, name: 'project' },
    project => project?.status?.observedGeneration === project?.metadata.generation,
  )

const bindingIn = (world: World, name: string) =>
  adminClient().find(roleBindings, { namespace: world.namespace, name })

/** `User alice@acme.com` and so on, by RoleBinding. */
const boundIn = async (world: World): Promise<Record<string, string[]>> => {
  const { items } = await adminClient().list(roleBindings, { namespace: world.namespace })
  return Object.fromEntries(
    items.map(({ metadata, subjects }) => [
      metadata.name,
      (subjects ?? []).map(({ kind, name }) => `${kind} ${name}`),
    ]),
  )
}

/** Whether somebody may do this in the project, by the word of the API server. */
const may = (client: Client, world: World, verb: string, resource: string): Promise<boolean> =>
  isAllowed(client, { namespace: world.namespace, verb, resource })

/** The roles that somebody has: by what only they may. The API server takes bindings up in its own time. */
const untilRole = (client: Client, world: World, role: Member['role'] | undefined) =>
  eventually(async () => {
    const [own, edits, approves] = await Promise.all([
      may(client, world, 'own', 'projects'),
      may(client, world, 'create', 'agents'),
      may(client, world, 'approve', 'approvalrequests'),
    ])
    const has = own ? 'Owner' : edits ? 'Admin' : approves ? 'Member' : undefined
    return has === role
  })

describe('members', () => {
  it('have the rights of their role as soon as the project says that it is observed, and lose them with the spec', async () => {
    const { world, told } = await withOperator()
    await create(world, [alice, bob, carol, { group: 'reviewers', role: 'Member' }])
    await untilObserved(world)
    expect(await boundIn(world)).toEqual({
      'countersign-owner': ['User alice@acme.com'],
      'countersign-admin': ['User bob@acme.com'],
      'countersign-member': ['User carol@acme.com', 'Group reviewers'],
    })
    await untilRole(clientFor('alice@acme.com'), world, 'Owner')
    await untilRole(clientFor('bob@acme.com'), world, 'Admin')
    await untilRole(clientFor('carol@acme.com'), world, 'Member')
    await untilRole(clientFor('dave@acme.com', ['reviewers']), world, 'Member')
    await untilRole(clientFor('mallory@acme.com'), world, undefined)

    // An owner does this without any right on RoleBindings.
    await setMembers(world, [alice, { ...carol, role: 'Admin' }], clientFor('alice@acme.com'))
    await untilObserved(world)
    expect(await boundIn(world)).toEqual({
      'countersign-owner': ['User alice@acme.com'],
      'countersign-admin': ['User carol@acme.com'],
      'countersign-member': [],
    })
    await untilRole(clientFor('bob@acme.com'), world, undefined)
    await untilRole(clientFor('carol@acme.com'), world, 'Admin')
    await untilRole(clientFor('dave@acme.com', ['reviewers']), world, undefined)
    expect(told.filter(({ reason }) => reason === 'MembersChanged').map(({ note }) => note)).toEqual(
      expect.arrayContaining([
        'Owner: alice@acme.com came',
        'Member: carol@acme.com, Group reviewers came',
        'Admin: carol@acme.com came; bob@acme.com went',
        'Member: carol@acme.com, Group reviewers went',
      ]),
    )
    expect(told.filter(({ type }) => type === 'Warning')).toEqual([])
    await world.stop()
  })

  it('are bound after the operator was away, however the project was changed meanwhile', async () => {
    const { world } = await withOperator()
    await create(world, [alice, bob])
    await untilObserved(world)
    await world.stop()
    await setMembers(world, [alice, carol])
    world.restart()
    await untilObserved(world)
    expect(await boundIn(world)).toEqual({
      'countersign-owner': ['User alice@acme.com'],
      'countersign-admin': [],
      'countersign-member': ['User carol@acme.com'],
    })
    await world.stop()
  })
})

describe('a binding that somebody changes', () => {
  let world: Awaited<ReturnType<typeof withOperator>>['world']
  let told: Told[]
  beforeAll(async () => {
    ;({ world, told } = await withOperator())
    await create(world, [alice, bob, carol])
    await untilObserved(world)
    return () => world.stop()
  })
  const name = 'countersign-member'
  const asBefore = async () => {
    expect(await boundIn(world)).toEqual({
      'countersign-owner': ['User alice@acme.com'],
      'countersign-admin': ['User bob@acme.com'],
      'countersign-member': ['User carol@acme.com'],
    })
    const [role, project] = await Promise.all([
      bindingIn(world, name),
      adminClient().get(projects, { namespace: world.namespace, name: 'project' }),
    ])
    expect(role?.roleRef).toEqual({ apiGroup: RBAC_GROUP, kind: 'ClusterRole', name })
    expect(role?.metadata.ownerReferences).toMatchObject([{ kind: 'Project', uid: project.metadata.uid }])
    expect(role?.metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'countersign-operator' })
  }
  const untilRestored = (condition: (binding: RoleBinding) => boolean) =>
    untilObject(
      roleBindings,
      { namespace: world.namespace, name },
      found => found !== undefined && condition(found),
    )
  const change = (body: object) =>
    adminClient().patch(roleBindings, { namespace: world.namespace, name }, { type: 'merge', body })
  const onlyCarol = ({ subjects }: RoleBinding) =>
    subjects?.length === 1 && subjects[0]?.name === 'carol@acme.com'

  it('loses who was put into it', async () => {
    await change({
      subjects: ['carol@acme.com', 'mallory@acme.com'].map(user => ({
        apiGroup: RBAC_GROUP,
        kind: 'User',
        name: user,
      })),
    })
    await untilRestored(onlyCarol)
    await asBefore()
    await untilRole(clientFor('mallory@acme.com'), world, undefined)
    expect(told.at(-1)).toMatchObject({ type: 'Warning', reason: 'BindingRestored' })
    expect(told.at(-1)?.note).toContain('it held carol@acme.com, mallory@acme.com')
  })

  it('is its own again when its label and its owner were taken away', async () => {
    await change({ metadata: { labels: null, ownerReferences: null } })
    await untilRestored(({ metadata }) => metadata.labels !== undefined && !!metadata.ownerReferences?.length)
    await asBefore()
  })

  it('keeps what others write on it that gives no right', async () => {
    const before = told.length
    const { metadata } = await change({ metadata: { annotations: { team: 'shop' } } })
    // A change that has to be put right, after the one that has not: when the one is done, so was the other.
    await change({ subjects: [] })
    await untilRestored(onlyCarol)
    const now = await bindingIn(world, name)
    expect(now?.metadata.annotations).toEqual(metadata.annotations)
    expect(told.slice(before).map(({ reason }) => reason)).toEqual(['BindingRestored'])
  })

  it('is there again when it was deleted', async () => {
    const before = await bindingIn(world, name)
    await adminClient().delete(roleBindings, { namespace: world.namespace, name })
    await untilRestored(({ metadata }) => metadata.uid !== before?.metadata.uid)
    await asBefore()
  })

  it('is made anew when it was made anew to another role', async () => {
    // Both at once, before the operator has made it again itself: its operator is stopped meanwhile.
    await world.stop()
    await adminClient().delete(roleBindings, { namespace: world.namespace, name })
    const forged = await adminClient().create(roleBindings, {
      metadata: { name, namespace: world.namespace },
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'countersign-owner' },
      subjects: [{ apiGroup: RBAC_GROUP, kind: 'User', name: 'mallory@acme.com' }],
    })
    await untilRole(clientFor('mallory@acme.com'), world, 'Owner')
    world.restart()
    await untilRestored(({ metadata }) => metadata.uid !== forged.metadata.uid)
    await asBefore()
    await untilRole(clientFor('mallory@acme.com'), world, undefined)
  })
})

describe('a project', () => {
  it('takes over bindings of these names that were there before it, and says whom they held', async () => {
    const { world, told } = await withOperator()
    const name = 'countersign-owner'
    await adminClient().create(roleBindings, {
      metadata: { name, namespace: world.namespace },
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: world.namespace }],
    })
    await create(world, [alice])
    await untilObserved(world)
    expect((await boundIn(world))[name]).toEqual(['User alice@acme.com'])
    expect(told).toContainEqual({
      type: 'Warning',
      reason: 'BindingTakenOver',
      action: 'Bind',
      note: 'RoleBinding countersign-owner was there already and now follows spec.members: it held ServiceAccount deployer, it holds alice@acme.com',
    })
    await world.stop()
  })

  it.each(['Background', 'Orphan'] as const)(
    'takes its bindings with it when it is deleted (%s), and leaves those of others',
    async propagationPolicy => {
      const { world, ref } = await withOperator()
      await create(world, [alice, carol])
      await untilObserved(world)
      await adminClient().create(roleBindings, {
        metadata: { name: 'theirs', namespace: world.namespace },
        roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'countersign-member' },
        subjects: [],
      })
      await adminClient().delete(projects, ref, { propagationPolicy })
      for (const name of bindingNames) {
        await untilObject(roleBindings, { namespace: world.namespace, name }, found => found === undefined)
      }
      expect(Object.keys(await boundIn(world))).toEqual(['theirs'])
      await untilRole(clientFor('carol@acme.com'), world, undefined)
      await world.stop()
    },
  )

  it('ends in the foreground without a quarrel about its bindings', async () => {
    const { world, ref } = await withOperator()
    await create(world, [alice])
    await untilObserved(world)
    await adminClient().delete(projects, ref, { propagationPolicy: 'Foreground' })
    await untilObject(projects, ref, found => found === undefined)
    for (const name of bindingNames) {
      await untilObject(roleBindings, { namespace: world.namespace, name }, found => found === undefined)
    }
    await world.stop()
  })

  it('says where a gate of it does not parse, keeps its members, and says so when it is put right', async () => {
    const { world, told, ref } = await withOperator()
    const wrong = { tools: [{ name: 'order_tools.*' }, { name: 'crm.*', when: 'param.amount >' }] }
    await create(world, [alice], { approval: wrong })
    const project = await untilObserved(world)
    const condition = (one: Project | undefined, type: string) =>
      one?.status?.conditions?.find(found => found.type === type)
    expect(condition(project, 'Accepted')).toMatchObject({ status: 'False', reason: 'InvalidCondition' })
    expect(condition(project, 'Accepted')?.message).toMatch(/^spec\.approval\.tools\[1\]\.when, column 15: /)
    // Its members have their rights all the same: a remark.
    expect(condition(project, 'Ready')).toMatchObject({ status: 'True', reason: 'InvalidCondition' })
    expect((await boundIn(world))['countersign-owner']).toEqual(['User alice@acme.com'])
    expect(told).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'InvalidCondition' }))
    await adminClient().patch(projects, ref, { type: 'merge', body: { spec: { approval: { tools: [] } } } })
    const mended = await untilObserved(world)
    expect(condition(mended, 'Accepted')).toMatchObject({ status: 'True', reason: 'Accepted' })
    expect(condition(mended, 'Ready')).toMatchObject({ status: 'True', reason: 'MembersBound' })
    await world.stop()
  })
})
