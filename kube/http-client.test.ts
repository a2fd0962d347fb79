import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from './client.ts'
import type { Connection } from './connection.ts'
import { ApiError, ConnectionError, isGone, isTransient, isUnauthorized, logSafe } from './errors.ts'
import { createClient, type HttpClientOptions } from './http-client.ts'
import {
  aConfigMap,
  answer,
  configMaps,
  refuse,
  type ScriptedServer,
  scriptedServer,
  settled,
  status,
  TestClock,
  watchLine,
} from './testing.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Script = Parameters<typeof scriptedServer>[0]

async function serve(
  script: Script,
  options: HttpClientOptions & { connection?: (url: string) => Connection } = {},
): Promise<{ server: ScriptedServer; client: Client }> {
  const server = await scriptedServer(script)
  const client = createClient(options.connection?.(server.url) ?? server.connection, options)
  closing.push(
    () => client.close(),
    () => server.close(),
  )
  return { server, client }
}

const noTls = {}
const ref = { namespace: 'default', name: 'a' }
const caught = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    error => error,
  )

async function eventsOf(client: Client, options = {}): Promise<unknown[]> {
  const events: unknown[] = []
  for await (const event of client.watch(configMaps, options)) events.push(event)
  return events
}

describe('connections', () => {
  test('should be kept: a hundred calls one after the other open one or two', async () => {
    const { server, client } = await serve((_, response) => answer(response, aConfigMap('a')))
    for (let i = 0; i < 100; i++) await client.get(configMaps, ref)
    expect(server.requests).toHaveLength(100)
    // The answer is there a moment before its connection is free again: a call at once may open the second.
    expect(server.connections).toBeLessThanOrEqual(2)
  })

  test('should be capped: a hundred calls at once open no more than allowed', async () => {
    const { server, client } = await serve((_, response) => answer(response, aConfigMap('a')), {
      requestConnections: 4,
    })
    await Promise.all(Array.from({ length: 100 }, () => client.get(configMaps, ref)))
    expect(server.connections).toBeLessThanOrEqual(4)
  })

  test('of watches should not take those of requests', async () => {
    const { client } = await serve(
      (request, response) => {
        if (!request.query.has('watch')) return answer(response, aConfigMap('a'))
        response.writeHead(200).write(watchLine('ADDED', aConfigMap('a')))
      },
      { requestConnections: 1, watchConnections: 3 },
    )
    const stop = new AbortController()
    const watches = [1, 2, 3].map(() =>
      client.watch(configMaps, { signal: stop.signal })[Symbol.asyncIterator](),
    )
    await Promise.all(watches.map(watch => watch.next()))
    expect(await client.get(configMaps, ref)).toMatchObject({ kind: 'ConfigMap' })
    expect(await caught(eventsOf(client))).toBeInstanceOf(ConnectionError)
    stop.abort()
    await Promise.all(watches.map(watch => caught(watch.next())))
    const again = client.watch(configMaps)[Symbol.asyncIterator]()
    expect(await again.next()).toMatchObject({ value: { type: 'ADDED' } })
    await again.return?.(undefined)
  })

  test('should be opened anew when the client certificate changes', async () => {
    let tls = {}
    const { server, client } = await serve((_, response) => answer(response, aConfigMap('a')), {
      connection: url => ({ server: url, tls: async () => tls, headers: async () => ({}) }),
    })
    for (let i = 0; i < 10; i++) await client.get(configMaps, ref)
    const before = server.connections
    tls = {}
    await client.get(configMaps, ref)
    const after = server.connections
    expect(after).toBeGreaterThan(before)
    await client.get(configMaps, ref)
    expect(server.connections).toBeLessThanOrEqual(after + 1)
  })

  test('should go through a proxy where the connection names one', async () => {
    const asked: (string | undefined)[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url)
      const [host, port] = (request.url ?? '').split(':')
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      for (const end of [onward, socket]) end.on('error', () => onward.destroy())
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const { server, client } = await serve((_, response) => answer(response, aConfigMap('a')), {
      connection: url => ({ server: url, proxyUrl, tls: async () => noTls, headers: async () => ({}) }),
    })
    await client.get(configMaps, ref)
    expect(asked).toEqual([server.url.replace('http://', '')])
    await client.close()
    proxy.close()
  })
})

