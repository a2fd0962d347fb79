import { describe, expect, test } from 'vitest'
import { idempotentRunName, runName } from './names.ts'

describe('names of runs', () => {
  test.each([
    ['order-manager', 'order-manager-0123456789'],
    [`${'a'.repeat(39)}-b`, `${'a'.repeat(39)}-0123456789`],
    [`${'a'.repeat(38)}.-b`, `${'a'.repeat(38)}-0123456789`],
    ['x'.repeat(253), `${'x'.repeat(40)}-0123456789`],
  ])('should be made of the agent %s', (agent, expected) => {
    expect(runName(agent, '0123456789abcdef')).toBe(expected)
  })

  test('should be the same for the same key of the same person in the same project, and for nothing else', () => {
    const name = idempotentRunName('shop', 'alice', 'k')
    expect(name).toMatch(/^run-[0-9a-f]{32}$/)
    expect(idempotentRunName('shop', 'alice', 'k')).toBe(name)
    const others = [
      idempotentRunName('shop', 'alice', 'l'),
      idempotentRunName('shop', 'bob', 'k'),
      idempotentRunName('other', 'alice', 'k'),
      idempotentRunName('shop', 'alic', 'ek'),
    ]
    expect(new Set([name, ...others]).size).toBe(5)
  })
})
