import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { identify } from './process/identity.ts'
import { newRecordPath, type RecordedMember, stopMember, sweepGroups, writeRecord } from './process/record.ts'

/** What to start, and how to know that it is ready. */
export interface ProcessSpec {
  /** Unique in its group; starting one of the same name again takes the place of the one that ended. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Where its standard output and error go, appended. */
  readonly logFile: string
  /**
   * When it counts as ready: a line of its output, or a question asked again and again until it answers true
   * (an error counts as no). Without it, at once.
   */
  readonly ready?: RegExp | (() => Promise<boolean>)
  /** Default 30,000. */
  readonly readyTimeoutMs?: number
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  /** How long it may take to stop before it is killed. Default 10,000. */
  readonly graceMs?: number
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of a group. */
export interface SupervisedProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>
  running(): boolean
  kill(signal: NodeJS.Signals): void
  /** Stops it and resolves when it is gone: its stop signal (or the given one), then SIGKILL after its grace. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Processes that end with the one that started them, in the opposite order of their start. */
export interface ProcessGroup {
  /** Starts a program; rejects, quoting the end of its log, when it ends or does not become ready in time. */
  start(spec: ProcessSpec): Promise<SupervisedProcess>
  /** Removes this folder after the last process has ended. */
  removeAtEnd(folder: string): void
  /** Stops every process, last started first. May be called twice. */
  stop(): Promise<void>
}

const watchdogProgram = fileURLToPath(new URL('./process/watchdog.ts', import.meta.url))

/**
 * A group of processes that is stopped by `stop()`, or, if this process ends in any other way (kill -9 included),
 * by a watchdog process that holds a pipe from it. Should that be killed too, the next group to be made
 * stops what is left.
 */
export async function createProcessGroup(): Promise<ProcessGroup> {
  await sweepGroups()
  const owner = identify(process.pid)
  if (!owner) throw new Error('cannot read the start time of this very process')
  const path = newRecordPath()
  // Its own session: Ctrl-C in a terminal must not reach it.
  const watchdog = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', watchdogProgram, path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
  })
  watchdog.unref()
  watchdog.stdin.on('error', () => {})
  // Neither the pipe nor the watchdog keep this process from ending when its work is done.
  ;(watchdog.stdin as unknown as { unref(): void }).unref()
  const watchdogIdentity = watchdog.pid === undefined ? undefined : identify(watchdog.pid)

  const slots = new Map<string, { member: RecordedMember; process: SupervisedProcess }>()
  const folders: string[] = []
  let stopping: Promise<void> | undefined
  const record = (): void => {
    const members = [...slots.values()].map(slot => slot.member)
    writeRecord(path, { owner, watchdog: watchdogIdentity, members, folders })
  }
  record()

  const start = async (spec: ProcessSpec): Promise<SupervisedProcess> => {
    if (stopping) throw new Error(`${spec.name} was not started: its group is being stopped`)
    if (slots.get(spec.name)?.process.running()) throw new Error(`${spec.name} runs already`)
    const { child, logStart } = spawnLogged(spec)
    const started = supervise(spec, child)
    // A Map keeps the place of a name that is set again: a restarted process is stopped when its first one would be.
    slots.set(spec.name, started)
    record()
    try {
      await untilReady(spec, started.process, logStart)
    } catch (error) {
      await started.process.stop('SIGKILL')
      throw error
    }
    return started.process
  }

  const stop = async (): Promise<void> => {
    for (const slot of [...slots.values()].toReversed()) await slot.process.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    rmSync(path, { force: true })
    watchdog.stdin.end()
  }

  return {
    start,
    removeAtEnd(folder) {
      folders.push(folder)
      record()
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

function spawnLogged(spec: ProcessSpec): { child: ChildProcess; logStart: number } {
  mkdirSync(dirname(spec.logFile), { recursive: true })
  const logStart = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0
  const log = openSync(spec.logFile, 'a', 0o600)
  try {
    // Its own process group: Ctrl-C reaches only the one that started it, which then stops them in order.
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...spec.env },
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    })
    return { child, logStart }
  } finally {
    closeSync(log)
  }
}

function supervise(
  spec: ProcessSpec,
  child: ChildProcess,
): { member: RecordedMember; process: SupervisedProcess } {
  const pid = child.pid ?? 0
  const member: RecordedMember = {
    pid,
    started: identify(pid)?.started ?? 'never',
    name: spec.name,
    stopSignal: spec.stopSignal ?? 'SIGTERM',
    graceMs: spec.graceMs ?? 10_000,
  }
  let running = child.pid !== undefined
  const exited = new Promise<Exit>(resolve => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      running = false
      resolve({ code, signal })
    }
    child.on('exit', end)
    child.on('error', () => child.pid === undefined && end(null, null))
  })
  return {
    member,
    process: {
      name: spec.name,
      pid,
      logFile: spec.logFile,
      exited,
      running: () => running,
      kill: signal => void child.kill(signal),
      async stop(signal) {
        if (!running) return
        await stopMember(signal === undefined ? member : { ...member, stopSignal: signal })
        await exited
      },
    },
  }
}

async function untilReady(spec: ProcessSpec, started: SupervisedProcess, logStart: number): Promise<void> {
  const { ready } = spec
  const timeoutMs = spec.readyTimeoutMs ?? 30_000
  if (!started.pid) throw new Error(`${spec.name} could not be started: is ${spec.command} a program?`)
  if (ready === undefined) return
  const isReady =
    ready instanceof RegExp
      ? () => ready.test(logSince(spec.logFile, logStart))
      : () => ready().catch(() => false)
  const deadline = performance.now() + timeoutMs
  for (;;) {
    // The exit first: a port that answers may be somebody else's.
    if (!started.running()) {
      const { code, signal } = await started.exited
      throw new Error(
        `${spec.name} ended (${signal ?? `exit code ${code}`})${lastLines(spec.logFile, logStart)}`,
      )
    }
    if (await isReady()) return
    if (performance.now() > deadline) {
      throw new Error(
        `${spec.name} was not ready within ${timeoutMs / 1000} s${lastLines(spec.logFile, logStart)}`,
      )
    }
    await Promise.race([delay(20, undefined, { ref: true }), started.exited])
  }
}

const logSince = (logFile: string, start: number): string =>
  readFileSync(logFile).subarray(start).toString('utf8')

function lastLines(logFile: string, start: number): string {
  const lines = logSince(logFile, start)
    .trimEnd()
    .split('\n')
    .slice(-15)
    .map(line => line.slice(0, 400))
  return lines.join('') === ''
    ? ` and printed nothing (${logFile})`
    : `; its log ends:\n  ${lines.join('\n  ')}`
}
