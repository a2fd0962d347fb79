import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from '../../../kube/http-client.ts'
import {
  answer,
  refuse,
  type ScriptedServer,
  scriptedServer,
  settled,
  TestClock,
} from '../../../kube/testing.ts'
import { LastUsed } from './last-used.ts'
import { aKey, inSeconds, now } from './testing.ts'

let api: ScriptedServer
let refused = false
let close: () => Promise<void>
let stop: () => void
let clock: TestClock
let lastUsed: LastUsed

beforeEach(async () => {
  refused = false
  api = await scriptedServer((_, response) =>
    refused ? refuse(response, 409, 'Conflict') : answer(response, {}),
  )
  const client = createClient(api.connection)
  const stopping = new AbortController()
  clock = new TestClock(now)
  lastUsed = new LastUsed(client, clock, stopping.signal)
  stop = () => stopping.abort()
  close = () => client.close()
})
afterEach(async () => {
  await close()
  await api.close()
})

/** Requests arrive in order on the way to the same server, so one that is sent after tells that none came before. */
const writes = async (count: number) => {
  await expect.poll(() => api.requests.length).toBe(count)
  await settled()
  return api.requests.map(({ body }) => JSON.parse(body))
}
const used = (at: string | undefined, name = 'k') => ({
  ...aKey(name),
  status: at === undefined ? {} : { lastUsedAt: at },
})

describe('when a key was last used', () => {
  test('should be written once a minute however often it is used, with the version that was read', async () => {
    for (let i = 0; i < 100; i++) lastUsed.touch(used(undefined))
    await clock.advance(59_999)
    lastUsed.touch(used(undefined))
    await clock.advance(1)
    lastUsed.touch(used(undefined))
    const [first, second, ...more] = await writes(2)
    expect(more).toEqual([])
    expect(first).toEqual({
      metadata: { resourceVersion: '7' },
      status: { lastUsedAt: '2026-11-22T10:00:00Z' },
    })
    expect(second.status).toEqual({ lastUsedAt: '2026-11-22T10:01:00Z' })
    expect(api.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/apis/countersign.dev/v1alpha1/namespaces/countersign-system/apikeys/k/status',
    })
  })

  test('should be left to the replica that wrote it within the minute, or whose clock is ahead', async () => {
    lastUsed.touch(used(inSeconds(-59), 'a'))
    lastUsed.touch(used(inSeconds(30), 'b'))
    lastUsed.touch(used(inSeconds(3600), 'c'))
    lastUsed.touch(used(inSeconds(-60), 'd'))
    await writes(1)
    expect(api.requests[0]?.path).toMatch(/apikeys\/d\/status$/)
  })

  test('should be given up where another was first, until the next minute', async () => {
    refused = true
    lastUsed.touch(used(undefined))
    await writes(1)
    lastUsed.touch(used(undefined))
    await clock.advance(60_000)
    lastUsed.touch(used(undefined))
    await writes(2)
  })

  test('should not be written once the process is to end', async () => {
    stop()
    lastUsed.touch(used(undefined))
    await settled()
    expect(api.requests).toHaveLength(0)
  })
})
