import { expect, test } from 'vitest'
import { decideAgent } from '../../../operator/controllers/agent/decide.ts'
import type { Agent } from '../api/types.ts'
import { changedTools, troublesOf } from './advice.ts'

const anAgent = (ready: Agent['ready'], ...conditions: Agent['conditions']): Agent => ({
  name: 'a',
  uid: '1',
  project: 'shop',
  model: { provider: 'OpenAI', name: 'm' },
  tools: [],
  ready,
  reason: conditions.find(({ type }) => type === 'Ready')?.reason,
  conditions,
  toolsHash: `sha256:${'0'.repeat(64)}`,
  createdAt: '2026-11-22T10:00:00Z',
})
const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason: string) => ({
  type,
  status,
  reason,
  message: `${reason}.`,
})

test('an agent that is well has no troubles', () => {
  expect(
    troublesOf(
      anAgent('True', condition('Ready', 'True', 'Ready'), condition('Accepted', 'True', 'Accepted')),
    ),
  ).toEqual([])
})

test('what stops an agent comes first, with what to do', () => {
  const troubles = troublesOf(
    anAgent(
      'False',
      condition('Ready', 'False', 'UnknownTool'),
      condition('ToolsUnchanged', 'False', 'ToolsChanged'),
      condition('ToolsResolved', 'False', 'UnknownTool'),
    ),
  )
  expect(troubles.map(({ reason, stops }) => [reason, stops])).toEqual([
    ['UnknownTool', true],
    ['ToolsChanged', false],
  ])
  expect(troubles[0]?.advice).toContain('spec.approval.tools')
})

test('changed tools of an agent that is ready are told with the command that accepts them', () => {
  const [trouble, more] = troublesOf(
    anAgent(
      'True',
      condition('Ready', 'True', 'ToolsChanged'),
      condition('ToolsUnchanged', 'False', 'ToolsChanged'),
    ),
  )
  expect(more).toBeUndefined()
  expect(trouble).toMatchObject({
    stops: false,
    command: `kubectl annotate agent a -n shop --overwrite countersign.dev/accept-tools=sha256:${'0'.repeat(64)}`,
  })
})

test('an agent that nobody has looked at says so', () => {
  const [trouble] = troublesOf(anAgent('Unknown', condition('Ready', 'Unknown', 'Pending')))
  expect(trouble).toMatchObject({ condition: 'Ready', reason: 'Pending', stops: true })
})

test('the tools that changed are those that the operator names', () => {
  const tool = (name: string, schemaHash: string) => ({ name, schemaHash: `sha256:${schemaHash.repeat(64)}` })
  const agent = { metadata: { name: 'a', generation: 1 }, spec: { model: {}, toolsets: [] } }
  const decided = (status: object, ...tools: object[]) =>
    decideAgent(
      {
        agent: { ...agent, status } as never,
        projectGates: [],
        listings: [{ ok: true, tools } as never],
        modelSecret: undefined,
      },
      '2026-11-22T10:00:00Z',
    )
  const pinned = decided({}, tool('a.b', '0'), tool('a.c', '0'), tool('a.d', '0'))
  const now = decided(pinned, tool('a.b', '1'), tool('a.c', '0'), tool('a.d', '1'))
  const { conditions } = anAgent('True', ...(now.conditions as Agent['conditions']))
  expect([...changedTools(anAgent('True', ...conditions))]).toEqual(['a.b', 'a.d'])
})
