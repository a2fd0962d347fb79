import { describe, expect, test } from 'vitest'
import { type ControllerOptions, controller, type Reconcile } from './controller.ts'
import { ApiError } from './errors.ts'
import type { Logger } from './logger.ts'
import { settled, TestClock } from './testing.ts'
import { WorkQueue } from './workqueue.ts'

/** A logger that keeps its lines, as `level message` with the fields. */
function keptLogger() {
  const lines: { level: string; message: string; [field: string]: unknown }[] = []
  const make = (bound: object): Logger => {
    const at = (level: string) => (fields: object, message: string) =>
      void lines.push({ level, message, ...bound, ...fields })
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: fields => make({ ...bound, ...fields }),
    }
  }
  return { logger: make({}), lines }
}

function start(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new TestClock()
  const queue = new WorkQueue({ clock, random: () => 1, backoff: { baseMs: 100, maxMs: 1000 } })
  const { logger, lines } = keptLogger()
  const results: string[] = []
  const metrics = { reconciled: (result: string) => void results.push(result), active: () => {} }
  const stop = new AbortController()
  let id = 0
  const running = controller({
    name: 'test',
    queue,
    reconcile,
    clock,
    logger,
    metrics,
    newID: () => `id-${++id}`,
    ...options,
  }).run(stop.signal)
  return { clock, queue, lines, results, stop, running }
}

const refusal = (code: number, reason: string, retryAfterSeconds?: number) =>
  new ApiError(code, reason, 'Invalid value: "hunter2"', {
    retryAfterSeconds,
    details: { kind: 'x', name: 'y' },
  })

describe('a controller', () => {
  test('should reconcile each key, and log with controller, namespace, name and reconcileID', async () => {
    const seen: string[] = []
    const { queue, lines, results } = start(async (key, { ref, logger, reconcileID }) => {
      seen.push(`${key} ${ref.namespace} ${ref.name} ${reconcileID}`)
      logger.info({}, 'looked')
    })
    queue.add('ns/a')
    await settled()
    expect(seen).toEqual(['ns/a ns a id-1'])
    expect(lines.at(-1)).toEqual({
      level: 'info',
      message: 'looked',
      controller: 'test',
      namespace: 'ns',
      name: 'a',
      reconcileID: 'id-1',
    })
    expect(results).toEqual(['success'])
  })

  test('should look again after the time that a reconcile asks for', async () => {
    let times = 0
    const { clock, queue, results } = start(async () =>
      ++times === 1 ? { requeueAfterMs: 5000 } : undefined,
    )
    queue.add('a')
    await settled()
    expect(clock.pending()).toEqual([5000])
    await clock.advance(5000)
    expect([times, results]).toEqual([2, ['requeue_after', 'success']])
  })

  test.each([
    ['rejects', async () => Promise.reject(new Error('no'))],
    [
      'throws before it is a promise',
      (() => {
        throw new Error('no')
      }) as unknown as Reconcile,
    ],
    ['throws what is no error', async () => Promise.reject('no')],
  ])('should try again, later each time, when a reconcile %s', async (_, reconcile) => {
    const { clock, queue, results, lines } = start(reconcile as Reconcile)
    queue.add('a')
    await settled()
    for (const wait of [100, 200, 400, 800, 1000]) {
      expect(clock.pending()).toEqual([wait])
      await clock.advance(wait)
    }
    expect(results).toEqual(Array(6).fill('error'))
    expect(lines.at(-1)).toMatchObject({ level: 'error', failures: 6 })
  })

  test('should begin with short waits again after a success', async () => {
    let times = 0
    const { clock, queue } = start(async () => {
      if (++times !== 3) throw new Error('no')
    })
    queue.add('a')
    await settled()
    await clock.advance(300)
    expect(times).toBe(3)
    queue.add('a')
    await settled()
    expect(clock.pending()).toEqual([100])
  })

  test('should wait at least as long as the server asks', async () => {
    const { clock, queue } = start(async () => Promise.reject(refusal(429, 'TooManyRequests', 7)))
    queue.add('a')
    await settled()
    expect(clock.pending()).toEqual([7000])
  })

  test.each([
    [409, 'Conflict'],
    [404, 'NotFound'],
  ])('should be quiet about a race (%i), until it goes on and on', async (code, reason) => {
    const { clock, queue, lines, results } = start(async () => Promise.reject(refusal(code, reason)))
    queue.add('a')
    await settled()
    for (let i = 0; i < 5; i++) await clock.advance(clock.pending()[0]!)
    const levels = lines.filter(line => line.failures !== undefined).map(line => line.level)
    expect(levels).toEqual(['debug', 'debug', 'debug', 'debug', 'debug', 'error'])
    expect(results).toEqual([...Array(5).fill('requeue'), 'error'])
  })

  test('should never log what a refusal quotes', async () => {
    const { queue, lines } = start(async () => Promise.reject(refusal(422, 'Invalid')))
    queue.add('a')
    await settled()
    expect(lines.at(-1)).toMatchObject({ level: 'error', error: { code: 422, reason: 'Invalid' } })
    expect(JSON.stringify(lines)).not.toContain('hunter2')
  })

  test('should work on as many keys at once as it may, and never on one key twice', async () => {
    const busy: string[] = []
    let most = 0
    const finish: (() => void)[] = []
    const { queue } = start(
      async key => {
        expect(busy).not.toContain(key)
        busy.push(key)
        most = Math.max(most, busy.length)
        await new Promise<void>(resolve => finish.push(resolve))
        busy.splice(busy.indexOf(key), 1)
      },
      { concurrency: 3 },
    )
    for (let round = 0; round < 3; round++) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key)
      await settled()
      for (const end of finish.splice(0)) end()
      await settled()
    }
    expect(most).toBe(3)
  })

  test('should not begin before its caches are filled', async () => {
    const filled = Promise.withResolvers<void>()
    let times = 0
    const { queue } = start(async () => void times++, { caches: [{ synced: () => filled.promise }] })
    queue.add('a')
    await settled()
    expect(times).toBe(0)
    filled.resolve()
    await settled()
    expect(times).toBe(1)
  })

  test('should stop while it waits for its caches', async () => {
    const { stop, running } = start(async () => {}, { caches: [{ synced: () => new Promise(() => {}) }] })
    stop.abort()
    await running
  })

  test('should stop when what is in hand is done, telling it, and begin nothing more', async () => {
    const finish = Promise.withResolvers<void>()
    const seen: string[] = []
    let told = false
    const { queue, stop, running, lines } = start(async (key, { signal }) => {
      seen.push(key)
      signal.addEventListener('abort', () => {
        told = true
      })
      await finish.promise
      throw new Error('cut short')
    })
    queue.add('a')
    queue.add('b')
    await settled()
    stop.abort()
    let ended = false
    void running.then(() => {
      ended = true
    })
    await settled()
    expect([told, ended]).toEqual([true, false])
    finish.resolve()
    await running
    expect(seen).toEqual(['a'])
    expect(lines.filter(line => line.level === 'error')).toEqual([])
  })

  test('should not begin at all when it is stopped already', async () => {
    const stop = AbortSignal.abort()
    const queue = new WorkQueue()
    queue.add('a')
    let times = 0
    await controller({ name: 'test', queue, reconcile: async () => void times++ }).run(stop)
    expect(times).toBe(0)
  })
})
