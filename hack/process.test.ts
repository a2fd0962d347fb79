import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { identify, isRunning, type ProcessIdentity } from './process/identity.ts'
import {
  type GroupRecord,
  newRecordPath,
  readRecord,
  runFolder,
  sweepGroups,
  writeRecord,
} from './process/record.ts'
import { createProcessGroup, type ProcessSpec } from './process.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'process-test-'))
  // Records of other runs on this machine are none of these tests' business.
  vi.stubEnv('TMPDIR', folder)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** A Node program of one line. */
const program = (name: string, code: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name,
  command: process.execPath,
  args: ['-e', code],
  logFile: join(folder, `${name}.log`),
  ...more,
})

const forEver = 'setInterval(() => {}, 1000)'

const identityOf = (pid: number): ProcessIdentity => {
  const identity = identify(pid)
  if (!identity) throw new Error(`${pid} does not run`)
  return identity
}

const untilGone = (identity: ProcessIdentity) =>
  vi.waitUntil(() => !isRunning(identity), { timeout: 10_000, interval: 10 })

describe('a process group', () => {
  test('waits for a line of the output', async () => {
    const group = await createProcessGroup()
    await group.start(
      program('a', `setTimeout(() => console.log('here I am'), 50); ${forEver}`, { ready: /here I am/ }),
    )
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('here I am\n')
    await group.stop()
  })

  test('asks until the answer is yes, and takes an error for a no', async () => {
    const answers = [() => Promise.reject(new Error('refused')), async () => false, async () => true]
    const group = await createProcessGroup()
    await group.start(program('a', forEver, { ready: () => (answers.shift() ?? fail)() }))
    expect(answers).toEqual([])
    await group.stop()
  })

  test('quotes the end of the log of a process that ends before it is ready', async () => {
    const group = await createProcessGroup()
    const start = group.start(
      program('a', `console.error('no such flag'); process.exit(3)`, { ready: /never/ }),
    )
    await expect(start).rejects.toThrow(/^a ended \(exit code 3\); its log ends:\n {2}no such flag$/)
    await group.stop()
  })

  test('stops a process that does not become ready in time', async () => {
    const group = await createProcessGroup()
    const spec = program('a', `console.log(process.pid); ${forEver}`, { ready: /never/, readyTimeoutMs: 300 })
    await expect(group.start(spec)).rejects.toThrow(/^a was not ready within 0.3 s/)
    expect(identify(Number(readFileSync(join(folder, 'a.log'), 'utf8')))).toBeUndefined()
    await group.stop()
  })

  test('says so when the program does not exist', async () => {
    const group = await createProcessGroup()
    const start = group.start({ ...program('a', ''), command: join(folder, 'nothing') })
    await expect(start).rejects.toThrow(/^a could not be started: is .*nothing a program\?$/)
    await group.stop()
  })

  test('stops the last started first, and then removes its folders', async () => {
    const order = join(folder, 'order')
    const data = join(folder, 'data')
    mkdirSync(data)
    const writesItsEnd = (name: string): ProcessSpec =>
      program(
        name,
        `process.on('SIGTERM', () => { require('fs').appendFileSync('${order}', '${name} '); process.exit() });
         console.log('ready'); ${forEver}`,
        { ready: /ready/ },
      )
    const group = await createProcessGroup()
    group.removeAtEnd(data)
    for (const name of ['first', 'second', 'third']) await group.start(writesItsEnd(name))
    await group.stop()
    expect(readFileSync(order, 'utf8')).toBe('third second first ')
    expect(existsSync(data)).toBe(false)
  })

  test('keeps the place in the order of a process that is started again', async () => {
    const group = await createProcessGroup()
    const first = await group.start(program('a', forEver))
    await group.start(program('b', forEver))
    await expect(group.start(program('a', forEver))).rejects.toThrow('a runs already')
    first.kill('SIGKILL')
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' })
    const second = await group.start(program('a', forEver))
    expect(second.running()).toBe(true)
    await group.stop()
    expect(second.running()).toBe(false)
  })

  test('kills a process that ignores its stop signal, after its grace', async () => {
    const group = await createProcessGroup()
    const spec = program('a', `process.on('SIGTERM', () => {}); console.log('ready'); ${forEver}`)
    const started = await group.start({ ...spec, ready: /ready/, graceMs: 100 })
    await group.stop()
    expect(await started.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })
})

describe('when the process that made the group ends', () => {
  /** A process with a group of two, as `hack/demo` would have. */
  const startOwner = async () => {
    const data = join(folder, 'data')
    mkdirSync(data)
    const script = join(folder, 'owner.mts')
    writeFileSync(
      script,
      `import { createProcessGroup } from '${join(import.meta.dirname, 'process.ts')}'
       const group = await createProcessGroup()
       group.removeAtEnd('${data}')
       const sleeper = name => ({ name, command: process.execPath, args: ['-e', '${forEver}'], logFile: '${data}/' + name })
       const pids = [(await group.start(sleeper('a'))).pid, (await group.start(sleeper('b'))).pid]
       console.log(JSON.stringify(pids))
       ${forEver}`,
    )
    const owner = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder },
    })
    const [line] = await new Promise<[string]>(resolve =>
      createInterface({ input: owner.stdout }).once('line', text => resolve([text])),
    )
    const members = (JSON.parse(line) as number[]).map(identityOf)
    return { owner, members, data }
  }

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'by %s, its processes and folders go with it',
    async signal => {
      const { owner, members, data } = await startOwner()
      expect(members.every(isRunning)).toBe(true)
      owner.kill(signal)
      for (const member of members) await untilGone(member)
      await vi.waitUntil(() => !existsSync(data), { timeout: 5000, interval: 10 })
    },
  )

  test('and the watchdog was killed too, the next group to be made stops what is left', async () => {
    const { owner, members, data } = await startOwner()
    const record = onlyRecord()
    process.kill(record.watchdog.pid, 'SIGKILL')
    owner.kill('SIGKILL')
    await untilGone(record.owner)
    await untilGone(record.watchdog)
    expect(members.every(isRunning)).toBe(true)

    const next = await createProcessGroup()
    expect(members.some(isRunning)).toBe(false)
    expect(existsSync(data)).toBe(false)
    await next.stop()
  })
})

