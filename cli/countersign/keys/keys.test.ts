import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Io } from '../../io.ts'
import { NOW } from '../../testing.ts'
import { countersignCommand } from '../command.ts'

interface Asked {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly body: unknown
}
interface Scripted {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A gateway that gives these answers in turn. */
async function aGateway(...answers: readonly Scripted[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server: Server = createServer(async (request, response) => {
    asked.push(await readAsked(request))
    const { status, body, headers } = answers[asked.length - 1] ?? { status: 500 }
    const type = status >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  let text = ''
  for await (const chunk of request) text += chunk
  const { method = '', url = '', headers } = request
  return {
    method,
    url,
    authorization: headers.authorization,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

const TOKEN = 'very-secret-token'

/** Runs `kubectl countersign keys` in project shop with a token of the environment. */
async function keys(gateway: string | undefined, ...argv: string[]) {
  const texts = { out: '', err: '' }
  const io = {
    out: (text: string) => {
      texts.out += text
    },
    err: (text: string) => {
      texts.err += text
    },
    colour: false,
    now: () => NOW,
  } as unknown as Io
  const env = { COUNTERSIGN_TOKEN: TOKEN, KUBECTL: '/bin/false', COUNTERSIGN_GATEWAY: gateway }
  const code = await countersignCommand(['keys', ...argv, '-n', 'shop'], { io, env })
  expect(texts.out + texts.err).not.toContain(TOKEN)
  return { code, ...texts }
}

const id = 'k3u5hq2m7d4w2x7c'
const key = `csk_${id}_${'a'.repeat(52)}`
const item = {
  id,
  name: 'ci',
  project: 'shop',
  user: 'alice@acme.com',
  readOnly: false,
  createdAt: '2026-11-22T16:00:00Z',
}
const problem = (status: number, detail: string, headers: Record<string, string> = {}): Scripted => ({
  status,
  headers,
  body: { type: 'tag:x', title: 'Title', status, detail },
})

describe('keys create', () => {
  it('prints the key alone on standard output, and what it is beside', async () => {
    const made = { ...item, expiresAt: '2027-02-20T17:00:00Z', key }
    const { url, asked } = await aGateway({ status: 201, body: made })
    expect(await keys(url, 'create', '--name', 'ci', '--expires', '90d')).toEqual({
      code: 0,
      out: `${key}\n`,
      err: `API key ${id} (ci): acts as alice@acme.com in project shop
until 2027-02-20 17:00:00Z.
It is shown this once: keep it as you would a password. To end it:
  kubectl countersign keys revoke ${id} -n shop
`,
    })
    expect(asked).toEqual([
      {
        method: 'POST',
        url: '/api/v1/projects/shop/apikeys',
        authorization: `Bearer ${TOKEN}`,
        body: { name: 'ci', expiresInSeconds: 7_776_000 },
      },
    ])
  })

  it('asks for what narrows it, and gives all of it as JSON', async () => {
    const made = { ...item, readOnly: true, agents: ['a', 'b'], key }
    const { url, asked } = await aGateway({ status: 201, body: made })
    const ran = await keys(url, 'create', '--name=ci', '--read-only', '--agents', 'a,b,a', '-o', 'json')
    expect(JSON.parse(ran.out)).toEqual(made)
    expect(ran.err).toContain('until it is revoked; reads only; a,b.')
    expect(asked[0]?.body).toEqual({ name: 'ci', readOnly: true, agents: ['a', 'b'] })
  })

  it('says that a key may be there where the answer did not arrive', async () => {
    const server = createTcpServer(socket => void socket.once('data', () => socket.destroy()))
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ran = await keys(url, 'create', '--name', 'ci')
    expect(ran).toMatchObject({ code: 7, out: '' })
    expect(ran.err).toContain('it closed the connection. A key may have been made all the same')
  })

  it.each([
    [['create'], /needs --name/],
    [['create', '--name', 'ci', '--expires', 'soon'], /12h, 90d, 1y/],
    [['create', '--name', 'ci', '--agents', 'a,,b'], /--agents a,b/],
    [['create', 'ci'], /takes no names: --name NAME/],
    [['create', '--name', 'ci', '--as', 'bob'], /--as means nothing/],
    [['list', '--name', 'ci'], /keys list takes no --name/],
    [['revoke'], /needs the id/],
    [['revoke', 'nightly'], /cannot be the id of a key/],
    [['delete', id], /keys create, keys list or keys revoke/],
    [['revok', id], /Did you mean revoke/],
  ])('is typed wrongly: %j', async (argv, words) => {
    const { url, asked } = await aGateway()
    const ran = await keys(url, ...argv)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toMatch(words)
    expect(asked).toEqual([])
  })
})

describe('keys list', () => {
  it('shows all pages, who has what, until when, and when it was used', async () => {
    const other = {
      ...item,
      id: 'abcdefghijklmnop',
      name: 'evil\u202e',
      expiresAt: '2026-11-23T17:00:00Z',
      lastUsedAt: '2026-11-22T16:59:00Z',
      readOnly: true,
      agents: ['order-manager'],
    }
    const { url, asked } = await aGateway(
      { status: 200, body: { items: [item], continue: 'a b' } },
      { status: 200, body: { items: [other] } },
    )
    expect(await keys(url, 'list')).toEqual({
      code: 0,
      err: '',
      out: `ID                 NAME         USER             EXPIRES   LAST USED   LIMITS
k3u5hq2m7d4w2x7c   ci           alice@acme.com   never     never       -
abcdefghijklmnop   evil\\u202e   alice@acme.com   in 24h    60s ago     reads only; order-manager
`,
    })
    expect(asked.map(request => request.url)).toEqual([
      '/api/v1/projects/shop/apikeys',
      '/api/v1/projects/shop/apikeys?continue=a%20b',
    ])
  })

  it('says where there are none', async () => {
    const { url } = await aGateway({ status: 200, body: { items: [] } })
    expect((await keys(url, 'list')).out).toBe('There are no API keys that you may see in project shop.\n')
  })
})

describe('keys revoke', () => {
  it('takes ids and whole keys, each by itself, and ends with the highest exit code', async () => {
    const { url, asked } = await aGateway(
      { status: 204 },
      problem(404, 'There is no API key abcdefghijklmnop that you could revoke.'),
    )
    expect(await keys(url, 'revoke', key, id, 'abcdefghijklmnop')).toEqual({
      code: 3,
      out: `API key ${id} revoked\n`,
      err: 'There is no API key abcdefghijklmnop that you could revoke.\n',
    })
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `DELETE /api/v1/projects/shop/apikeys/${id}`,
      'DELETE /api/v1/projects/shop/apikeys/abcdefghijklmnop',
    ])
  })
})

describe('a gateway that refuses', () => {
  it.each([
    [problem(401, 'The credential is not valid.'), 4, 'The credential is not valid.\n'],
    [problem(403, 'Ask an owner to\u001b[2J add you.'), 4, 'Ask an owner to\\u001b[2J add you.\n'],
    [problem(409, 'You have 50 API keys.'), 1, 'You have 50 API keys.\n'],
    [problem(422, 'name: is blank'), 1, 'name: is blank\n'],
    [
      problem(429, 'Too many. Try again after the time in Retry-After.', { 'retry-after': '7' }),
      1,
      'Too many. Try again in 7s.\n',
    ],
    [problem(429, 'Too many.', { 'retry-after': '90' }), 1, 'Too many. Try again in 90s.\n'],
    [problem(503, 'The API server did not answer.'), 7, 'The API server did not answer.\n'],
  ])('speaks for itself: %j', async (answer, code, err) => {
    const { url } = await aGateway(answer)
    expect(await keys(url, 'list')).toEqual({ code, out: '', err })
  })

  it('is not followed elsewhere: the credential stays', async () => {
    const other = await aGateway({ status: 200, body: { items: [item] } })
    const { url } = await aGateway({ status: 307, headers: { location: `${other.url}/api` }, body: '' })
    const ran = await keys(url, 'list')
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(`redirects to ${other.url}/api, where your credential is not sent`)
    expect(other.asked).toEqual([])
  })

  it('is no gateway: says so', async () => {
    const html = { 'content-type': 'text/html' }
    for (const status of [200, 404]) {
      const { url } = await aGateway({ status, headers: html, body: '<h1>hello</h1>' })
      const ran = await keys(url, 'list')
      expect(ran).toMatchObject({ code: 1, out: '' })
      expect(ran.err).toContain("not as Countersign's gateway does")
    }
  })

  it('is not there: says so', async () => {
    const { url } = await aGateway()
    for (const server of servers.splice(0)) await new Promise(resolve => (server as Server).close(resolve))
    const ran = await keys(url, 'list')
    expect(ran).toEqual({
      code: 7,
      out: '',
      err: `The gateway ${url}/ did not answer: nothing listens there.\n`,
    })
  })

  it('is not shown the credential in the clear, nor asked without an address', async () => {
    expect(await keys('http://gateway.invalid', 'list')).toMatchObject({ code: 2, out: '' })
    const none = await keys(undefined, 'list')
    expect(none).toMatchObject({ code: 2, out: '' })
    expect(none.err).toContain('COUNTERSIGN_GATEWAY')
  })
})
