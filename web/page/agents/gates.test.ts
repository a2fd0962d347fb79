import { expect, test } from 'vitest'
import * as operator from '../../../operator/policy/gates.ts'
import { gatesOf, gatesOfNothing, matchesGate } from './gates.ts'

test('a gate is about the same tools here as where it stops calls', () => {
  const names = ['*', 'a.*', 'a.b', 'a.b*', 'a.B', 'a.bc', 'b.a', '']
  for (const gate of names) {
    for (const tool of names) {
      expect([gate, tool, matchesGate(gate, tool)]).toEqual([gate, tool, operator.matchesGate(gate, tool)])
    }
  }
})

test('a tool has the gates of its agent and of its project, each with its own condition', () => {
  const agent = [{ name: 'a.b', when: 'param.x > 1' }, { name: 'a.c' }]
  expect(gatesOf('a.b', agent, [{ name: 'a.*' }])).toEqual([
    { name: 'a.b', when: 'param.x > 1', from: 'agent' },
    { name: 'a.*', from: 'project' },
  ])
  expect(gatesOfNothing(agent, ['a.b', 'a.d'])).toEqual([{ name: 'a.c' }])
})
