import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { EventRecorder, type EventRecorderOptions } from './events.ts'
import { createClient } from './http-client.ts'
import {
  aConfigMap,
  answer,
  type ReceivedRequest,
  refuse,
  scriptedServer,
  settled,
  TestClock,
} from './testing.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const ok = (request: ReceivedRequest, response: ServerResponse) =>
  answer(response, JSON.parse(request.body), 201)

async function aRecorder(
  script: (request: ReceivedRequest, response: ServerResponse, index: number) => void = ok,
  options: Partial<EventRecorderOptions> = {},
) {
  const server = await scriptedServer(script)
  const clock = new TestClock()
  const client = createClient(server.connection)
  const outcomes: string[] = []
  let id = 0
  const recorder = new EventRecorder({
    client,
    reportingController: 'example.dev/test',
    reportingInstance: 'test-0',
    clock,
    random: () => 1,
    newID: () => `id${++id}`,
    metrics: { event: outcome => outcomes.push(outcome) },
    ...options,
  })
  closing.push(async () => {
    await client.close()
    await server.close()
  })
  const sent = () => server.requests.map(request => ({ ...request, body: JSON.parse(request.body) }))
  return { server, clock, recorder, outcomes, sent }
}

const input = { type: 'Normal', reason: 'Started', action: 'Start', note: 'it started' } as const

