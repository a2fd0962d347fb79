import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startControlPlane } from '../controlplane/controlplane.ts'
import { installApi } from '../manifests.ts'
import { faultsIn } from './check/check.ts'
import type { ExpectedRun } from './check/evidence.ts'
import { gather } from './check/gather.ts'
import { groundOn } from './ground.ts'
import { createAgent, createRun } from './load/begin.ts'
import { startDesk } from './load/desk.ts'
import { startPeople } from './load/people.ts'
import { diedOver, expectedRun, PLOTS, type PlotName } from './load/plots.ts'
import { NO_FAULTS, randomFaults } from './proxy/faults.ts'
import { startFaultProxy } from './proxy/proxy.ts'
import { pick, randomFrom } from './proxy/random.ts'
import { type Supervisor, supervise } from './supervisor.ts'

export interface TortureOptions {
  readonly seconds: number
  /** The same seed makes the same load and blows, and lets the same requests fare badly where they are asked for again. */
  readonly seed: number
  readonly progress: (line: string) => void
}

export interface TortureResult {
  /** Runs, by what they played. */
  readonly runs: ReadonlyMap<string, number>
  /** What went wrong on the way, by kind. */
  readonly trouble: ReadonlyMap<string, number>
  /** What was not as promised, a sentence each. */
  readonly faults: readonly string[]
  /** Each blow and each request that fared badly, in order. */
  readonly log: readonly Happened[]
}

/** One thing that went wrong. */
export interface Happened {
  /** Since the beginning. */
  readonly ms: number
  /** `409`, `CutLine`, `KillOperator`, ... */
  readonly kind: string
  /** The request or watch that it befell; empty for a blow. */
  readonly what: string
}

const NAMESPACE = 'torture'
/** Runs under way at once, at most. */
const AT_ONCE = 60
/** Requests of the operator that fare badly. */
const SHARE = 0.06
/** After all is healed; much longer than anything takes. */
const PATIENCE_MS = 180_000

/** What is done to the processes from outside. */
type Blow = 'KillOperator' | 'PauseOperator' | 'KillApiServer' | 'StopApiServer' | 'PauseEtcd' | 'StopEtcd'

const BLOWS: readonly [Blow, ...Blow[]] = [
  'KillOperator',
  'KillOperator',
  'PauseOperator',
  'KillApiServer',
  'StopApiServer',
  'PauseEtcd',
  'StopEtcd',
]
/** Blows that are followed at once by another. */
const TOGETHER = 0.25

/** Puts a mixed load on a real stack while everything around it fails, heals it, and checks what came of each run. */
export const torture = async ({ seconds, seed, progress }: TortureOptions): Promise<TortureResult> => {
  const plane = await startControlPlane({
    prepare: ({ kubectl, adminKubeconfig }) => installApi({ kubectl, kubeconfig: adminKubeconfig }),
  })
  const closing: (() => Promise<void>)[] = [() => plane.stop()]
  try {
    const ground = await groundOn({ kubectl: plane.kubectl, kubeconfig: plane.adminKubeconfig })
    closing.push(() => ground.leave())
    await ground.namespace(NAMESPACE)
    const began = Date.now()
    const log: Happened[] = []
    const happened = (kind: string, what = '') => void log.push({ ms: Date.now() - began, kind, what })
    const proxy = await startFaultProxy({ url: plane.url, ca: plane.ca }, happened)
    closing.push(() => proxy.close())
    // Long enough that what dies often dies over a call.
    const toolTimes = randomFrom(seed + 3)
    const desk = await startDesk(() => toolTimes() * 800)
    closing.push(() => desk.stop())
    const people = await startPeople(ground, NAMESPACE)
    closing.push(() => people.stop())

    const open = new Map<string, ExpectedRun>()
    const over: ExpectedRun[] = []
    const supervisor = await supervise({
      namespace: NAMESPACE,
      kubeconfig: behind(proxy.url, ground.operator, ground.folder),
      onEnd: () => {
        for (const [name, expected] of open) open.set(name, diedOver(expected, Date.now()))
      },
    })
    closing.push(() => supervisor.stop())
    const plots = Object.keys(PLOTS) as [PlotName, ...PlotName[]]
    for (const plot of plots) await createAgent(ground.admin, NAMESPACE, plot, plot, desk)

    const failed: unknown[] = []
    const counts = new Map<string, number>()
    const choose = randomFrom(seed)
    const until = Date.now() + seconds * 1000
    const load = async () => {
      for (let number = 0; Date.now() < until; number++) {
        const plot = pick(choose, plots)
        const name = `${plot}-${number}`
        people.expect(name, plot)
        open.set(name, expectedRun(NAMESPACE, name, plot))
        counts.set(plot, (counts.get(plot) ?? 0) + 1)
        await insist(() => createRun(ground.admin, NAMESPACE, name, plot, plot))
        void people
          .untilAtRest(name, seconds * 1000 + PATIENCE_MS)
          .catch(error => failed.push(error))
          .finally(() => {
            const expected = open.get(name)
            if (expected) over.push(expected)
            open.delete(name)
          })
        while (open.size >= AT_ONCE && Date.now() < until) await delay(20)
        await delay(choose() * 100)
      }
    }
    const blows = new Map<string, number>()
    proxy.set(randomFaults(seed, SHARE))
    progress(`Everything fails for ${seconds} s, by seed ${seed}`)
    await Promise.all([
      load(),
      strike(randomFrom(seed + 2), until, supervisor, plane, blow => {
        blows.set(blow, (blows.get(blow) ?? 0) + 1)
        happened(blow)
      }),
    ])
    progress(`Healed; waiting until ${open.size} runs are at rest`)
    proxy.set(NO_FAULTS)
    proxy.cutAll()
    while (open.size > 0) await delay(50)
    await supervisor.stop()
    return {
      runs: counts,
      trouble: new Map([
        ...blows,
        ...proxy.counts,
        ...[...supervisor.ends].map(([how, times]): [string, number] => [`operator ended (${how})`, times]),
      ]),
      faults: [
        ...failed.map(error => (error instanceof Error ? error.message : String(error))),
        ...faultsIn(await gather(ground.admin, over, desk.log())),
      ],
      log,
    }
  } finally {
    await closeAll(closing.reverse())
  }
}

