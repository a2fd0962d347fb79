import { expect, test } from 'vitest'
import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import { agentItem, itemOf } from './routes.ts'

const anAgent = (generation: number, status: Partial<NonNullable<Agent['status']>>): Agent =>
  ({
    metadata: {
      name: 'order-manager',
      namespace: 'shop',
      uid: '00000000-0000-0000-0000-000000000001',
      generation,
      creationTimestamp: '2026-11-22T10:00:00Z',
    },
    spec: { model: { provider: 'OpenAI', name: 'some-model' }, toolsets: [] },
    status,
  }) as Agent

const found = {
  type: 'Ready',
  status: 'False',
  reason: 'UnknownTool',
  message: 'no tool is named a.b; did you mean a.c?',
  lastTransitionTime: '2026-11-22T10:00:00Z',
} as const

test('an agent shows every condition with its reason, and what its changed tools are accepted by', () => {
  const toolsHash = `sha256:${'0'.repeat(64)}`
  const changed = { ...found, type: 'ToolsUnchanged', reason: 'ToolsChanged' }
  const item = itemOf(anAgent(2, { observedGeneration: 2, toolsHash, conditions: [found, changed] }))
  expect(agentItem.strict().parse(item)).toMatchObject({
    ready: 'False',
    reason: 'UnknownTool',
    toolsHash,
    conditions: [
      { type: 'Ready', status: 'False', reason: 'UnknownTool', message: found.message },
      { type: 'ToolsUnchanged', status: 'False', reason: 'ToolsChanged' },
    ],
  })
})

test('what was found of an earlier spec is not told of this one', () => {
  const item = itemOf(anAgent(3, { observedGeneration: 2, conditions: [{ ...found, status: 'True' }] }))
  expect(item).toMatchObject({ ready: 'Unknown', reason: 'Pending', conditions: [] })
})

test('an agent that was never looked at says what stands in it from the beginning', () => {
  const seeded = {
    ...found,
    status: 'Unknown',
    reason: 'Pending',
    message: 'the operator has not looked',
  } as const
  expect(itemOf(anAgent(1, { conditions: [seeded] }))).toMatchObject({ ready: 'Unknown', reason: 'Pending' })
})