describe('a request', () => {
  test.each([
    [
      'get',
      (client: Client) => client.get(configMaps, ref),
      'GET',
      '/api/v1/namespaces/default/configmaps/a',
      '',
    ],
    [
      'list',
      (client: Client) => client.list(configMaps, { labelSelector: 'a=b', limit: 7 }),
      'GET',
      '/api/v1/configmaps',
      'labelSelector=a%3Db&limit=7',
    ],
    [
      'create',
      (client: Client) => client.create(configMaps, aConfigMap('a'), { dryRun: true, fieldManager: 'me' }),
      'POST',
      '/api/v1/namespaces/default/configmaps',
      'dryRun=All&fieldManager=me&fieldValidation=Strict',
    ],
    [
      'replace of the status',
      (client: Client) => client.replace(configMaps, aConfigMap('a'), { subresource: 'status' }),
      'PUT',
      '/api/v1/namespaces/default/configmaps/a/status',
      'fieldValidation=Strict',
    ],
    [
      'server-side apply',
      (client: Client) =>
        client.patch(configMaps, ref, { type: 'apply', body: {}, force: true }, { fieldManager: 'me' }),
      'PATCH',
      '/api/v1/namespaces/default/configmaps/a',
      'fieldManager=me&fieldValidation=Strict&force=true',
    ],
  ])('of %s should have the path and query that the API wants', async (_, call, method, path, query) => {
    const { server, client } = await serve((_, response) => answer(response, { items: [] }))
    await call(client)
    expect(server.requests[0]).toMatchObject({ method, path })
    expect(server.requests[0]!.query.toString()).toBe(query)
  })

  test.each([
    ['merge', 'application/merge-patch+json'],
    ['json', 'application/json-patch+json'],
    ['apply', 'application/apply-patch+yaml'],
  ] as const)('of a %s patch should have its content type', async (type, contentType) => {
    const { server, client } = await serve((_, response) => answer(response, aConfigMap('a')))
    await client.patch(configMaps, ref, type === 'json' ? { type, body: [] } : { type, body: {} })
    expect(server.requests[0]!.headers['content-type']).toBe(contentType)
  })

  test('of a delete should carry its preconditions', async () => {
    const { server, client } = await serve((_, response) => answer(response, {}))
    await client.delete(configMaps, ref, {
      uid: 'u',
      resourceVersion: '5',
      propagationPolicy: 'Orphan',
      dryRun: true,
    })
    expect(JSON.parse(server.requests[0]!.body)).toEqual({
      preconditions: { uid: 'u', resourceVersion: '5' },
      propagationPolicy: 'Orphan',
      dryRun: ['All'],
    })
  })

  test.each(['..', '.', ''])('should never leave its path by a name of "%s"', async name => {
    const { server, client } = await serve((_, response) => answer(response, {}))
    expect(await caught(client.delete(configMaps, { namespace: 'default', name }))).toBeInstanceOf(TypeError)
    expect(server.requests).toHaveLength(0)
  })

  test('should refuse a namespaced object without a namespace instead of asking for all', async () => {
    const { client } = await serve((_, response) => answer(response, {}))
    expect(await caught(client.get(configMaps, { name: 'a' }))).toBeInstanceOf(TypeError)
    expect(await caught(client.create(configMaps, { metadata: { name: 'a' } }))).toBeInstanceOf(TypeError)
  })

  test('should keep the path prefix of the server', async () => {
    const { server, client } = await serve((_, response) => answer(response, {}), {
      connection: url => ({
        server: `${url}/clusters/c1/`,
        tls: async () => noTls,
        headers: async () => ({}),
      }),
    })
    await client.get(configMaps, ref)
    expect(server.requests[0]!.path).toBe('/clusters/c1/api/v1/namespaces/default/configmaps/a')
  })
})

describe('identity', () => {
  const own: (url: string) => Connection = url => ({
    server: url,
    tls: async () => noTls,
    headers: async () => ({ authorization: 'Bearer ours', 'impersonate-user': 'from-kubeconfig' }),
  })
  const pairs = (raw: readonly string[]) =>
    raw
      .flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]]] : []))
      .filter(([name]) => name === 'authorization' || name!.startsWith('impersonate'))

  test('should repeat the header of each group, on top of our own credentials', async () => {
    const { server, client } = await serve((_, response) => answer(response, {}), { connection: own })
    const as = { user: 'zoë', groups: ['a', 'b, c'], extra: { 'example.dev/via': ['Web', 'x'] } }
    await client.impersonate(as).get(configMaps, ref)
    expect(pairs(server.requests[0]!.rawHeaders)).toEqual([
      ['authorization', 'Bearer ours'],
      ['impersonate-user', Buffer.from('zoë').toString('latin1')],
      ['impersonate-group', 'a'],
      ['impersonate-group', 'b, c'],
      ['impersonate-extra-example.dev%2fvia', 'Web'],
      ['impersonate-extra-example.dev%2fvia', 'x'],
    ])
  })

  test('of a token should be that token and nothing of ours', async () => {
    const { server, client } = await serve((_, response) => answer(response, {}), { connection: own })
    await client.withToken('theirs').get(configMaps, ref)
    expect(pairs(server.requests[0]!.rawHeaders)).toEqual([['authorization', 'Bearer theirs']])
  })

  test.each(['', ' alice', 'alice ', 'a\r\nImpersonate-Group: system:masters', 'a\0'])(
    'should refuse to impersonate %j, which would be read as somebody else',
    async user => {
      const { client } = await serve((_, response) => answer(response, {}))
      expect(() => client.impersonate({ user })).toThrow(TypeError)
      expect(() => client.impersonate({ user: 'ok', groups: [user] })).toThrow(TypeError)
    },
  )

  test.each(['', 'a b', 'a\r\nx: y', 'é'])('should answer 401 itself for the token %j', async token => {
    const { server, client } = await serve((_, response) => answer(response, {}))
    expect(isUnauthorized(await caught(client.withToken(token).get(configMaps, ref)))).toBe(true)
    expect(server.requests).toHaveLength(0)
  })
})

