import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { identify, isRunning, type ProcessIdentity } from '../process/identity.ts'

interface Holder extends ProcessIdentity {
  /** Tells two holds of one process apart. */
  readonly id: string
}

/**
 * Runs `work` while no other process (or other call) holds the lock file `path`. The lock of a process that has
 * ended is taken over. `onWait` is told, once, who holds it.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (pid: number) => void = () => {},
): Promise<T> {
  const self = identify(process.pid)
  if (!self) throw new Error('cannot read the start time of this very process')
  const mine: Holder = { ...self, id: randomUUID() }
  mkdirSync(dirname(path), { recursive: true })
  let told = false
  while (!take(path, mine)) {
    const holder = readHolder(path)
    if (!holder) continue
    if (!isRunning(holder)) {
      removeStale(path, holder)
      continue
    }
    if (!told) onWait(holder.pid)
    told = true
    await delay(200)
  }
  try {
    return await work()
  } finally {
    if (readHolder(path)?.id === mine.id) rmSync(path, { force: true })
  }
}

/** A link to a finished file: the lock is there as a whole or not at all. */
function take(path: string, mine: Holder): boolean {
  const whole = `${path}.${mine.id}`
  writeFileSync(whole, JSON.stringify(mine))
  try {
    linkSync(whole, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(whole)
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Moves the lock of a dead process away. Should another have taken it over meanwhile, its lock is put back. */
function removeStale(path: string, dead: Holder): void {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
  } catch {
    return // Somebody else was faster.
  }
  if (readHolder(aside)?.id !== dead.id) {
    try {
      linkSync(aside, path)
    } catch {
      // A third one holds it by now: two may work at once, which costs time and harms nothing.
    }
  }
  rmSync(aside, { force: true })
}