/** The record of the only group there is: each test has a run folder of its own. */
function onlyRecord(): GroupRecord & { readonly watchdog: ProcessIdentity } {
  const [name, ...others] = readdirSync(runFolder()).filter(file => file.endsWith('.group.json'))
  const record = readRecord(join(runFolder(), name ?? ''))
  if (!record?.watchdog || others.length > 0) throw new Error('not one group with a watchdog')
  return { ...record, watchdog: record.watchdog }
}

describe('a sweep', () => {
  const sleeper = () => {
    const echo = `process.on('message', text => process.send(text))`
    const child = spawn(process.execPath, ['-e', echo], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    return { child, identity: identityOf(child.pid ?? 0) }
  }
  /** A signal sent earlier would have ended it before it answers. */
  const isUnharmed = (child: ChildProcess) =>
    new Promise<boolean>(resolve => {
      child.once('message', () => resolve(true))
      child.once('exit', () => resolve(false))
      child.send('still there?')
    })
  const member = (identity: ProcessIdentity) => ({
    ...identity,
    name: 'a',
    stopSignal: 'SIGTERM' as const,
    graceMs: 1000,
  })
  const ended: ProcessIdentity = { pid: process.pid, started: '1' }

  test('leaves alone a process that has the number of one that ended', async () => {
    const { child, identity } = sleeper()
    const path = newRecordPath()
    writeRecord(path, { owner: ended, members: [member({ ...identity, started: '1' })], folders: [] })
    expect(await sweepGroups()).toBe(1)
    expect(await isUnharmed(child)).toBe(true)
    expect(existsSync(path)).toBe(false)
    child.kill('SIGKILL')
  })

  test('leaves alone a group whose owner runs', async () => {
    const { child, identity } = sleeper()
    const path = newRecordPath()
    writeRecord(path, { owner: identityOf(process.pid), members: [member(identity)], folders: [] })
    expect(await sweepGroups()).toBe(0)
    expect(await isUnharmed(child)).toBe(true)
    child.kill('SIGKILL')
  })

  test('leaves a group to its watchdog while that is at work', async () => {
    const { child, identity } = sleeper()
    const path = newRecordPath()
    const watchdog = identityOf(process.pid)
    writeRecord(path, { owner: ended, watchdog, members: [member(identity)], folders: [] })
    expect(await sweepGroups()).toBe(0)
    expect(await isUnharmed(child)).toBe(true)
    child.kill('SIGKILL')
  })
})

async function fail(): Promise<boolean> {
  throw new Error('asked too often')
}