describe('401', () => {
  function rotating() {
    let [token, fetches] = ['old', 0]
    const connection = (url: string): Connection => ({
      server: url,
      tls: async () => noTls,
      headers: async () => ({ authorization: `Bearer ${token}` }),
      async refresh() {
        fetches++
        await settled()
        token = 'new'
      },
    })
    return { connection, fetches: () => fetches }
  }
  const needs =
    (token: string): Script =>
    (request, response) =>
      request.headers.authorization === `Bearer ${token}`
        ? answer(response, aConfigMap('a'))
        : refuse(response, 401, 'Unauthorized')

  test('should fetch credentials again, once for many requests, and ask again', async () => {
    const { connection, fetches } = rotating()
    const { client } = await serve(needs('new'), { connection })
    await Promise.all([1, 2, 3, 4].map(() => client.create(configMaps, aConfigMap('a'))))
    expect(fetches()).toBe(1)
  })

  test('should be the answer when fresh credentials are refused too', async () => {
    const { connection } = rotating()
    const { server, client } = await serve(needs('other'), { connection })
    expect(isUnauthorized(await caught(client.get(configMaps, ref)))).toBe(true)
    expect(server.requests).toHaveLength(2)
  })

  test('of somebody else’s token should not touch our credentials', async () => {
    const { connection, fetches } = rotating()
    const { client } = await serve(needs('new'), { connection })
    expect(isUnauthorized(await caught(client.withToken('theirs').get(configMaps, ref)))).toBe(true)
    expect(fetches()).toBe(0)
  })
})

describe('retries', () => {
  test('should wait as long as a 429 says, for writes too, as the server did not look at them', async () => {
    const clock = new TestClock()
    const { server, client } = await serve(
      (_, response, index) =>
        index === 0
          ? refuse(response, 429, 'TooManyRequests', { 'retry-after': '2' })
          : answer(response, aConfigMap('a')),
      { clock, random: () => 0 },
    )
    const created = client.create(configMaps, aConfigMap('a'))
    await expect.poll(() => clock.pending()).toEqual([2000])
    expect(server.requests).toHaveLength(1)
    await clock.advance(2000)
    expect(await created).toMatchObject({ metadata: { name: 'a' } })
  })

  test('of 429 should end', async () => {
    const { server, client } = await serve((_, response) =>
      refuse(response, 429, 'TooManyRequests', { 'retry-after': '0' }),
    )
    expect(await caught(client.get(configMaps, ref))).toMatchObject({ code: 429 })
    expect(server.requests).toHaveLength(5)
  })

  test('should not follow a 429 that says no time, a 500 or a 503', async () => {
    for (const code of [429, 500, 503]) {
      const { server, client } = await serve((_, response) => refuse(response, code, 'Whatever'))
      const error = await caught(client.get(configMaps, ref))
      expect(error).toMatchObject({ code })
      expect(isTransient(error)).toBe(true)
      expect(server.requests).toHaveLength(1)
    }
  })

  const breakFirst: Script = (_, response, index) => {
    if (index === 0) response.socket?.destroy()
    else answer(response, aConfigMap('a'))
  }

  test('should follow a broken connection for a GET', async () => {
    const { server, client } = await serve(breakFirst)
    expect(await client.get(configMaps, ref)).toMatchObject({ metadata: { name: 'a' } })
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    ['create', (client: Client) => client.create(configMaps, aConfigMap('a'))],
    ['replace', (client: Client) => client.replace(configMaps, aConfigMap('a'))],
    ['patch', (client: Client) => client.patch(configMaps, ref, { type: 'merge', body: {} })],
    ['delete', (client: Client) => client.delete(configMaps, ref)],
  ])('should not follow a broken connection for a %s: it may have landed', async (_, call) => {
    const { server, client } = await serve(breakFirst)
    expect(await caught(call(client))).toBeInstanceOf(ConnectionError)
    expect(server.requests).toHaveLength(1)
  })

  test('should never follow a redirect', async () => {
    const { server, client } = await serve(
      (_, response) => void response.writeHead(302, { location: '/x' }).end(),
    )
    expect(await caught(client.get(configMaps, ref))).toMatchObject({ code: 302 })
    expect(server.requests).toHaveLength(1)
  })
})

