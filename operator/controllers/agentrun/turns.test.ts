import { describe, expect, it } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, AgentTurnSpec } from '../../../crds/v1alpha1/agentturn.ts'
import type { Client } from '../../../kube/client.ts'
import { createTurns } from './turns.ts'

/** An API server that holds transcripts, and which of them were read. */
const aServer = () => {
  const stored = new Map<string, AgentTurn>()
  const read: string[] = []
  const client = {
    create: async (_: unknown, turn: AgentTurn) => {
      const created = { ...turn, metadata: { ...turn.metadata, uid: `uid-${turn.metadata.name}` } }
      stored.set(turn.metadata.name, created)
      return created
    },
    replace: async (_: unknown, turn: AgentTurn) => {
      stored.set(turn.metadata.name, turn)
      return turn
    },
    find: async (_: unknown, { name }: { name: string }) => {
      read.push(name)
      return stored.get(name)
    },
  } as unknown as Client
  return { client, read }
}

const aRun = (name: string) => ({ metadata: { name, namespace: 'n', uid: name } }) as AgentRun
const spec = (run: string, turn: number, text = 'x'.repeat(1000)) =>
  ({ runRef: { name: run, uid: run }, turn, text, calls: [], messages: [] }) as unknown as AgentTurnSpec

describe('transcripts', () => {
  it('are kept, and not read again', async () => {
    const { client, read } = aServer()
    const turns = createTurns(client)
    expect(await turns.create(aRun('a'), spec('a', 1))).toBe(true)
    expect((await turns.find(aRun('a'), 1))?.spec.turn).toBe(1)
    expect(read).toEqual([])
  })

  it('of runs that were not looked at for long go first when there are too many, and are read again', async () => {
    const { client, read } = aServer()
    const turns = createTurns(client, 5000)
    for (const name of ['a', 'b', 'c']) await turns.create(aRun(name), spec(name, 1))
    await turns.find(aRun('a'), 1)
    await turns.create(aRun('d'), spec('d', 1))
    for (const name of ['a', 'c', 'd']) expect((await turns.find(aRun(name), 1))?.spec.runRef.name).toBe(name)
    expect(read).toEqual([])
    expect((await turns.find(aRun('b'), 1))?.spec.runRef.name).toBe('b')
    expect(read).toEqual(['b-t1'])
  })

  it('of one long run are not kept without bound either, but for the last', async () => {
    const { client, read } = aServer()
    const turns = createTurns(client, 4000)
    for (let n = 1; n <= 20; n++) await turns.create(aRun('a'), spec('a', n))
    expect((await turns.find(aRun('a'), 20))?.spec.turn).toBe(20)
    expect(read).toEqual([])
    expect(await turns.all(aRun('a'), 20)).toHaveLength(20)
    expect(read.length).toBeGreaterThan(15)
  })

  it('that take more than all may are kept while they are the last', async () => {
    const { client, read } = aServer()
    const turns = createTurns(client, 100)
    await turns.create(aRun('a'), spec('a', 1))
    await turns.find(aRun('a'), 1)
    expect(read).toEqual([])
    await turns.create(aRun('b'), spec('b', 1))
    await turns.find(aRun('a'), 1)
    expect(read).toEqual(['a-t1'])
  })

  it('are counted anew when results are added, and forgotten with their run', async () => {
    const { client, read } = aServer()
    const turns = createTurns(client, 4000)
    const call = { id: '1.0', providerCallID: '', tool: 'x.y' }
    await turns.create(aRun('a'), { ...spec('a', 1, 'x'), calls: [call] } as AgentTurnSpec)
    await turns.create(aRun('b'), spec('b', 1))
    const turn = (await turns.find(aRun('a'), 1)) as AgentTurn
    await turns.addResults(aRun('a'), turn, [{ id: '1.0', kind: 'Result', text: 'y'.repeat(3000) }])
    await turns.find(aRun('a'), 1)
    expect(read).toEqual([])
    await turns.find(aRun('b'), 1)
    expect(read).toEqual(['b-t1'])
    turns.forget('a')
    await turns.find(aRun('a'), 1)
    expect(read).toEqual(['b-t1', 'a-t1'])
  })
})
