import { beforeAll, describe, expect, it } from 'vitest'
import { testNamespace } from '../../hack/testing.ts'
import { asOperator, changed, updating } from '../../hack/truthtable.ts'
import { agentTurns } from './resources.ts'
import { sampleAgentTurn } from './samples.ts'

const table = { client: asOperator, resource: agentTurns }
const first = { id: '1.0', kind: 'Result', text: 'refunded' }
const second = { id: '1.1', kind: 'NotExecuted', text: 'a reviewer rejected it' }
let namespace: string

async function turn(name: string, status: object): Promise<void> {
  const created = await asOperator().create(agentTurns, sampleAgentTurn(namespace, name))
  await asOperator().replace(agentTurns, changed(created, { '/status': status }), { subresource: 'status' })
}

beforeAll(async () => {
  namespace = await testNamespace('agentturn-schema')
  await turn('open', { results: [first] })
  await turn('over', { results: [first, second], complete: true })
})

describe('an AgentTurn', () => {
  it('keeps the answer of the provider as it was, and is open from the moment it exists', async () => {
    await asOperator().create(agentTurns, sampleAgentTurn(namespace, 'fresh'))
    const read = await asOperator().get(agentTurns, { namespace, name: 'fresh' })
    expect(read.spec).toEqual(sampleAgentTurn(namespace).spec)
    expect(read.status).toEqual({ results: [], complete: false })
  })

  describe('once created', () => {
    const refused = 'spec: Forbidden: a turn cannot be changed'
    updating(table, () => ({ namespace, name: 'open' }), [
      { when: 'can be labelled', set: { '/metadata/labels': { a: 'b' } } },
      { when: 'keeps its text', set: { '/spec/text': 'x' }, refused },
      { when: 'keeps the params of its calls', set: { '/spec/calls/0/params/lines/0/sku': 'A-2' }, refused },
      { when: 'keeps what the provider said', set: { '/spec/messages/0/content/0/text': 'x' }, refused },
      { when: 'keeps opaque state of the provider', set: { '/spec/messages/1': 'x' }, refused },
      { when: 'gets no further message', set: { '/spec/messages/3': 'x' }, refused },
    ])
  })

  describe('while calls are open', () => {
    updating(
      table,
      () => ({ namespace, name: 'open' }),
      [
        { when: 'takes another result', set: { '/status/results': [first, second] } },
        { when: 'takes another result before the others', set: { '/status/results': [second, first] } },
        { when: 'can be completed', set: { '/status/complete': true } },
        {
          when: 'loses no result',
          set: { '/status/results': [] },
          refused: 'status.results: Forbidden: results are added, never removed',
        },
        {
          when: 'loses no result for another',
          set: { '/status/results': [second] },
          refused: 'status.results: Forbidden: results are added, never removed',
        },
        {
          when: 'changes no result',
          set: { '/status/results': [{ ...first, text: 'not refunded' }] },
          refused: 'status.results[0]: Forbidden: a result cannot be changed',
        },
        {
          when: 'takes one result for each call',
          set: { '/status/results': [first, first] },
          refused: 'status.results[1]: Duplicate value',
        },
      ],
      'status',
    )
  })

  describe('once complete', () => {
    const refused = 'status: Forbidden: the turn is complete'
    updating(
      table,
      () => ({ namespace, name: 'over' }),
      [
        { when: 'can be written as it is', set: {} },
        {
          when: 'takes no further result',
          set: { '/status/results/2': { id: '1.2', kind: 'Result', text: '' } },
          refused,
        },
        { when: 'is not opened again', set: { '/status/complete': false }, refused },
        { when: 'is not opened again by losing its status', set: { '/status': undefined }, refused },
      ],
      'status',
    )
  })
})
