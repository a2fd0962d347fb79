import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApi, gatewayClock, Refused, type Signed, Unreachable } from './client.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

const refusal = (status: number, headers = {}) =>
  new Response(JSON.stringify({ code: 'Unauthenticated', detail: 'Sign in.' }), { status, headers })
const fine = () => new Response('{"items":[]}', { headers: { date: new Date().toUTCString() } })

/** A gateway that answers these, one after the other, and what it was asked. */
function gateway(...answers: readonly (Response | Error)[]) {
  const left = [...answers]
  const asked: RequestInit[] = []
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    asked.push(init)
    const next = left.shift() ?? fine()
    if (next instanceof Error) throw next
    return next
  })
  return asked
}

const headersOf = (init: RequestInit | undefined) => Object.fromEntries(new Headers(init?.headers))

function somebody(bearer?: string) {
  const back = Promise.withResolvers<void>()
  const again = vi.fn(() => back.promise)
  const signed: Signed = { username: 'zoë@acme.com', bearer: () => bearer, again }
  return { api: createApi(signed, gatewayClock()), again, back }
}

describe('a request', () => {
  test('by cookie says whom the page takes the session for, and holds no credential', async () => {
    const asked = gateway()
    await somebody().api.get('/projects')
    expect(headersOf(asked[0])).toEqual({ 'countersign-user': 'zo%C3%AB%40acme.com' })
  })

  test('with a token sends it, and no cookie', async () => {
    const asked = gateway()
    await somebody('t0ken').api.get('/projects')
    expect(headersOf(asked[0])).toEqual({ authorization: 'Bearer t0ken' })
    expect(asked[0]?.credentials).toBe('omit')
  })

  test('that only reads waits until the person is signed in again, and is asked once more', async () => {
    const asked = gateway(refusal(401))
    const { api, again, back } = somebody()
    const read = api.get('/projects')
    await vi.waitFor(() => expect(again).toHaveBeenCalledOnce())
    expect(asked).toHaveLength(1)
    back.resolve()
    expect(await read).toEqual({ items: [] })
    expect(asked).toHaveLength(2)
  })

  test('that changes something is never sent later than it was meant', async () => {
    const asked = gateway(refusal(401))
    const { api, again, back } = somebody()
    await expect(api.post('/approve', {})).rejects.toThrow('nothing was done')
    expect(again).toHaveBeenCalledOnce()
    back.resolve()
    await back.promise
    expect(asked).toHaveLength(1)
  })

  test('is given up where it is refused again and again', async () => {
    const asked = gateway(...Array.from({ length: 9 }, () => refusal(401)))
    const { api, back } = somebody()
    back.resolve()
    await expect(api.get('/projects')).rejects.toMatchObject({ status: 401 })
    expect(asked.length).toBeLessThan(9)
  })

  test('that was called off while it waited ends', async () => {
    gateway(refusal(401))
    const stop = new AbortController()
    const read = somebody().api.get('/projects', {}, stop.signal)
    stop.abort(new Error('called off'))
    await expect(read).rejects.toThrow('called off')
  })

  test('that is refused says how long to wait; one without an answer says that nobody knows', async () => {
    gateway(refusal(429, { 'retry-after': '7' }), new TypeError('Failed to fetch'))
    const { api } = somebody()
    const refused: unknown = await api.get('/projects').catch(error => error)
    expect(refused).toBeInstanceOf(Refused)
    expect(refused).toMatchObject({ retryAfterSeconds: 7 })
    await expect(api.get('/projects')).rejects.toBeInstanceOf(Unreachable)
  })
})