describe('time', () => {
  test('should end a call that gets no answer', async () => {
    const { client } = await serve(() => {})
    const error = await caught(client.get(configMaps, ref, { timeoutMs: 20 }))
    expect(error).toBeInstanceOf(ConnectionError)
    expect((error as Error).message).toContain('no answer within 20 ms')
  })

  test('should end a call whose answer stops half way', async () => {
    const { client } = await serve((_, response) => void response.writeHead(200).write('{"kind":'))
    expect(await caught(client.get(configMaps, ref, { timeoutMs: 50 }))).toBeInstanceOf(ConnectionError)
  })

  test('should reject with the reason of the signal that ended a call', async () => {
    const { client, server } = await serve(() => {})
    const stop = new AbortController()
    const call = caught(client.get(configMaps, ref, { signal: stop.signal }))
    await expect.poll(() => server.requests.length).toBe(1)
    stop.abort(new Error('enough'))
    expect(await call).toMatchObject({ message: 'enough' })
  })

  test('should leave no listener on the caller’s signal', async () => {
    const { client } = await serve((_, response) => answer(response, {}))
    const { signal } = new AbortController()
    for (let i = 0; i < 5; i++) await client.get(configMaps, ref, { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('errors', () => {
  const secret = 'hunter2-the-secret'

  test('should hold code, reason, message, details and Retry-After of the Status', async () => {
    const body = {
      ...status(409, 'AlreadyExists', 'it exists'),
      details: { kind: 'configmaps', name: 'a', retryAfterSeconds: 3 },
    }
    const { client } = await serve((_, response) => answer(response, body, 409))
    expect(await caught(client.create(configMaps, aConfigMap('a')))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'it exists',
      details: { kind: 'configmaps', name: 'a' },
      retryAfterSeconds: 3,
    })
  })

  test('should be loggable without the value that a 422 quotes', async () => {
    const body = {
      ...status(422, 'Invalid', `data: Invalid value: "${secret}"`),
      details: { kind: 'ConfigMap', name: 'a' },
    }
    const { client } = await serve((_, response) => answer(response, body, 422))
    const error = await caught(client.create(configMaps, aConfigMap('a')))
    expect((error as Error).message).toContain(secret)
    expect(logSafe(error)).toEqual({
      type: 'ApiError',
      code: 422,
      reason: 'Invalid',
      kind: 'ConfigMap',
      object: 'a',
    })
  })

  test.each([
    [
      'a page that is no Status',
      (response: Parameters<Script>[1]) => response.writeHead(502).end(`<h1>${secret}`),
    ],
    [
      'JSON that is no Status',
      (response: Parameters<Script>[1]) => answer(response, { message: secret }, 500),
    ],
    [
      'an answer that is no JSON',
      (response: Parameters<Script>[1]) => response.writeHead(200).end(`{"a": ${secret}`),
    ],
  ])('should never quote %s, nor the request', async (_, script) => {
    const { client } = await serve((_, response) => void script(response))
    const sent = aConfigMap('a', { data: { password: secret } })
    const error = (await caught(client.withToken(secret).create(configMaps, sent))) as Error
    expect([ApiError, ConnectionError].some(type => error instanceof type)).toBe(true)
    expect(`${error.message} ${error.stack} ${JSON.stringify(logSafe(error))}`).not.toContain(secret)
  })

  test('should say what could not be reached, without the query', async () => {
    const { client, server } = await serve(() => {})
    await server.close()
    const error = (await caught(client.list(configMaps, { labelSelector: secret }))) as Error
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error.message).toMatch(/^GET \/api\/v1\/configmaps: connect ECONNREFUSED/)
    expect(error.message).not.toContain(secret)
  })

  test('should refuse an answer beyond the bound', async () => {
    const { client } = await serve((_, response) => void response.writeHead(200).end('x'.repeat(5000)), {
      maxResponseBytes: 1000,
    })
    expect((await caught(client.get(configMaps, ref))) as Error).toMatchObject({
      name: 'ConnectionError',
      message: expect.stringContaining('larger than this client takes'),
    })
  })

  test('of an object that is not there should be undefined for find', async () => {
    const { client } = await serve((_, response) => refuse(response, 404, 'NotFound'))
    expect(await client.find(configMaps, ref)).toBeUndefined()
  })
})

describe('lists', () => {
  const page = (names: readonly string[], next?: string) => ({
    metadata: { resourceVersion: '9', ...(next && { continue: next }) },
    items: names.map(name => ({ metadata: { name } })),
  })

  test('should be read page by page, and each item know its kind', async () => {
    const { server, client } = await serve((request, response) =>
      answer(response, request.query.has('continue') ? page(['b']) : page(['a'], 'next')),
    )
    const list = await client.listAll(configMaps, { limit: 1, resourceVersion: '0' })
    expect(list.items.map(item => `${item.apiVersion} ${item.kind} ${item.metadata.name}`)).toEqual([
      'v1 ConfigMap a',
      'v1 ConfigMap b',
    ])
    expect(server.requests.map(request => request.query.toString())).toEqual([
      'limit=1&resourceVersion=0',
      'limit=1&continue=next',
    ])
  })

  test('should begin anew when a page token expires, and never mix two snapshots', async () => {
    const { client } = await serve((request, response, index) => {
      if (index === 1) return refuse(response, 410, 'Expired')
      answer(
        response,
        request.query.has('continue') ? page(['new-b']) : page([`${index < 2 ? 'old' : 'new'}-a`], 't'),
      )
    })
    const list = await client.listAll(configMaps)
    expect(list.items.map(item => item.metadata.name)).toEqual(['new-a', 'new-b'])
  })

  test('should at last be asked for at once when page tokens keep expiring', async () => {
    const { server, client } = await serve((request, response) => {
      if (request.query.has('continue')) return refuse(response, 410, 'Expired')
      answer(response, request.query.has('limit') ? page(['a'], 't') : page(['a', 'b']))
    })
    expect((await client.listAll(configMaps)).items).toHaveLength(2)
    expect(server.requests).toHaveLength(5)
  })
})

describe('a watch', () => {
  const stream =
    (...chunks: (string | Buffer)[]): Script =>
    async (_, response) => {
      response.writeHead(200)
      for (const chunk of chunks) {
        response.write(chunk)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
      response.end()
    }

  test('should give events however the stream is cut, and end when the server ends it', async () => {
    const bytes = Buffer.from(
      watchLine('ADDED', aConfigMap('zoë')) +
        watchLine('BOOKMARK', { metadata: { resourceVersion: '7' } }) +
        watchLine('DELETED', aConfigMap('b')),
    )
    const { client } = await serve(stream(...Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))))
    expect(await eventsOf(client)).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'zoë' } } },
      { type: 'BOOKMARK', resourceVersion: '7' },
      { type: 'DELETED', object: { metadata: { name: 'b' } } },
    ])
  })

  test('should ask for bookmarks and a bounded life', async () => {
    const { server, client } = await serve(stream(''))
    await eventsOf(client, { resourceVersion: '5', timeoutSeconds: 300, namespace: 'x' })
    expect(server.requests[0]!.path).toBe('/api/v1/namespaces/x/configmaps')
    expect(server.requests[0]!.query.toString()).toBe(
      'watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300',
    )
  })

  test.each([
    ['as an event', stream(watchLine('ERROR', status(410, 'Expired')))],
    ['as an answer', ((_, response) => refuse(response, 410, 'Expired')) as Script],
  ])('should throw the same for a 410 %s', async (_, script) => {
    const { client } = await serve(script)
    expect(isGone(await caught(eventsOf(client)))).toBe(true)
  })

  test.each([
    ['is cut in the middle of a line', stream('{"type":"ADD')],
    ['is not JSON', stream('hunter2\n')],
    [
      'breaks',
      ((_, response) => void response.writeHead(200).write('{', () => response.destroy())) as Script,
    ],
  ])('should throw ConnectionError when it %s', async (_, script) => {
    const { client } = await serve(script)
    const error = await caught(eventsOf(client))
    expect(error).toBeInstanceOf(ConnectionError)
    expect((error as Error).message).not.toContain('hunter2')
  })

  test('should not pass over an event of a type that it does not know', async () => {
    const { client } = await serve(stream(watchLine('RENAMED', aConfigMap('a'))))
    expect(await caught(eventsOf(client))).toBeInstanceOf(ApiError)
  })
})
