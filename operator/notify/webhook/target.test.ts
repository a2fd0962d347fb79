import { describe, expect, it } from 'vitest'
import type { Webhook } from '../types.ts'
import { readTarget } from './target.ts'
import { aWebhook, clientWith, type TestSecret } from './testing.ts'

const HOOK = 'https://hooks.example.com/s3cret-path?token=s3cret-token'
const hosts = 'hooks.example.com'
const signal = new AbortController().signal

const read = (
  secrets: Readonly<Record<string, TestSecret>>,
  webhook: Webhook = aWebhook(),
  project = 'shop',
) => readTarget({ client: clientWith(secrets), webhook, project, signal })

const signed = aWebhook('Generic', { signingKeySecretRef: { name: 'signing', key: 'key' } })
const hook: TestSecret = { data: { url: HOOK }, hosts }

describe('a webhook has no target', () => {
  it.each<[string, Readonly<Record<string, TestSecret>>, Webhook, string]>([
    ['without its Secret', {}, aWebhook(), 'There is no Secret hook in the namespace shop'],
    ['without the label', { hook: { ...hook, labels: {} } }, aWebhook(), 'kubectl label secret hook -n shop'],
    [
      'without the host',
      { hook: { ...hook, hosts: 'other.example.com' } },
      aWebhook(),
      'sent to hooks.example.com',
    ],
    [
      'with a host and a port',
      { hook: { ...hook, hosts: 'hooks.example.com:443' } },
      aWebhook(),
      'sent to hooks',
    ],
    ['without the key', { hook: { data: { other: HOOK }, hosts } }, aWebhook(), 'has no key url'],
    ['with no URL', { hook: { data: { url: 's3cret words' }, hosts } }, aWebhook(), 'is no URL'],
    ['with an empty URL', { hook: { data: { url: '' }, hosts } }, aWebhook(), 'is no URL'],
    [
      'with another protocol',
      { hook: { data: { url: 'ftp://s3cret.example.com' }, hosts } },
      aWebhook(),
      'is no URL',
    ],
    [
      'with a URL without a host',
      { hook: { data: { url: 'https:s3cret' }, hosts } },
      aWebhook(),
      'is no URL',
    ],
    ['without the Secret of its key', { hook }, signed, 'There is no Secret signing'],
    [
      'without the label on that',
      { hook, signing: { data: { key: 's3cret' }, hosts, labels: {} } },
      signed,
      'label secret signing',
    ],
    [
      'without the host on that',
      { hook, signing: { data: { key: 's3cret' } } },
      signed,
      'signing may not be sent to hooks.example.com',
    ],
    [
      'without the key in that',
      { hook, signing: { data: { a: 's3cret' }, hosts } },
      signed,
      'signing has no key key',
    ],
    ['with an empty key', { hook, signing: { data: { key: ' \n' }, hosts } }, signed, 'is empty'],
    [
      'with a key that is no base64',
      { hook, signing: { data: { key: 'whsec_s3cret!' }, hosts } },
      signed,
      'no base64',
    ],
    ['with an empty whsec_', { hook, signing: { data: { key: 'whsec_' }, hosts } }, signed, 'no base64'],
  ])('%s', async (_, secrets, webhook, message) => {
    const target = await read(secrets, webhook)
    expect(target).toMatchObject({ ok: false, message: expect.stringContaining(message) })
    expect(JSON.stringify(target)).not.toContain('s3cret')
  })

  it('from the Secrets of another project', async () => {
    expect(await read({ hook }, aWebhook(), 'elsewhere')).toMatchObject({ ok: false })
  })
})

describe('a webhook has a target', () => {
  it('that keeps its path and query, and loses its fragment', async () => {
    const target = await read({ hook: { data: { url: ` ${HOOK}#part\n` }, hosts } })
    expect(target).toMatchObject({ ok: true, target: { url: new URL(HOOK), authorization: undefined } })
  })

  it('whose user and password become a header', async () => {
    const target = await read({ hook: { data: { url: 'https://ops:p%40ss@hooks.example.com/in' }, hosts } })
    expect(target).toMatchObject({
      target: {
        url: new URL('https://hooks.example.com/in'),
        authorization: `Basic ${Buffer.from('ops:p@ss').toString('base64')}`,
      },
    })
  })

  it.each([
    ['an address in another form', 'http://0x7f.1:8080/in', '127.0.0.1'],
    ['an IPv6 address', 'https://[fd12::1]:8443/in', 'fd12::1'],
    ['a name in capitals', 'https://HOOKS.example.com/in', 'Hooks.Example.com'],
  ])('where the Secret names %s', async (_, url, named) => {
    expect(await read({ hook: { data: { url }, hosts: named } })).toMatchObject({ ok: true })
  })

  it('without a look at a signing key that its format does not use', async () => {
    const webhook = aWebhook('Slack', { signingKeySecretRef: { name: 'signing', key: 'key' } })
    expect(await read({ hook }, webhook)).toMatchObject({ ok: true, target: { signingKeys: [] } })
  })

  it('that says what of it is secret', async () => {
    const webhook = aWebhook('PagerDuty', { signingKeySecretRef: { name: 'signing', key: 'key' } })
    const secrets = { hook, signing: { data: { key: 'routing-key-1' }, hosts } }
    const target = await read(secrets, webhook)
    expect(target.ok && target.target.secrets).toEqual(
      expect.arrayContaining(['s3cret-path', 's3cret-token', 'routing-key-1', HOOK]),
    )
  })
})
