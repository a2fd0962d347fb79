import { describe, expect, it } from 'vitest'
import { buildMessages } from './conversation.ts'
import { aTurn } from './testing/turns.ts'
import type { ModelAnswer } from './types.ts'

const assistant = (...ids: string[]) => ({
  role: 'assistant',
  content: ids.map(toolCallId => ({
    type: 'tool-call',
    toolCallId,
    toolName: 'order_tools__refund',
    input: {},
  })),
})
const answer = (...ids: string[]): Pick<ModelAnswer, 'calls' | 'messages'> => ({
  messages: [assistant(...ids)],
  calls: ids.map(providerCallID => ({
    providerCallID,
    tool: 'order_tools.refund',
    input: { ok: true, params: {} },
  })),
})
const said = (text: string): Pick<ModelAnswer, 'calls' | 'messages'> => ({
  messages: [{ role: 'assistant', content: [{ type: 'text', text }] }],
  calls: [],
})
const result = (toolCallId: string, type: 'text' | 'error-text', value: string) => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'order_tools__refund',
  output: { type, value },
})

describe('a conversation', () => {
  it('begins with the input', () => {
    expect(buildMessages({ input: 'Hello', turns: [] })).toEqual([{ role: 'user', content: 'Hello' }])
  })

  it('gives every call one result, in the order of the calls and not of the results', () => {
    const turn = aTurn(answer('a', 'b', 'c', 'd'), [
      { kind: 'Result', text: 'one' },
      { kind: 'Error', text: 'two' },
      { kind: 'NotExecuted', text: 'three' },
      { kind: 'Unknown', text: 'four' },
    ])
    turn.status!.results.reverse()
    expect(buildMessages({ input: 'Hello', turns: [turn] }).slice(1)).toEqual([
      assistant('a', 'b', 'c', 'd'),
      {
        role: 'tool',
        content: [
          result('a', 'text', 'one'),
          result('b', 'error-text', 'two'),
          result('c', 'error-text', 'three'),
          result('d', 'error-text', 'four'),
        ],
      },
    ])
  })

  it('tells why a refused call was refused, without a result of its own', () => {
    const refused = answer('a')
    const turn = aTurn({
      ...refused,
      calls: [{ providerCallID: 'a', tool: 'wipe', input: { ok: false, error: 'There is no such tool.' } }],
    })
    expect(buildMessages({ input: 'Hello', turns: [turn] }).at(-1)).toEqual({
      role: 'tool',
      content: [result('a', 'error-text', 'There is no such tool.')],
    })
  })

  it('answers calls that were never made because their run ended', () => {
    const earlier = { input: 'Hello', turns: [aTurn(answer('a', 'b'), [{ kind: 'Result', text: 'one' }])] }
    expect(buildMessages({ input: 'Go on', turns: [], earlier: [earlier] })).toEqual([
      { role: 'user', content: 'Hello' },
      assistant('a', 'b'),
      {
        role: 'tool',
        content: [
          result('a', 'text', 'one'),
          result('b', 'error-text', 'This call was not made: the run ended before it.'),
        ],
      },
      { role: 'user', content: 'Go on' },
    ])
  })

  it('goes on with earlier runs, oldest first', () => {
    const messages = buildMessages({
      earlier: [
        { input: 'First', turns: [aTurn(said('One?'))] },
        { input: 'Second', turns: [aTurn(said('Two?'))] },
      ],
      input: 'Third',
      turns: [aTurn(said('Three.'))],
    })
    expect(messages.map(({ role, content }) => [role, JSON.stringify(content)])).toEqual([
      ['user', '"First"'],
      ['assistant', expect.stringContaining('One?')],
      ['user', '"Second"'],
      ['assistant', expect.stringContaining('Two?')],
      ['user', '"Third"'],
      ['assistant', expect.stringContaining('Three.')],
    ])
  })

  it('of an answer without words leaves nothing out of place', () => {
    const turn = aTurn({ calls: [], messages: [] })
    expect(buildMessages({ input: 'Hello', turns: [turn] })).toEqual([{ role: 'user', content: 'Hello' }])
  })
})
