import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Asked, NO_FAULTS, type RequestFault, randomFaults, type WatchFault } from './faults.ts'
import { type FaultProxy, startFaultProxy } from './proxy.ts'

/** What reached the server behind the proxy. */
let seen: string[]
let upstream: Server
let proxy: FaultProxy
let happened: [string, string][]
/** Lines that a watch is given, and whether it ends then. */
let lines: string[]

const event = (type: string, name: string, resourceVersion: string) =>
  JSON.stringify({
    type,
    object: { metadata: { name, namespace: 'n', uid: `uid-${name}`, resourceVersion } },
  })
const BODY = JSON.stringify({ kind: 'AgentRun', metadata: { name: 'a' } })

beforeEach(async () => {
  seen = []
  happened = []
  lines = [event('ADDED', 'a', '1'), event('MODIFIED', 'a', '2'), event('ADDED', 'b', '3')]
  upstream = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    response.setHeader('content-type', 'application/json')
    if (!incoming.url?.includes('watch')) response.end(BODY)
    else for (const line of lines) response.write(`${line}\n`)
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  proxy = await startFaultProxy({ url }, (kind, what) => void happened.push([kind, what]))
})
afterEach(async () => {
  await proxy.close()
  upstream.closeAllConnections()
  await new Promise(resolve => upstream.close(resolve))
})

interface Answer {
  readonly status: number | undefined
  readonly retryAfter: string | undefined
  readonly body: string
  /** The connection was cut before the answer was whole. */
  readonly cut: boolean
}

/** @param enough a part of the body after which a watch is left */
const ask = (path: string, enough?: string): Promise<Answer> =>
  new Promise(resolve => {
    let [body, answer]: [string, IncomingMessage | undefined] = ['', undefined]
    const end = (cut: boolean) =>
      resolve({ status: answer?.statusCode, retryAfter: answer?.headers['retry-after'], body, cut })
    const request = get(`${proxy.url}${path}`, got => {
      answer = got
      got.on('data', chunk => {
        body += chunk
        if (enough !== undefined && body.includes(enough)) {
          end(false)
          request.destroy()
        }
      })
      got.on('end', () => end(false))
      got.on('error', () => end(true))
    })
    request.on('error', () => end(true))
  })

const withRequest = (fault: RequestFault) => proxy.set({ ...NO_FAULTS, request: () => fault })
/** The fault befalls this event; the others come as they are. */
const withEvent = (which: string, fault: WatchFault) =>
  proxy.set({ ...NO_FAULTS, watch: name => (name.includes(which) ? fault : undefined) })