describe('an event recorder', () => {
  test('should write an Event with all that the API asks for', async () => {
    const { recorder, sent, outcomes } = await aRecorder()
    recorder.record(aConfigMap('a'), { ...input, related: aConfigMap('b') })
    await recorder.flush()
    expect(sent()[0]).toMatchObject({
      method: 'POST',
      path: '/apis/events.k8s.io/v1/namespaces/default/events',
    })
    expect(sent()[0]!.body).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'default', name: 'a.id1' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.dev/test',
      reportingInstance: 'test-0',
      ...{ type: 'Normal', reason: 'Started', action: 'Start', note: 'it started' },
      regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a', uid: 'uid-of-a' },
      related: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'b', uid: 'uid-of-b' },
    })
    expect(outcomes).toEqual(['sent'])
  })

  test('should count what repeats within the window in one Event, and write the count now and then', async () => {
    const { clock, recorder, sent } = await aRecorder()
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    for (let i = 0; i < 50; i++) {
      recorder.record(aConfigMap('a'), input)
      await clock.advance(200)
    }
    await recorder.flush()
    expect(sent().map(({ method }) => method)).toEqual(['POST', 'PATCH'])
    expect(sent()[1]).toMatchObject({
      path: '/apis/events.k8s.io/v1/namespaces/default/events/a.id1',
      body: { series: { count: 51, lastObservedTime: '2026-01-01T00:00:09.800000Z' } },
    })
  })

  test('should begin another Event when the same happens after the window, or the server deleted the first', async () => {
    const { clock, recorder, sent } = await aRecorder((request, response) =>
      request.method === 'PATCH' ? refuse(response, 404, 'NotFound') : ok(request, response),
    )
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    await clock.advance(20_000)
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    expect(sent().map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST'])
    expect(sent()[2]!.body.series).toMatchObject({ count: 2 })
    await clock.advance(400_000)
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    expect(sent()[3]!.body).toMatchObject({ metadata: { name: 'a.id3' } })
    expect(sent()[3]!.body.series).toBeUndefined()
  })

  test.each([
    ['another object', aConfigMap('b'), input],
    ['the same name with another uid', aConfigMap('a', { uid: 'other' }), input],
    ['another note', aConfigMap('a'), { ...input, note: 'it started twice' }],
  ])('should not count %s as the same', async (_, object, other) => {
    const { recorder, sent } = await aRecorder()
    recorder.record(aConfigMap('a'), input)
    recorder.record(object, other)
    await recorder.flush()
    expect(sent().map(({ method }) => method)).toEqual(['POST', 'POST'])
  })

  test('should drop what one object has too much of, and not what another has', async () => {
    const { clock, recorder, outcomes, sent } = await aRecorder(ok, { burst: 3, refillMs: 1000 })
    for (let i = 0; i < 10; i++) recorder.record(aConfigMap('a'), { ...input, note: `note ${i}` })
    recorder.record(aConfigMap('b'), input)
    await recorder.flush()
    expect(outcomes.filter(outcome => outcome === 'dropped_rate_limit')).toHaveLength(7)
    expect(sent()).toHaveLength(4)
    await clock.advance(1000)
    recorder.record(aConfigMap('a'), { ...input, note: 'later' })
    await recorder.flush()
    expect(sent()).toHaveLength(5)
  })

  test('should never wait: while the server hangs it drops what its queue cannot hold', async () => {
    const { recorder, outcomes, server } = await aRecorder(() => {}, { queueSize: 2 })
    for (let i = 0; i < 6; i++) recorder.record(aConfigMap(`o${i}`), input)
    // One is on its way, two wait.
    expect(outcomes).toEqual(Array(3).fill('dropped_queue_full'))
    await expect.poll(() => server.requests.length).toBe(1)
  })

  test('should try again when the server is briefly away, and give up in the end', async () => {
    const { clock, recorder, outcomes, server } = await aRecorder((request, response, index) =>
      index === 1 ? ok(request, response) : refuse(response, 503, 'ServiceUnavailable'),
    )
    recorder.record(aConfigMap('a'), input)
    await expect.poll(() => clock.pending()).toEqual([500])
    await clock.advance(500)
    await recorder.flush()
    recorder.record(aConfigMap('b'), input)
    for (const wait of [500, 1000, 2000]) {
      await expect.poll(() => clock.pending()).toEqual([wait])
      await clock.advance(wait)
    }
    await recorder.flush()
    expect(outcomes).toEqual(['sent', 'failed'])
    expect(server.requests).toHaveLength(6)
  })

  test('should not try again what is refused for good, such as in a namespace that is going', async () => {
    const { recorder, outcomes, server } = await aRecorder((_, response) =>
      refuse(response, 403, 'Forbidden'),
    )
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    expect([outcomes, server.requests.length]).toEqual([['failed'], 1])
  })

  test('should take an earlier try that had landed after all for sent', async () => {
    const { clock, recorder, outcomes } = await aRecorder((_, response, index) =>
      index === 0 ? void response.socket?.destroy() : refuse(response, 409, 'AlreadyExists'),
    )
    recorder.record(aConfigMap('a'), input)
    await expect.poll(() => clock.pending()).toEqual([500])
    await clock.advance(500)
    await recorder.flush()
    expect(outcomes).toEqual(['sent'])
  })

  test('should cut a long note between characters', async () => {
    const { recorder, sent } = await aRecorder()
    recorder.record(aConfigMap('a'), { ...input, note: 'é'.repeat(1000) })
    await recorder.flush()
    const { note } = sent()[0]!.body
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024)
    expect(note).toMatch(/^é{500,}…$/)
  })

  test('should send what waits when it is stopped, the counts too, and take nothing new', async () => {
    const { recorder, sent } = await aRecorder()
    recorder.record(aConfigMap('a'), input)
    await recorder.flush()
    recorder.record(aConfigMap('a'), input)
    recorder.record(aConfigMap('b'), input)
    await recorder.stop()
    recorder.record(aConfigMap('c'), input)
    await recorder.flush()
    expect(
      sent()
        .map(({ method }) => method)
        .sort(),
    ).toEqual(['PATCH', 'POST', 'POST'])
  })

  test('should stop in time when the server hangs', async () => {
    const { clock, recorder, server } = await aRecorder(() => {})
    recorder.record(aConfigMap('a'), input)
    await expect.poll(() => server.requests.length).toBe(1)
    const stopped = recorder.stop(2000)
    await settled()
    await clock.advance(2000)
    await stopped
  })
})
