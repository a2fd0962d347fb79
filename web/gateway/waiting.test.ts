import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../kube/clock.ts'
import { createClient } from '../../kube/http-client.ts'
import {
  aConfigMap,
  answer,
  type ConfigMap,
  configMaps,
  refuse,
  type ScriptedServer,
  scriptedServer,
  watchLine,
} from '../../kube/testing.ts'
import { waitUntil } from './waiting.ts'

const isDone = ({ data }: ConfigMap) => data?.done === 'yes'
const done = (resourceVersion: string) => aConfigMap('a', { resourceVersion, data: { done: 'yes' } })

let api: ScriptedServer | undefined
afterEach(() => api?.close())

async function wait(
  script: Parameters<typeof scriptedServer>[0],
  options: { ms?: number; signal?: AbortSignal } = {},
): Promise<ConfigMap> {
  api = await scriptedServer(script)
  const client = createClient(api.connection)
  const { ms = 5000, signal = new AbortController().signal } = options
  try {
    return await waitUntil(client, configMaps, aConfigMap('a'), isDone, {
      clock: systemClock,
      ms,
      signals: [signal],
    })
  } finally {
    await client.close()
  }
}

describe('waiting for an object', () => {
  test('should watch that object alone, from the version at hand', async () => {
    const result = await wait((_, response) => void response.write(watchLine('MODIFIED', done('2'))))
    expect(result.metadata.resourceVersion).toBe('2')
    expect(api?.requests[0]?.query.get('fieldSelector')).toBe('metadata.name=a')
    expect(api?.requests[0]?.query.get('resourceVersion')).toBe('1')
  })

  test('should go on where a watch ended', async () => {
    const result = await wait((_, response, index) => {
      if (index === 0) response.end(watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '5' })))
      else response.write(watchLine('MODIFIED', done('6')))
    })
    expect(result.metadata.resourceVersion).toBe('6')
    expect(api?.requests[1]?.query.get('resourceVersion')).toBe('5')
  })

  test('should read again when the version is too old to watch from', async () => {
    const result = await wait((request, response) => {
      if (request.query.has('watch')) refuse(response, 410, 'Expired')
      else answer(response, done('9'))
    })
    expect(result.metadata.resourceVersion).toBe('9')
  })

  test('should keep trying while the API server is away, and say what is true at the end', async () => {
    const result = await wait(
      (request, response) => {
        if (request.query.has('watch')) refuse(response, 503, 'ServiceUnavailable')
        else answer(response, done('3'))
      },
      { ms: 500 },
    )
    expect(result.metadata.resourceVersion).toBe('3')
  })

  test('should not wait with a right that is not there', async () => {
    await expect(wait((_, response) => refuse(response, 403, 'Forbidden'))).rejects.toMatchObject({
      code: 403,
    })
  })

  test('should tell of a deletion', async () => {
    const deleted = wait((_, response) => void response.write(watchLine('DELETED', aConfigMap('a'))))
    await expect(deleted).rejects.toMatchObject({ code: 'NotFound' })
  })

  test('should end with its signal', async () => {
    const stop = new AbortController()
    const waiting = wait(
      (_, response) => {
        response.write(watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '2' })))
        setImmediate(() => stop.abort())
      },
      { signal: stop.signal },
    )
    expect(isDone(await waiting)).toBe(false)
  })

  test('should not begin with a signal that has been given', async () => {
    expect(isDone(await wait(() => {}, { signal: AbortSignal.abort() }))).toBe(false)
    expect(api?.requests).toHaveLength(0)
  })
})
