import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type ProcessIdentity, signalProcess } from './identity.ts'

/** A process of a group, with how it is to be stopped. */
export interface RecordedMember extends ProcessIdentity {
  readonly name: string
  readonly stopSignal: NodeJS.Signals
  /** How long it may take to end after `stopSignal` before it is killed. */
  readonly graceMs: number
}

/** What somebody else needs to know to stop a group whose owner is gone. Written to one file a group. */
export interface GroupRecord {
  readonly owner: ProcessIdentity
  readonly watchdog?: ProcessIdentity | undefined
  /** In the order in which they were started; they are stopped in the opposite one. */
  readonly members: readonly RecordedMember[]
  /** Folders that go with the group. */
  readonly folders: readonly string[]
}

/** The folder of records and data, on this machine and for this user alone. */
export function runFolder(): string {
  const folder = join(tmpdir(), `countersign-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stat = lstatSync(folder)
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) {
    throw new Error(`${folder} belongs to somebody else; remove it or set TMPDIR to a folder of your own`)
  }
  chmodSync(folder, 0o700)
  return folder
}

/** A path for the record of a new group. */
export const newRecordPath = (): string => join(runFolder(), `${randomUUID()}.group.json`)

/** Writes the record so that a reader sees the old or the new one, never half of it. */
export function writeRecord(path: string, record: GroupRecord): void {
  const half = `${path}.${process.pid}.tmp`
  writeFileSync(half, JSON.stringify(record), { mode: 0o600 })
  renameSync(half, path)
}

/** The record at `path`; undefined when there is none. */
export function readRecord(path: string): GroupRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as GroupRecord
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Stops one process: its stop signal, then after `graceMs` SIGKILL; resolves when it is gone. */
export async function stopMember(member: RecordedMember): Promise<void> {
  signalProcess(member, member.stopSignal)
  const deadline = performance.now() + member.graceMs
  let killed = member.stopSignal === 'SIGKILL'
  while (isRunning(member)) {
    if (!killed && performance.now() >= deadline) {
      signalProcess(member, 'SIGKILL')
      killed = true
    }
    // The end of a process that is not one's own child can only be asked for.
    await delay(10)
  }
}

/** Stops every process of the group, last started first, and removes its folders and its record. */
export async function stopGroup(path: string): Promise<void> {
  const record = readRecord(path)
  if (!record) return
  for (const member of record.members.toReversed()) await stopMember(member)
  for (const folder of record.folders) rmSync(folder, { recursive: true, force: true })
  rmSync(path, { force: true })
}

/**
 * Stops what earlier runs left behind: groups of which both the owner and the watchdog were killed.
 * @returns how many groups were left behind.
 */
export async function sweepGroups(): Promise<number> {
  const folder = runFolder()
  let swept = 0
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.group.json')) continue
    const path = join(folder, name)
    const record = readRecord(path)
    if (!record || isRunning(record.owner) || (record.watchdog && isRunning(record.watchdog))) continue
    await stopGroup(path)
    swept++
  }
  return swept
}