/** A kubeconfig like the given one, for an API server behind the proxy. */
const behind = (url: string, kubeconfig: string, folder: string): string => {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'))
  config.clusters[0].cluster = { server: url }
  const path = join(folder, 'behind.kubeconfig')
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

/** Does all of it, one after the other, whatever fails; what failed first is thrown at the end. */
const closeAll = async (all: readonly (() => Promise<void>)[]): Promise<void> => {
  const failed: unknown[] = []
  for (const close of all) await close().catch(error => failed.push(error))
  if (failed.length > 0) throw failed[0]
}

const strike = async (
  random: () => number,
  until: number,
  supervisor: Supervisor,
  plane: Awaited<ReturnType<typeof startControlPlane>>,
  struck: (blow: Blow) => void,
): Promise<void> => {
  const blows: Record<Blow, (force: number) => Promise<void>> = {
    KillOperator: async () => supervisor.kill(),
    // Longer than its lease, and shorter.
    PauseOperator: force => supervisor.pause(500 + force * 9000),
    KillApiServer: () => plane.restartApiServer('SIGKILL'),
    StopApiServer: () => plane.restartApiServer('SIGTERM'),
    PauseEtcd: async force => {
      process.kill(plane.pids.etcd, 'SIGSTOP')
      await delay(500 + force * 4000)
      process.kill(plane.pids.etcd, 'SIGCONT')
    },
    StopEtcd: force => plane.restartEtcd(() => delay(force * 4000)),
  }
  /** One at a time for each process; what comes meanwhile waits. */
  const busy = { operator: Promise.resolve(), plane: Promise.resolve() }
  const failed: unknown[] = []
  const hit = (blow: Blow, force: number): Promise<void> => {
    const whom = blow.endsWith('Operator') ? 'operator' : 'plane'
    busy[whom] = busy[whom]
      .then(() => {
        struck(blow)
        return blows[blow](force)
      })
      .catch(error => void failed.push(error))
    return busy[whom]
  }
  for (;;) {
    // As many numbers for each, so that one blow does not change the next.
    const [wait, blow, force, together] = [500 + random() * 5000, pick(random, BLOWS), random(), random()]
    if (Date.now() + wait > until) break
    await delay(wait)
    const done = hit(blow, force)
    if (together >= TOGETHER) await done
  }
  await Promise.all([busy.operator, busy.plane])
  if (failed.length > 0) throw failed[0]
}

/** What the load itself does is done, however often it takes. */
const insist = async (work: () => Promise<void>): Promise<void> => {
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      // An answer that was lost.
      if (String(error).includes('already exists')) return
      await delay(100)
    }
  }
}