describe('the proxy', () => {
  it('gives everything on as it is where nothing goes wrong', async () => {
    expect(await ask('/apis/x?limit=5')).toMatchObject({ status: 200, body: BODY, cut: false })
    expect((await ask('/apis/x?watch=1', '"3"')).body).toBe(lines.map(line => `${line}\n`).join(''))
    expect(seen).toEqual(['GET /apis/x?limit=5', 'GET /apis/x?watch=1'])
    expect(happened).toEqual([])
  })

  it.each([409, 410, 429, 500, 503] as const)(
    'refuses with %i, and the server never sees it',
    async status => {
      withRequest({ kind: 'Refused', status })
      const answer = await ask('/apis/x')
      expect(answer.status).toBe(status)
      expect(JSON.parse(answer.body)).toMatchObject({ kind: 'Status', code: status })
      expect(answer.retryAfter).toBe(status === 429 ? '1' : undefined)
      expect(seen).toEqual([])
      expect(happened).toEqual([[String(status), 'GET /apis/x']])
    },
  )

  it('cuts a connection before the request gets there', async () => {
    withRequest({ kind: 'NeverSent' })
    expect(await ask('/apis/x')).toMatchObject({ status: undefined, cut: true })
    expect(seen).toEqual([])
  })

  it.each(['/apis/x', '/apis/x?watch=1'])('loses the answer of %s when it was carried out', async path => {
    withRequest({ kind: 'LostAnswer' })
    expect(await ask(path)).toMatchObject({ status: undefined, cut: true })
    expect(seen).toHaveLength(1)
  })

  it('cuts an answer in the middle', async () => {
    withRequest({ kind: 'CutAnswer' })
    const answer = await ask('/apis/x')
    expect(answer).toMatchObject({ status: 200, cut: true })
    expect(BODY.startsWith(answer.body)).toBe(true)
    expect(answer.body.length).toBeLessThan(BODY.length)
  })

  it('cuts a watch after its head', async () => {
    withRequest({ kind: 'CutAnswer' })
    expect(await ask('/apis/x?watch=1')).toMatchObject({ status: 200, body: '', cut: true })
  })

  it.each(['/apis/x', '/apis/x?watch=1'])('is late with the answer of %s', async path => {
    const began = performance.now()
    withRequest({ kind: 'SlowHeaders', ms: 80 })
    expect((await ask(path, '}')).status).toBe(200)
    // Timers may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(78)
  })

  it('cuts a line of a watch in the middle', async () => {
    withEvent('MODIFIED n/a', { kind: 'CutLine' })
    const { body, cut } = await ask('/apis/x?watch=1')
    expect(cut).toBe(true)
    const [first, second = ''] = body.split('\n')
    expect(first).toBe(lines[0])
    expect(second).not.toBe('')
    expect(lines[1]?.startsWith(second)).toBe(true)
    expect(second).not.toBe(lines[1])
    expect(happened).toEqual([['CutLine', 'watch of /apis/x']])
  })

  it('says 410 in a watch and ends it', async () => {
    withEvent('MODIFIED n/a', { kind: 'Expired' })
    const { body, cut } = await ask('/apis/x?watch=1')
    expect(cut).toBe(false)
    const [first, second = '', rest] = body.split('\n')
    expect(first).toBe(lines[0])
    expect(JSON.parse(second)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
    expect(rest).toBe('')
  })

  it('gives an event twice', async () => {
    withEvent('MODIFIED n/a', { kind: 'Duplicate' })
    expect((await ask('/apis/x?watch=1', '"3"')).body.trimEnd().split('\n')).toEqual([
      lines[0],
      lines[1],
      lines[1],
      lines[2],
    ])
  })

  it('gives an older state after an event', async () => {
    withEvent('MODIFIED n/a', { kind: 'Stale' })
    expect((await ask('/apis/x?watch=1', '"3"')).body.trimEnd().split('\n')).toEqual([
      lines[0],
      lines[1],
      lines[0],
      lines[2],
    ])
  })

  it('falls silent in a watch until its connections are cut', async () => {
    withEvent('MODIFIED n/a', { kind: 'Silent' })
    const answer = ask('/apis/x?watch=1')
    await expect.poll(() => happened).toHaveLength(1)
    proxy.cutAll()
    expect(await answer).toMatchObject({ body: `${lines[0]}\n`, cut: true })
  })
})

describe('faults by chance', () => {
  const asked = (path: string): Asked => ({ method: 'PUT', path, kind: 'Other' })
  const outcomes = (seed: number, paths: readonly string[]) => {
    const faults = randomFaults(seed, 0.3)
    const found = new Map<string, (RequestFault | undefined)[]>()
    for (const path of paths) found.set(path, [...(found.get(path) ?? []), faults.request(asked(path))])
    return Object.fromEntries(found)
  }
  const paths = Array.from({ length: 200 }, (_, index) => `/runs/${index % 40}`)

  it('are the same for the same seed, in whatever order things are asked for', () => {
    expect(outcomes(7, paths)).toEqual(outcomes(7, paths))
    const sorted = [...paths].sort()
    for (const [path, found] of Object.entries(outcomes(7, sorted)))
      expect(found).toEqual(outcomes(7, paths)[path])
  })

  it('are others for another seed', () => {
    expect(outcomes(8, paths)).not.toEqual(outcomes(7, paths))
  })

  it('befall about as many as they should, each kind among them', () => {
    const faults = randomFaults(3, 0.3)
    const found = Array.from({ length: 4000 }, (_, index) => faults.request(asked(`/runs/${index}`)))
    const bad = found.filter(one => one !== undefined)
    expect(bad.length).toBeGreaterThan(1000)
    expect(bad.length).toBeLessThan(1400)
    expect(new Set(bad.map(({ kind }) => kind)).size).toBe(5)
    expect(new Set(bad.flatMap(one => (one.kind === 'Refused' ? [one.status] : [])))).toEqual(
      new Set([409, 429, 500, 503]),
    )
  })
})
