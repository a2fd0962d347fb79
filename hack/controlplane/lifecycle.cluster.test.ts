import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { kubectl } from '../manifests.ts'
import { identify, isRunning, type ProcessIdentity } from '../process/identity.ts'
import { type ControlPlane, startControlPlane } from './controlplane.ts'

const currentCluster = process.env.COUNTERSIGN_USE_CURRENT_CLUSTER === '1'

/** What another process told of the control plane that it started. */
interface Theirs {
  readonly url: string
  readonly adminKubeconfig: string
  readonly folder: string
  readonly pids: ControlPlane['pids']
}

describe.skipIf(currentCluster)('two control planes, one of them started by another process', () => {
  let ours: ControlPlane
  let theirs: Theirs
  let other: ReturnType<typeof spawn>
  const scripts = mkdtempSync(join(tmpdir(), 'lifecycle-test-'))

  beforeAll(async () => {
    const script = join(scripts, 'other.mts')
    writeFileSync(
      script,
      `import { startControlPlane } from '${join(import.meta.dirname, 'controlplane.ts')}'
       const { url, adminKubeconfig, folder, pids } = await startControlPlane()
       console.log(JSON.stringify({ url, adminKubeconfig, folder, pids }))`,
    )
    other = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const line = new Promise<string>(resolve => {
      if (other.stdout) createInterface({ input: other.stdout }).once('line', resolve)
    })
    ours = await startControlPlane({
      users: [{ name: 'erin', groups: ['ops', 'oncall'], token: 'erins-token' }],
    })
    theirs = JSON.parse(await line) as Theirs
  })

  afterAll(async () => {
    other?.kill('SIGKILL')
    await ours?.stop()
    rmSync(scripts, { recursive: true, force: true })
  })

  const get = (kubeconfig: string, ...args: string[]) => kubectl({ kubectl: ours.kubectl, kubeconfig }, args)
  const whoAmI = async (kubeconfig: string) =>
    JSON.parse(await get(kubeconfig, 'auth', 'whoami', '-o', 'json')).status.userInfo as {
      username: string
      groups: string[]
    }

  test('are different clusters, each with its own certificates', async () => {
    expect(theirs.url).not.toBe(ours.url)
    await get(ours.adminKubeconfig, 'create', 'namespace', 'only-ours')
    expect(await get(theirs.adminKubeconfig, 'get', 'namespaces', '-o', 'name')).not.toContain('only-ours')
    const crossed = get(theirs.adminKubeconfig, '--server', ours.url, 'get', 'namespaces')
    await expect(crossed).rejects.toThrow(/certificate signed by unknown authority/)
  })

  test('know people by token, by client certificate and by ServiceAccount', async () => {
    expect(await whoAmI(ours.kubeconfigFor({ token: 'erins-token' }))).toMatchObject({
      username: 'erin',
      groups: ['ops', 'oncall', 'system:authenticated'],
    })
    expect(await whoAmI(ours.kubeconfigFor({ name: 'frank', groups: ['ops', 'night'] }))).toMatchObject({
      username: 'frank',
      groups: ['ops', 'night', 'system:authenticated'],
    })
    const token = await ours.serviceAccountToken('default', 'default')
    expect(await whoAmI(ours.kubeconfigFor({ token }))).toMatchObject({
      username: 'system:serviceaccount:default:default',
    })
    await expect(ours.serviceAccountToken('default', 'nobody')).rejects.toThrow(/"nobody" not found/)
  })

  test('refuse whoever has no right', async () => {
    const denied = get(ours.kubeconfigFor({ token: 'erins-token' }), 'get', 'secrets')
    await expect(denied).rejects.toThrow(/User "erin" cannot list resource "secrets"/)
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'keep their data when the API server is stopped by %s and started again',
    async signal => {
      const before = ours.pids.apiserver
      await get(ours.adminKubeconfig, 'create', 'configmap', `kept-${signal.toLowerCase()}`)
      await ours.restartApiServer(signal)
      expect(ours.pids.apiserver).not.toBe(before)
      const names = await get(ours.adminKubeconfig, 'get', 'configmaps', '-o', 'name')
      expect(names).toContain(`configmap/kept-${signal.toLowerCase()}`)
    },
  )

  test('end with the process that started them, kill -9 included, and no other', async () => {
    const members = Object.values(theirs.pids).map(pid => identify(pid))
    expect(members).toEqual(Object.values(theirs.pids).map(pid => expect.objectContaining({ pid })))
    other.kill('SIGKILL')
    for (const member of members as ProcessIdentity[]) {
      await vi.waitUntil(() => !isRunning(member), { timeout: 20_000, interval: 20 })
    }
    await vi.waitUntil(() => !existsSync(theirs.folder), { timeout: 5000, interval: 20 })
    expect(await get(ours.adminKubeconfig, 'get', '--raw', '/readyz')).toBe('ok')
  })

  test('leave nothing behind when they are stopped', async () => {
    const members = Object.values(ours.pids).map(pid => identify(pid) as ProcessIdentity)
    await ours.stop()
    expect(members.filter(isRunning)).toEqual([])
    expect(existsSync(ours.folder)).toBe(false)
  })
})

test.skipIf(currentCluster)('a control plane that does not start says why, in its own words', async () => {
  const start = startControlPlane({ apiServerArgs: ['--no-such-flag'] })
  await expect(start).rejects.toThrow(
    /kube-apiserver ended \(exit code 1\); its log ends:(.|\n)*unknown flag: --no-such-flag/,
  )
})
