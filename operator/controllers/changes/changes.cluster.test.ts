// What the audit log tells of agents and projects that people make, change and delete, while an operator runs and while
// none does.
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { agents, projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, eventually } from '../../../hack/testing.ts'
import { faultyClient, once } from '../../testing/faulty-client.ts'
import { anAgent, newWorld, operatorClient, type World } from '../../testing/world.ts'

const admin = () => adminClient()
const agentOf = (world: World) => ({ namespace: world.namespace, name: 'order-manager' })
const create = (world: World) =>
  admin().create(agents, anAgent(world.namespace, 'http://model.test', { systemPrompt: 'one' }))
const say = (world: World, systemPrompt: string) =>
  admin().patch(agents, agentOf(world), { type: 'merge', body: { spec: { systemPrompt } } })
const remove = (world: World) => admin().delete(agents, agentOf(world))

/** What is told of objects of a kind: action, generation, and the line of the diff about the prompt. */
const told = async (world: World, kind = 'Agent'): Promise<string[]> =>
  (await world.audit())
    .filter(({ object }) => object?.kind === kind)
    .map(({ action, object }: AuditEntry) => `${action} ${object?.generation}: ${line(object?.diff ?? '')}`)
const line = (diff: string) => diff.split('\n').find(one => one.includes('systemPrompt')) ?? diff
const untilTold = (world: World, count: number, kind = 'Agent') =>
  eventually(async () => (await told(world, kind)).length >= count)
const notSeen = 'not known: changed while the operator did not run, or as it began to'

describe('an agent', () => {
  it('is told of as it is made, changed and deleted, with what changed', async () => {
    const world = await newWorld('changes')
    await create(world)
    await untilTold(world, 1)
    await say(world, 'two')
    await untilTold(world, 2)
    await remove(world)
    await untilTold(world, 3)
    expect(await told(world)).toEqual([
      'AgentCreated 1: + systemPrompt: "one"',
      'AgentChanged 2: systemPrompt: "one" -> "two"',
      'AgentDeleted 2: deleted',
    ])
    await world.stop()
  })

  it('is told of once, however often operators start', async () => {
    const world = await newWorld('changes')
    await create(world)
    await untilTold(world, 1)
    for (const prompt of ['two', 'three']) {
      await world.stop()
      world.restart()
      await say(world, prompt)
      await eventually(
        async () => (await told(world)).at(-1)?.includes(prompt === 'two' ? ' 2: ' : ' 3: ') === true,
      )
    }
    expect((await told(world)).map(text => text.split(':')[0])).toEqual([
      'AgentCreated 1',
      'AgentChanged 2',
      'AgentChanged 3',
    ])
    await world.stop()
  })

  it('is told of when it was changed, deleted, or made anew while no operator ran', async () => {
    const world = await newWorld('changes')
    await create(world)
    await untilTold(world, 1)
    await world.stop()
    await say(world, 'two')
    world.restart()
    await untilTold(world, 2)
    await world.stop()
    await remove(world)
    await create(world)
    world.restart()
    await untilTold(world, 4)
    await world.stop()
    await remove(world)
    world.restart()
    await untilTold(world, 5)
    expect(await told(world)).toEqual([
      'AgentCreated 1: + systemPrompt: "one"',
      `AgentChanged 2: ${notSeen}`,
      'AgentDeleted 2: deleted',
      'AgentCreated 1: + systemPrompt: "one"',
      'AgentDeleted 1: deleted',
    ])
    await world.stop()
  })

  it.each(['Before', 'After'] as const)(
    'is told of once where the connection breaks (%s it is recorded)',
    async when => {
      const broken = once(when, ({ what }) => what === 'auditrecords')
      const world = await newWorld('changes', { client: faultyClient(operatorClient(), broken.fault) })
      await create(world)
      await untilTold(world, 1)
      await say(world, 'two')
      await untilTold(world, 2)
      expect(broken.done()).toBe(true)
      expect(await told(world)).toEqual([
        'AgentCreated 1: + systemPrompt: "one"',
        'AgentChanged 2: systemPrompt: "one" -> "two"',
      ])
      await world.stop()
    },
  )
})

describe('who did it', () => {
  const actors = async (world: World) =>
    (await world.audit())
      .filter(({ object }) => object)
      .map(({ action, actor, reason }: AuditEntry) => [action, actor, ...(reason ? [reason] : [])])
  const by = (user: string) => clientFor(user, ['system:masters'])

  it('is told of an agent that is made, edited and whose tools are accepted; of its deletion nobody', async () => {
    const world = await newWorld('changes')
    const agent = anAgent(world.namespace, 'http://model.test', { systemPrompt: 'one' })
    await by('alice@acme.com').create(agents, agent)
    await untilTold(world, 1)
    const edit = (user: string, body: object) =>
      by(user).patch(agents, agentOf(world), { type: 'merge', body })
    await edit('bob@acme.com', { spec: { systemPrompt: 'two' } })
    await untilTold(world, 2)
    const annotations = { 'countersign.dev/accept-tools': 'sha256:two' }
    await edit('carol@acme.com', { metadata: { annotations } })
    await untilTold(world, 3)
    await world.stop()
    world.restart()
    await remove(world)
    await untilTold(world, 4)
    expect((await told(world))[2]).toBe('AgentChanged 2: changed tools accepted: sha256:two')
    expect(await actors(world)).toEqual([
      ['AgentCreated', 'alice@acme.com'],
      ['AgentChanged', 'bob@acme.com'],
      ['AgentChanged', 'carol@acme.com'],
      ['AgentDeleted', undefined],
    ])
    await world.stop()
  })

  it('is told of the last of several edits while no operator ran, and that there were others', async () => {
    const world = await newWorld('changes')
    await by('alice@acme.com').create(agents, anAgent(world.namespace, 'http://model.test'))
    await untilTold(world, 1)
    await world.stop()
    for (const user of ['bob@acme.com', 'carol@acme.com']) {
      const body = { spec: { systemPrompt: user } }
      await by(user).patch(agents, agentOf(world), { type: 'merge', body })
    }
    world.restart()
    await untilTold(world, 2)
    expect((await actors(world))[1]).toEqual([
      'AgentChanged',
      'carol@acme.com',
      '2 edits: who is named here made the last of them',
    ])
    await world.stop()
  })
})

it('a project is told of as configuration: who came, who went, which gates', async () => {
  const world = await newWorld('changes')
  const ref = { namespace: world.namespace, name: 'project' }
  const alice = { user: 'alice@acme.com', role: 'Owner' as const }
  await admin().create(projects, { metadata: ref, spec: { members: [alice] } })
  await untilTold(world, 1, 'Project')
  const spec = {
    members: [alice, { group: 'reviewers', role: 'Member' }],
    approval: { tools: [{ name: '*' }] },
  }
  await admin().patch(projects, ref, { type: 'merge', body: { spec } })
  await untilTold(world, 2, 'Project')
  await admin().delete(projects, ref)
  await untilTold(world, 3, 'Project')
  expect(await told(world, 'Project')).toEqual([
    'ConfigChanged 1: + members[0].role: "Owner"\n+ members[0].user: "alice@acme.com"',
    'ConfigChanged 2: + members[1].group: "reviewers"\n+ members[1].role: "Member"\n+ approval.tools[0].name: "*"',
    'ConfigChanged 2: deleted',
  ])
  await world.stop()
})
