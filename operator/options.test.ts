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
    expect(parseOptions([], {}).limits).toEqual({
      perProject: 128,
      projects: new Map(),
      perModel: 32,
      perToolset: 32,
    })
    const flags = ['project', 'model', 'toolset'].map(
      (what, index) => `--max-concurrent-per-${what}=${index + 1}`,
    )
    expect(parseOptions(flags, {}).limits).toMatchObject({ perProject: 1, perModel: 2, perToolset: 3 })
  })

  it.each(['0', '-1', 'many', '1.5'])('are not %s', value => {
    expect(() => parseOptions([`--max-concurrent-per-model=${value}`], {})).toThrow(
      /^--max-concurrent-per-model wants/,
    )
  })

  it('are others for some projects', () => {
    const limits = (text: string) => parseOptions([`--max-concurrent-per-project=${text}`], {}).limits
    expect(limits('64,acme=16, shop-2=256')).toMatchObject({
      perProject: 64,
      projects: new Map([
        ['acme', 16],
        ['shop-2', 256],
      ]),
    })
    expect(limits('acme=16')).toMatchObject({ perProject: 128, projects: new Map([['acme', 16]]) })
  })

  it.each([
    ['acme', /wants a whole number from 1 to 100000, not "acme"$/],
    ['acme=0', /wants a whole number/],
    ['acme=', /wants a whole number.*not ""$/],
    ['1,', /wants a whole number.*not ""$/],
    ['=1', /wants the name of a project before =, not ""$/],
    ['Acme=1', /wants the name of a project before =, not "Acme"$/],
    ['a=b=1', /wants the name of a project before =, not "a=b"$/],
    ['acme=1,2', /wants one number for every project, before those of some, as 128,acme=16$/],
    ['1,2', /wants one number for every project/],
    ['1,acme=2,acme=3', /names acme twice$/],
  ])('are not %s', (text, message) => {
    expect(() => parseOptions([`--max-concurrent-per-project=${text}`], {})).toThrow(message)
  })
})
