import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, test } from 'vitest'
import { adminClient, cluster, testNamespace } from '../hack/testing.ts'
import { LeaderElector } from './leader.ts'
import { leases } from './lease.ts'
import { TestClock } from './testing.ts'

const namespace = await testNamespace('leader')

/** A candidate with a clock of its own that only the test turns. */
function aCandidate(name: string, identity: string, succeeds: (holder: string) => boolean = () => false) {
  const clock = new TestClock()
  const told: string[] = []
  const stop = new AbortController()
  const finishWork = Promise.withResolvers<void>()
  const elector = new LeaderElector({
    client: adminClient(),
    namespace,
    name,
    identity,
    succeeds,
    clock,
    random: () => 0,
    onLost: () => told.push('lost'),
    onStarted: signal => {
      told.push('started')
      signal.addEventListener('abort', () => told.push('told to end'))
      return finishWork.promise
    },
  })
  const running = elector.run(stop.signal)
  /** One try more, and its answer. */
  const retry = async () => {
    await expect.poll(() => clock.pending()).toEqual([2000])
    await clock.advance(2000)
    await expect.poll(() => clock.pending()).toEqual([2000])
  }
  return { clock, told, stop, finishWork, elector, running, retry }
}

const leaseOf = (name: string) => adminClient().get(leases, { namespace, name })

describe('two candidates', () => {
  test('should never lead at once; the second leads as soon as the first has ended its work and let go', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const a = aCandidate(name, 'a')
    await expect.poll(() => a.told).toEqual(['started'])
    expect((await leaseOf(name)).spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    })
    const b = aCandidate(name, 'b')
    // Far longer than a lease by either clock; the first renews all along.
    for (let i = 0; i < 20; i++) {
      await b.retry()
      await a.retry()
    }
    expect(b.told).toEqual([])

    a.stop.abort()
    await expect.poll(() => a.told).toEqual(['started', 'told to end'])
    await b.retry()
    expect(b.told).toEqual([])
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('a')
    a.finishWork.resolve()
    expect(await a.running).toBe('stopped')
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('')
    await b.retry()
    expect(b.told).toEqual(['started'])
    expect((await leaseOf(name)).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
    b.finishWork.resolve()
    b.stop.abort()
    await b.running
  })

  test('should hand over when the first is gone without a word, after its lease time by the clock of the second', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const a = aCandidate(name, 'a')
    await expect.poll(() => a.told).toEqual(['started'])
    const b = aCandidate(name, 'b')
    for (let i = 0; i < 6; i++) await b.retry()
    await b.clock.advance(2000)
    // It looks again when the time is over, not a whole period later.
    await expect.poll(() => b.clock.pending()).toEqual([1000])
    expect(b.told).toEqual([])
    await b.clock.advance(1000)
    await expect.poll(() => b.told).toEqual(['started'])

    // The first was paused and wakes: its lease is another's, whatever its own clock says.
    expect(a.elector.isLeading).toBe(true)
    await a.clock.advance(2000)
    expect(await a.running).toBe('lost')
    expect(a.told).toEqual(['started', 'told to end', 'lost'])
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('b')
    a.finishWork.resolve()
    b.finishWork.resolve()
    b.stop.abort()
    await b.running
  })

  test('should hand over at once to a second that runs in the place of the first', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const a = aCandidate(name, 'pod-1_a')
    await expect.poll(() => a.told).toEqual(['started'])
    const b = aCandidate(name, 'pod-1_b', holder => holder.startsWith('pod-1_'))
    await expect.poll(() => b.told).toEqual(['started'])
    expect((await leaseOf(name)).spec).toMatchObject({ holderIdentity: 'pod-1_b', leaseTransitions: 1 })
    await a.clock.advance(2000)
    expect(await a.running).toBe('lost')
    a.finishWork.resolve()
    b.finishWork.resolve()
    b.stop.abort()
    await b.running
  })

  test('should let only one create the lease, of many at once', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const all = Array.from({ length: 8 }, (_, i) => aCandidate(name, `c${i}`))
    await expect.poll(() => all.every(({ clock }) => clock.pending().length === 1)).toBe(true)
    expect(all.filter(({ told }) => told.includes('started'))).toHaveLength(1)
    for (const { stop, finishWork } of all) {
      finishWork.resolve()
      stop.abort()
    }
    await Promise.all(all.map(({ running }) => running))
  })

  test('should go on when the lease was deleted under the leader', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const a = aCandidate(name, 'a')
    await expect.poll(() => a.told).toEqual(['started'])
    await adminClient().delete(leases, { namespace, name })
    await a.retry()
    await a.retry()
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('a')
    expect(a.elector.isLeading).toBe(true)
    a.finishWork.resolve()
    a.stop.abort()
    expect(await a.running).toBe('stopped')
  })
})

const children: { kill(signal: NodeJS.Signals): unknown }[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** A candidate in a process of its own, and what it says, with the time at which it said it. */
function aProcess(name: string, identity: string) {
  const script = new URL('./leader-process.fixture.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, cluster().kubeconfig, namespace, name, identity], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const said: { what: string; at: number }[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    const [what = '', at] = line.split(' ')
    said.push({ what, at: Number(at) })
  })
  const has = (what: string) =>
    expect.poll(() => said.map(entry => entry.what), { timeout: 15_000 }).toContain(what)
  const times = (what: string) => said.filter(entry => entry.what === what).map(({ at }) => at)
  return { child, has, times }
}

describe('a process', () => {
  test('that was paused should not work on when it wakes: another leads since', async () => {
    const name = `l-${randomUUID().slice(0, 8)}`
    const first = aProcess(name, 'first')
    await first.has('tick')
    const second = aProcess(name, 'second')
    await second.has('waiting')
    first.child.kill('SIGSTOP')
    await second.has('tick')
    const tookOver = second.times('started')[0]!
    first.child.kill('SIGCONT')
    await first.has('lost')
    expect(first.times('tick').filter(at => at >= tookOver)).toEqual([])
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('second')

    // A clean end hands over at once; here it leaves the lease free.
    second.child.kill('SIGTERM')
    await second.has('stopped')
    expect((await leaseOf(name)).spec?.holderIdentity).toBe('')
  })
})
