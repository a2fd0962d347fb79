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

describe('--page-url', () => {
  it('is where the page is, without a slash at its end', () => {
    expect(parseOptions([], {}).pageURL).toBeUndefined()
    expect(parseOptions(['--page-url=https://approve.acme.com/'], {}).pageURL).toBe(
      'https://approve.acme.com',
    )
    expect(parseOptions(['--page-url=https://acme.com/approve/'], {}).pageURL).toBe(
      'https://acme.com/approve',
    )
  })

  it.each([
    'approve.acme.com',
    'ftp://acme.com',
    'https://a:b@acme.com',
    'https://acme.com/?x',
    'https://acme.com/#x',
  ])('is not %s', url => {
    expect(() => parseOptions([`--page-url=${url}`], {})).toThrow(/^--page-url wants an address like/)
  })
})

describe('--allow-webhook-addresses', () => {
  it('is read, and refused in words that say how it is written', () => {
    const { allowWebhookAddresses } = parseOptions(['--allow-webhook-addresses=10.1.0.0/16'], {})
    expect(allowWebhookAddresses.list.check('10.1.2.3', 'ipv4')).toBe(true)
    expect(() => parseOptions(['--allow-webhook-addresses=10.1'], {})).toThrow(
      /^--allow-webhook-addresses: "10.1" is no range of addresses/,
    )
  })
})

describe('--max-concurrent-per-project, -model and -toolset', () => {
  it('bound what is under way at once', () => {
    expect(parseOptions([], {}).limits).toEqual({ perProject: 128, perModel: 32, perToolset: 32 })
    const flags = ['project', 'model', 'toolset'].map(
      (what, index) => `--max-concurrent-per-${what}=${index + 1}`,
    )
    expect(parseOptions(flags, {}).limits).toEqual({ perProject: 1, perModel: 2, perToolset: 3 })
  })

  it.each(['0', '-1', 'many', '1.5'])('are not %s', value => {
    expect(() => parseOptions([`--max-concurrent-per-model=${value}`], {})).toThrow(
      /^--max-concurrent-per-model wants/,
    )
  })
})
