import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

describe('--impersonation', () => {
  it('is by the version of the API server where nobody says', () => {
    expect(parseOptions([], {}).impersonation).toBe('auto')
  })

  it.each(['auto', 'constrained', 'legacy', 'off'])('may be %s', how => {
    expect(parseOptions([`--impersonation=${how}`], {}).impersonation).toBe(how)
  })

  it('is nothing else: a misspelt one must not widen what the gateway may do', () => {
    expect(() => parseOptions(['--impersonation=Legacy'], {})).toThrow(
      '--impersonation wants one of auto, constrained, legacy, off, not "Legacy"',
    )
  })
})
