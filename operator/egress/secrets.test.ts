import { describe, expect, it } from 'vitest'
import type { Client } from '../../kube/client.ts'
import { readSecret } from './secrets.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function clientWith(
  meta: object,
  data: Record<string, string> = { key: base64('value') },
): Pick<Client, 'find'> {
  return {
    find: async (_resource, ref) =>
      (ref.name === 'llm' && ref.namespace === 'shop'
        ? { metadata: { name: 'llm', ...meta }, data }
        : undefined) as never,
  }
}

const labels = { 'countersign.dev/use': 'true' }
const named = (hosts: string) => ({ labels, annotations: { 'countersign.dev/hosts': hosts } })
const read = (meta: object, host: string | string[] = 'api.example.com', name = 'llm') =>
  readSecret({ client: clientWith(meta), namespace: 'shop', name, host })

describe('a Secret is read', () => {
  it.each([
    ['that names the host', 'api.example.com', 'api.example.com'],
    ['that names it among others', 'a.test, api.example.com ,b.test', 'api.example.com'],
    ['that writes it otherwise', 'API.Example.COM', 'api.example.com'],
    ['that names an IPv6 address', '[fd12::1]', 'fd12::1'],
  ])('%s', async (_, hosts, host) => {
    expect(await read(named(hosts), host)).toEqual({ ok: true, data: { key: 'value' } })
  })

  it('and loses the line break of the file it was made of, no more', async () => {
    const client = clientWith(named('h'), { a: base64('x\n'), b: base64('y\r\n'), c: base64(' z \n\n') })
    expect(await readSecret({ client, namespace: 'shop', name: 'llm', host: 'h' })).toEqual({
      ok: true,
      data: { a: 'x', b: 'y', c: ' z \n' },
    })
  })
})

describe('a Secret is refused', () => {
  it('that does not exist', async () => {
    expect(await read({}, 'h', 'other')).toMatchObject({ ok: false, reason: 'SecretNotFound' })
  })

  it.each([undefined, {}, { 'countersign.dev/use': 'yes' }, { 'countersign.dev/use': 'True' }])(
    'with the labels %o',
    async bad => {
      const meta = { ...named('api.example.com'), labels: bad }
      expect(await read(meta)).toMatchObject({ ok: false, reason: 'SecretNotLabelled' })
    },
  )

  it.each([
    ['nothing', undefined, 'api.example.com'],
    ['an empty list', '', 'api.example.com'],
    ['an empty list, for no host', '', ''],
    ['another host', 'example.com', 'api.example.com'],
    ['the end of the host', 'example.com', 'evil-example.com'],
    ['a longer host', 'api.example.com.evil.test', 'api.example.com'],
    ['everything', '*', 'api.example.com'],
    ['every host of a domain', '*.example.com', 'api.example.com'],
    ['the host with a port', 'api.example.com:443', 'api.example.com'],
    ['a URL', 'https://api.example.com', 'api.example.com'],
  ])('that names %s', async (_, hosts, host) => {
    const annotations = hosts === undefined ? {} : { 'countersign.dev/hosts': hosts }
    expect(await read({ labels, annotations }, host)).toMatchObject({ ok: false, reason: 'SecretNotForHost' })
  })

  it('that names one of two hosts', async () => {
    expect(await read(named('a.test'), ['a.test', 'b.test'])).toMatchObject({
      reason: 'SecretNotForHost',
      message: expect.stringContaining('b.test'),
    })
  })
})
