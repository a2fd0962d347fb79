import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, refuse, type ScriptedServer, scriptedServer } from '../../kube/testing.ts'

/** A line of the gateway's log. */
type Line = Readonly<Record<string, unknown>>

const pending = {
  metadata: { name: 'a', namespace: 'shop', resourceVersion: '1', creationTimestamp: '2026-11-22T10:00:00Z' },
  spec: { agentRef: { name: 'a' }, runRef: { name: 'r' }, timeoutSeconds: 90 },
  status: { phase: 'Pending', decisions: [] },
}

/** Whether the API server answers lists. */
let listing = true
let folder: string
let api: ScriptedServer
const running: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-'))
  api = await scriptedServer((request, response) => {
    if (request.query.has('watch')) return void response.flushHeaders()
    if (request.path === '/version') return answer(response, {})
    if (request.path.endsWith('/selfsubjectreviews')) {
      return answer(response, { status: { userInfo: { username: 'alice@acme.com' } } }, 201)
    }
    if (request.path.endsWith('/selfsubjectaccessreviews')) {
      return answer(response, { status: { allowed: true } }, 201)
    }
    if (!listing) return refuse(response, 503, 'ServiceUnavailable')
    const items = request.path.endsWith('/approvalrequests') ? [pending] : []
    answer(response, { metadata: { resourceVersion: '1' }, items })
  })
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: api.url } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: { token: 'gateways-own-token' } }],
  }
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config))
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await api.close()
  rmSync(folder, { recursive: true })
})

/** Starts the gateway as its own process; `line(message)` is the first log line with this message. */
function startProcess(...flags: string[]) {
  const args = [join(import.meta.dirname, 'main.ts'), `--kubeconfig=${join(folder, 'kubeconfig')}`, ...flags]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  running.push(child)
  const lines: Line[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', text => lines.push(JSON.parse(text)))
  const line = async (message: string): Promise<Line> => {
    for (;;) {
      const found = lines.find(({ msg }) => msg === message)
      if (found) return found
      await once(reader, 'line', { signal: AbortSignal.timeout(20_000) })
    }
  }
  return { child, line, exit: once(child, 'exit') as Promise<[number | null, string | null]> }
}

describe('the process of the gateway', () => {
  test('should say where it listens, and end long polls, requests and itself on SIGTERM', {
    timeout: 40_000,
  }, async () => {
    const { child, line, exit } = startProcess('--port=0', '--metrics-port=0')
    const { url, metricsUrl } = await line('listening')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = async () => (await fetch(`${url}/readyz`)).status
    await expect.poll(ready, { timeout: 10_000 }).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(404)

    const polling = fetch(`${url}/api/v1/projects/shop/approvals/a?wait=60`, {
      headers: { authorization: 'Bearer t' },
    })
    const metrics = async () => (await fetch(`${metricsUrl}/metrics`)).text()
    await expect.poll(metrics, { timeout: 10_000 }).toContain('countersign_gateway_long_polls 1')
    expect(await metrics()).toMatch(/process_cpu_seconds_total|rest_client_requests_total/)

    child.kill('SIGTERM')
    const answered = await polling
    expect(answered.status).toBe(200)
    expect(await answered.json()).toMatchObject({ phase: 'Pending' })
    expect(await exit).toEqual([0, null])
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  test('should be alive but not ready while load balancers take notice', { timeout: 40_000 }, async () => {
    const { child, line, exit } = startProcess('--port=0', '--metrics-port=0', '--drain-seconds=30')
    const { url } = await line('listening')
    child.kill('SIGTERM')
    await line('stopping')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    // Who asks twice means now.
    child.kill('SIGTERM')
    expect(await exit).toEqual([1, null])
  })

  test('should not be ready before everything has been read once', { timeout: 40_000 }, async () => {
    listing = false
    const { child, line, exit } = startProcess('--port=0', '--metrics-port=0')
    const { url } = await line('listening')
    const ready = async () => {
      const answer = await fetch(`${url}/readyz`)
      return [answer.status, await answer.text()]
    }
    expect(await ready()).toEqual([503, 'not everything has been read yet\n'])
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    listing = true
    await expect.poll(ready, { timeout: 20_000 }).toEqual([200, 'ok\n'])
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  test('should say what is wrong with a flag and exit with 1', { timeout: 40_000 }, async () => {
    const { line, exit } = startProcess('--port=http')
    expect(await line('the gateway could not start')).toMatchObject({
      error: { message: '--port: not a whole number from 0 to 65535' },
    })
    expect(await exit).toEqual([1, null])
  })
})
