import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withLock } from './lock.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-test-'))
  path = join(folder, 'a.lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('one at a time, each after the other', async () => {
  const order: string[] = []
  const work = (name: string) => async () => {
    order.push(`${name} begins`)
    await new Promise(resolve => setImmediate(resolve))
    order.push(`${name} ends`)
  }
  await Promise.all(['a', 'b', 'c'].map(name => withLock(path, work(name))))
  expect(order).toHaveLength(6)
  for (let i = 0; i < 6; i += 2) expect(order[i + 1]).toBe(order[i]?.replace('begins', 'ends'))
  expect(existsSync(path)).toBe(false)
})

test('is released when the work fails', async () => {
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withLock(path, async () => 'mine')).toBe('mine')
})

test('the lock of a process that was killed is taken over, that of one that runs is waited for', async () => {
  const script = join(folder, 'holder.mts')
  writeFileSync(
    script,
    `import { withLock } from '${join(import.meta.dirname, 'lock.ts')}'
     await withLock('${path}', () => new Promise(() => setInterval(() => {}, 1000)))`,
  )
  const holder = spawn(process.execPath, [script], { stdio: 'inherit' })
  await vi.waitUntil(() => existsSync(path), { timeout: 10_000, interval: 10 })
  const waitedFor: number[] = []
  const taken = withLock(
    path,
    async () => JSON.parse(readFileSync(path, 'utf8')).pid,
    pid => {
      waitedFor.push(pid)
      holder.kill('SIGKILL')
    },
  )
  expect(await taken).toBe(process.pid)
  expect(waitedFor).toEqual([holder.pid])
})
