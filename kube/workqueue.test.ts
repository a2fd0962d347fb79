import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { namespaceOfKey } from './keys.ts'
import { settled, TestClock } from './testing.ts'
import { WorkQueue, type WorkQueueOptions } from './workqueue.ts'

function aQueue(options: WorkQueueOptions = {}) {
  const clock = new TestClock()
  return { clock, queue: new WorkQueue({ clock, random: () => 1, ...options }) }
}

/** All that can be taken now, each done at once. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = []
  while (queue.length > 0) {
    const key = (await queue.take())!
    keys.push(key)
    queue.done(key)
  }
  return keys
}

describe('a work queue', () => {
  test('should hand out keys in the order they came, each once however often it was added', async () => {
    const { queue } = aQueue()
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
    expect(queue.length).toBe(3)
    expect(await takeAll(queue)).toEqual(['a', 'b', 'c'])
  })

  test('should not hand out a key that is in hand, but again when it is done if it was added meanwhile', async () => {
    const { queue } = aQueue()
    queue.add('a')
    expect(await queue.take()).toBe('a')
    queue.add('a')
    queue.add('a')
    const next = queue.take()
    let taken: string | undefined
    void next.then(key => {
      taken = key
    })
    await settled()
    expect(taken).toBeUndefined()
    queue.done('a')
    expect(await next).toBe('a')
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  test('should hand out what something happened to before the backlog, and now and then one of that', async () => {
    const { queue } = aQueue()
    for (const key of ['old 1', 'old 2', 'old 3']) queue.addLater(key)
    for (let i = 0; i < 10; i++) queue.add(`new ${i}`)
    expect(await takeAll(queue)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `new ${i}`),
      'old 1',
      'new 8',
      'new 9',
      'old 2',
      'old 3',
    ])
  })

  test('should take a key out of the backlog when something happens to it, and hold it once', async () => {
    const { queue } = aQueue()
    for (const key of ['a', 'b', 'c', 'b']) queue.addLater(key)
    queue.add('c')
    queue.addLater('c')
    expect(queue.length).toBe(3)
    expect(await takeAll(queue)).toEqual(['c', 'a', 'b'])
    queue.addLater('d')
    await queue.stop()
    expect(await queue.take()).toBeUndefined()
  })

  test('should give a key to who waited for one first', async () => {
    const { queue } = aQueue()
    const waiting = [queue.take(), queue.take()]
    queue.add('a')
    queue.add('b')
    expect(await Promise.all(waiting)).toEqual(['a', 'b'])
  })

  test('should refuse to put back what was not taken', () => {
    const { queue } = aQueue()
    queue.add('a')
    expect(() => queue.done('a')).toThrow('not in hand')
  })

  test('should hold a key back for a time, the earliest of several', async () => {
    const { clock, queue } = aQueue()
    queue.addAfter('a', 1000)
    queue.addAfter('a', 300)
    queue.addAfter('a', 2000)
    await clock.advance(299)
    expect(queue.length).toBe(0)
    await clock.advance(1)
    expect(await takeAll(queue)).toEqual(['a'])
    expect(clock.pending()).toEqual([])
  })

  test('should not forget a later time because the key was added now', async () => {
    const { clock, queue } = aQueue()
    queue.addAfter('a', 1000)
    queue.add('a')
    expect(await takeAll(queue)).toEqual(['a'])
    await clock.advance(1000)
    expect(await takeAll(queue)).toEqual(['a'])
  })

  test('should go on waiting when a timer fires early', async () => {
    const clock = new TestClock()
    // As the platform does with a wait beyond 2^31 ms.
    const cut = {
      now: () => clock.now(),
      after: (ms: number, fn: () => void) => clock.after(Math.min(ms, 100), fn),
    }
    const queue = new WorkQueue({ clock: cut })
    queue.addAfter('a', 250)
    await clock.advance(200)
    expect(queue.length).toBe(0)
    await clock.advance(50)
    expect(queue.length).toBe(1)
  })

  test('should wait longer with each failure of a key, up to a bound, until it is forgotten', async () => {
    const { clock, queue } = aQueue({ backoff: { baseMs: 100, maxMs: 500 } })
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      queue.addRateLimited('a')
      waits.push(...clock.pending())
      await clock.advance(500)
      await takeAll(queue)
    }
    expect(waits).toEqual([100, 200, 400, 500, 500])
    expect(queue.failures('a')).toBe(5)
    queue.forget('a')
    queue.addRateLimited('a')
    expect(clock.pending()).toEqual([100])
    queue.addRateLimited('b', 9000)
    expect(clock.pending()).toEqual([100, 9000])
  })

  test('should serve groups in turn: five thousand keys of one do not delay another’s', async () => {
    const { queue } = aQueue({ groupOf: namespaceOfKey })
    for (let i = 0; i < 5000; i++) queue.add(`busy/${i}`)
    queue.add('quiet/1')
    queue.add('quiet/2')
    const first: string[] = []
    for (let i = 0; i < 5; i++) {
      const key = (await queue.take())!
      first.push(key)
      queue.done(key)
    }
    expect(first).toEqual(['busy/0', 'quiet/1', 'busy/1', 'quiet/2', 'busy/2'])
  })

  test('should not let a group come sooner by emptying and filling again', async () => {
    const { queue } = aQueue({ groupOf: namespaceOfKey })
    for (const key of ['x/1', 'y/1', 'z/1']) queue.add(key)
    const first = (await queue.take())!
    queue.add('x/2')
    expect([first, ...(await takeAll(queue))]).toEqual(['x/1', 'y/1', 'z/1', 'x/2'])
  })

  test('should stop when what is in hand is done, give nothing more, and keep no timer', async () => {
    const { clock, queue } = aQueue()
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 100)
    await queue.take()
    let stopped = false
    const stopping = queue.stop().then(() => {
      stopped = true
    })
    expect(await queue.take()).toBeUndefined()
    queue.add('a')
    queue.addAfter('d', 1)
    await settled()
    expect(stopped).toBe(false)
    queue.done('a')
    await stopping
    expect([queue.length, clock.pending()]).toEqual([0, []])
  })

  test('should release everybody who waits when it stops', async () => {
    const { queue } = aQueue()
    const waiting = [queue.take(), queue.take()]
    await queue.stop()
    expect(await Promise.all(waiting)).toEqual([undefined, undefined])
  })

  test('should tell its metrics', async () => {
    const told: string[] = []
    const tell = (name: string) => (value?: number) =>
      void told.push(value === undefined ? name : `${name} ${value}`)
    const metrics = {
      depth: tell('depth'),
      added: tell('added'),
      waited: tell('waited'),
      worked: tell('worked'),
      retried: tell('retried'),
    }
    const { clock, queue } = aQueue({ metrics })
    queue.add('a')
    await clock.advance(2000)
    await queue.take()
    await clock.advance(500)
    queue.done('a')
    queue.addRateLimited('a')
    expect(told).toEqual(['added', 'depth 1', 'depth 0', 'waited 2', 'worked 0.5', 'retried'])
  })
})

describe('for any order of adding, taking, failing and finishing', () => {
  const keys = ['x/a', 'x/b', 'y/a', 'y/b']
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('add', 'fail', 'finish'), key: fc.constantFrom(...keys) }),
    fc.record({
      do: fc.constant('later'),
      key: fc.constantFrom(...keys),
      ms: fc.integer({ min: 0, max: 500 }),
    }),
    fc.record({ do: fc.constant('take') }),
    fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 400 }) }),
  ) as fc.Arbitrary<{ do: string; key?: string; ms?: number }>

  test('no key is ever in two hands, and each that was asked for is handed out after it was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.boolean(),
        async (steps, grouped) => {
          const clock = new TestClock()
          const queue = new WorkQueue({ clock, random: () => 1, ...(grouped && { groupOf: namespaceOfKey }) })
          const inHand = new Set<string>()
          /** Keys that somebody asked to have looked at, and nobody has begun to since. */
          const owed = new Set<string>()
          const take = async () => {
            const key = (await queue.take())!
            expect(inHand.has(key)).toBe(false)
            inHand.add(key)
            owed.delete(key)
          }
          const finish = (key: string) => {
            inHand.delete(key)
            queue.done(key)
          }
          for (const { do: what, key = '', ms = 0 } of steps) {
            if (what === 'add') {
              queue.add(key)
              owed.add(key)
            } else if (what === 'later') {
              queue.addAfter(key, ms)
              if (ms === 0) owed.add(key)
            } else if (what === 'take' && queue.length > 0) await take()
            else if (what === 'finish' && inHand.has(key)) {
              queue.forget(key)
              finish(key)
            } else if (what === 'fail' && inHand.has(key)) {
              queue.addRateLimited(key)
              finish(key)
            } else if (what === 'wait') await clock.advance(ms)
            expect(queue.length).toBeLessThanOrEqual(keys.length)
          }
          const later = clock.pending().length
          for (const key of [...inHand]) finish(key)
          while (queue.length > 0 || clock.pending().length > 0) {
            await clock.advance(400_000)
            while (queue.length > 0) await take()
            for (const key of [...inHand]) finish(key)
          }
          expect(later).toBeLessThanOrEqual(keys.length)
          expect([...owed]).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })
})
