import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createProcessGroup, type ProcessSpec } from '../process.ts'
import { keepRunning } from './keep-running.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-keep-'))
const group = await createProcessGroup()
group.removeAtEnd(folder)
afterAll(() => group.stop())

/** A program that says so when it runs; while the file `<name>.broken` is there, it fails instead. */
const program = (name: string): ProcessSpec => ({
  name,
  command: process.execPath,
  args: [
    '-e',
    `if (require('fs').existsSync(${JSON.stringify(join(folder, `${name}.broken`))})) process.exit(3); console.log('up'); setInterval(() => {}, 1e6)`,
  ],
  logFile: join(folder, `${name}.log`),
  ready: /up/,
})

/** Starts it and collects what is told. */
const keep = async (name: string) => {
  const stopping = new AbortController()
  const told: string[] = []
  const kept = await keepRunning(group, program(name), {
    stopping: stopping.signal,
    onRestart: () => told.push('restarted'),
    onFailure: message => told.push(message),
  })
  return { kept, told, stopping }
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe.runIf(process.platform === 'linux')('a process that is kept running', () => {
  it('is started again, under another pid, each time it dies', async () => {
    const { kept, told } = await keep('dies')
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const { pid } = kept
      const next = kept.next()
      kept.kill(signal)
      expect(await next).not.toBe(pid)
      expect(kept.pid).toBe(await next)
      expect(isAlive(kept.pid)).toBe(true)
    }
    expect(told).toEqual(['restarted', 'restarted'])
  })

  it('is tried again when it does not start, and the failure is told', async () => {
    const { kept, told } = await keep('broken')
    const broken = join(folder, 'broken.broken')
    writeFileSync(broken, '')
    const next = kept.next()
    kept.kill('SIGKILL')
    await expect.poll(() => told[0]).toMatch(/broken ended \(exit code 3\)/)
    rmSync(broken)
    expect(isAlive(await next)).toBe(true)
    expect(told.at(-1)).toBe('restarted')
  })

  it('is left alone once everything is being stopped', async () => {
    const { kept, told, stopping } = await keep('stopped')
    const { pid } = kept
    stopping.abort()
    kept.kill('SIGKILL')
    await expect.poll(() => isAlive(pid)).toBe(false)
    await group.start(program('after'))
    expect(kept.pid).toBe(pid)
    expect(told).toEqual([])
  })
})
