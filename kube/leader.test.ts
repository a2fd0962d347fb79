import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createClient } from './http-client.ts'
import { LeaderElector, type LeaderOptions } from './leader.ts'
import { answer, refuse, scriptedServer, settled, TestClock } from './testing.ts'

// Two candidates and a real API server are in leader.cluster.test.ts; here is what a real one cannot be made to do.

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A leader whose first write is accepted, and whose renewals go as `renew` says. */
async function aLeader(
  renew: (response: ServerResponse, body: string) => void,
  clock: TestClock = new TestClock(),
) {
  const server = await scriptedServer((request, response) => {
    if (request.method === 'POST')
      return answer(response, { ...JSON.parse(request.body), kind: 'Lease' }, 201)
    if (request.method === 'PUT') return renew(response, request.body)
    refuse(response, 404, 'NotFound')
  })
  const client = createClient(server.connection)
  const told: string[] = []
  const stop = new AbortController()
  const elector = new LeaderElector({
    client,
    namespace: 'default',
    name: 'l',
    identity: 'me',
    clock,
    random: () => 0,
    metrics: { leading: is => told.push(`leading ${is}`) },
    onLost: () => told.push('lost'),
    onStarted: signal =>
      new Promise(resolve => {
        told.push('started')
        signal.addEventListener('abort', () => {
          told.push('work ended')
          resolve()
        })
      }),
  })
  const running = elector.run(stop.signal)
  closing.push(async () => {
    stop.abort()
    await client.close()
    await server.close()
  })
  await expect.poll(() => told).toContain('started')
  return { server, clock, elector, told, running, stop }
}

const renewals = (server: Awaited<ReturnType<typeof aLeader>>['server']) =>
  server.requests.filter(request => request.method === 'PUT').length

describe('a leader', () => {
  test('should renew each period, and lead on', async () => {
    const { server, clock, elector } = await aLeader((response, body) => answer(response, JSON.parse(body)))
    for (let i = 1; i <= 10; i++) {
      await expect.poll(() => clock.pending()).toEqual([2000])
      await clock.advance(2000)
      await expect.poll(() => renewals(server)).toBe(i)
    }
    expect(elector.isLeading).toBe(true)
  })

  test.each([
    ['are refused', (response: ServerResponse) => refuse(response, 500, 'InternalError')],
    ['are not answered', () => {}],
    ['break', (response: ServerResponse) => void response.socket?.destroy()],
  ])('should stop before its lease can be taken when renewals %s', async (_, renew) => {
    const { clock, elector, told, running } = await aLeader(renew)
    let waited = 0
    // In small steps, with time for the network between: it must not depend on where a step ends.
    while (elector.isLeading) {
      await clock.advance(500)
      waited += 500
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(waited).toBe(10_000)
    expect(await running).toBe('lost')
    await settled()
    expect(told).toEqual(['leading true', 'started', 'leading false', 'work ended', 'lost'])
  })

  test('should go on after a renewal that failed once', async () => {
    let fails = 1
    const { server, clock, elector } = await aLeader((response, body) =>
      fails-- > 0 ? refuse(response, 503, 'ServiceUnavailable') : answer(response, JSON.parse(body)),
    )
    for (let i = 1; i <= 8; i++) {
      await expect.poll(() => clock.pending()).toEqual([2000])
      await clock.advance(2000)
      await expect.poll(() => renewals(server)).toBe(i)
    }
    expect(elector.isLeading).toBe(true)
  })

  test('that was paused (SIGSTOP) should know when it wakes, and not renew what may be another’s', async () => {
    const { server, clock, elector, told, running } = await aLeader((response, body) =>
      answer(response, JSON.parse(body)),
    )
    await expect.poll(() => clock.pending()).toEqual([2000])
    clock.jump(60_000)
    // Before any timer has fired: whoever asks now is told.
    expect(elector.isLeading).toBe(false)
    await clock.advance(0)
    expect(await running).toBe('lost')
    expect(renewals(server)).toBe(0)
    expect(told).toContain('lost')
  })

  test.each([
    ['the wall clock was set back', 30_000, -3_600_000],
    ['the monotonic clock stood still (a suspended machine)', 0, 30_000],
  ])('should know that its time has passed although %s', async (_, monotonicMs, wallMs) => {
    let [monotonic, wall] = [0, 0]
    class SplitClock extends TestClock {
      override monotonic = () => super.now() + monotonic
      override now = () => super.now() + wall
    }
    const { elector } = await aLeader(
      (response, body) => answer(response, JSON.parse(body)),
      new SplitClock(),
    )
    expect(elector.isLeading).toBe(true)
    ;[monotonic, wall] = [monotonicMs, wallMs]
    expect(elector.isLeading).toBe(false)
  })

  test('should not lead on an answer that comes after its time', async () => {
    let held: (() => void) | undefined
    const { clock, elector, running } = await aLeader((response, body) => {
      held = () => answer(response, JSON.parse(body))
    })
    await expect.poll(() => clock.pending()).toEqual([2000])
    await clock.advance(2000)
    await expect.poll(() => held).toBeDefined()
    clock.jump(60_000)
    held!()
    expect(await running).toBe('lost')
    expect(elector.isLeading).toBe(false)
  })
})

test.each([
  { leaseDurationMs: 10_000, renewDeadlineMs: 10_000 },
  { renewDeadlineMs: 2_000, retryPeriodMs: 2_000 },
])('should refuse times that could let two lead: %o', times => {
  const options = { client: {}, namespace: 'x', name: 'x', identity: 'x', onStarted: () => {}, ...times }
  expect(() => new LeaderElector(options as unknown as LeaderOptions)).toThrow(TypeError)
})
