import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadConnection } from './config.ts'
import { createClient } from './http-client.ts'
import { inClusterConnection } from './in-cluster.ts'
import { answer, configMaps, refuse, scriptedServer, TestClock } from './testing.ts'

// client-node alone takes a second to load, on a busy machine several: not on any test's time.
beforeAll(async () => void (await import('@kubernetes/client-node')), 60_000)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kube-config-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
})

function write(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** JSON is YAML. */
function kubeconfig(
  name: string,
  user: object,
  server = 'https://one.example:6443',
  context = 'one',
): string {
  return write(
    name,
    JSON.stringify({
      clusters: [
        {
          name: context,
          cluster: { server, 'certificate-authority-data': Buffer.from('CA').toString('base64') },
        },
      ],
      users: [{ name: context, user }],
      contexts: [{ name: context, context: { cluster: context, user: context, namespace: `ns-${context}` } }],
      'current-context': context,
    }),
  )
}

/** A credential plugin that counts its runs and prints `status`. */
function plugin(status: object): { command: string; runs: () => string[] } {
  const runs = join(folder, 'runs')
  writeFileSync(runs, '')
  const command = write(
    'plugin.sh',
    `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> ${runs}\ncat <<EOT\n${JSON.stringify({ status })}\nEOT\n`,
  )
  chmodSync(command, 0o755)
  return {
    command,
    runs: () => execFileSync('cat', [runs], { encoding: 'utf8' }).trim().split('\n').filter(Boolean),
  }
}

describe('a kubeconfig', () => {
  test('should give server, namespace, certificates and token', async () => {
    const pem = (text: string) => Buffer.from(text).toString('base64')
    const connection = await loadConnection({
      kubeconfig: kubeconfig('a', {
        token: 't\n',
        'client-certificate-data': pem('CERT'),
        'client-key-data': pem('KEY'),
      }),
    })
    expect(connection).toMatchObject({ server: 'https://one.example:6443', namespace: 'ns-one' })
    const tls = await connection.tls()
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(['CA', 'CERT', 'KEY'])
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t' })
  })

  test('should be merged from the files of KUBECONFIG, the first that names a thing winning', async () => {
    const one = kubeconfig('a', { token: 'first' })
    const two = kubeconfig('b', { token: 'second' }, 'https://two.example', 'two')
    const again = kubeconfig('c', { token: 'third' })
    vi.stubEnv('KUBECONFIG', [join(folder, 'absent'), one, two, again].join(delimiter))
    expect(await (await loadConnection()).headers()).toEqual({ authorization: 'Bearer first' })
    const second = await loadConnection({ context: 'two' })
    expect(second.server).toBe('https://two.example')
    expect(await second.headers()).toEqual({ authorization: 'Bearer second' })
  })

  test('should hand out the same TLS options until they change on disk', async () => {
    const clock = new TestClock()
    const cert = write('cert.pem', 'CERT 1')
    const connection = await loadConnection({
      kubeconfig: kubeconfig('a', { 'client-certificate': cert, 'client-key': write('key.pem', 'KEY') }),
      clock,
    })
    const first = await connection.tls()
    await clock.advance(10_000)
    expect(await connection.tls()).toBe(first)
    write('cert.pem', 'CERT 2')
    await clock.advance(10_000)
    expect(String((await connection.tls()).cert)).toBe('CERT 2')
  })

  test.each([
    ['is not there', () => join(folder, 'absent'), 'ENOENT'],
    ['is not YAML', () => write('bad', 'token: "hunter2\n  - {'), 'not valid'],
    ['names no cluster', () => write('empty', '{}'), 'current-context'],
  ])('should be refused when it %s, without quoting it', async (_, file, words) => {
    const error = await loadConnection({ kubeconfig: file() }).catch(error => error as Error)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toContain(words)
    expect(String(error)).not.toContain('hunter2')
  })

  test('should be refused when it lacks the context that was asked for', async () => {
    await expect(loadConnection({ kubeconfig: kubeconfig('a', {}), context: 'nine' })).rejects.toThrow(
      '"nine"',
    )
  })
})

describe('a credential plugin', () => {
  test('should be run once for many requests, and again before its token expires', async () => {
    const clock = new TestClock(Date.UTC(2026, 0, 1))
    const { command, runs } = plugin({ token: 'p', expirationTimestamp: '2026-01-01T01:00:00Z' })
    const connection = await loadConnection({ kubeconfig: kubeconfig('a', { exec: { command } }), clock })
    expect(await Promise.all([1, 2, 3].map(() => connection.headers()))).toEqual(
      Array(3).fill({ authorization: 'Bearer p' }),
    )
    await clock.advance(58 * 60_000)
    await connection.headers()
    expect(runs()).toHaveLength(1)
    await clock.advance(90_000)
    await connection.headers()
    expect(runs()).toHaveLength(2)
  })

  test('should be told what kubectl tells it', async () => {
    const { command, runs } = plugin({ token: 'p' })
    const exec = { command, apiVersion: 'client.authentication.k8s.io/v1beta1', provideClusterInfo: true }
    await (await loadConnection({ kubeconfig: kubeconfig('a', { exec }) })).headers()
    expect(JSON.parse(runs()[0]!)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      kind: 'ExecCredential',
      spec: {
        interactive: expect.any(Boolean),
        cluster: {
          server: 'https://one.example:6443',
          'certificate-authority-data': Buffer.from('CA').toString('base64'),
        },
      },
    })
  })

  test('should be found beside the kubeconfig when its path is relative, and may give a certificate', async () => {
    plugin({ clientCertificateData: 'CERT', clientKeyData: 'KEY' })
    const connection = await loadConnection({
      kubeconfig: kubeconfig('a', { exec: { command: './plugin.sh' } }),
    })
    expect(await connection.tls()).toMatchObject({ cert: 'CERT', key: 'KEY' })
    expect(await connection.headers()).toEqual({})
  })

  test('should be run again when the server refuses its token', async () => {
    const { command, runs } = plugin({ token: 'p' })
    const server = await scriptedServer((_, response, index) =>
      index === 0 ? refuse(response, 401, 'Unauthorized') : answer(response, { items: [] }),
    )
    const client = createClient(
      await loadConnection({ kubeconfig: kubeconfig('a', { exec: { command } }, server.url) }),
    )
    await client.list(configMaps)
    expect(runs()).toHaveLength(2)
    expect(server.requests[1]!.headers.authorization).toBe('Bearer p')
    await client.close()
    await server.close()
  })

  test.each([
    ['is not there', './absent', 'could not be run'],
    ['fails', './fails.sh', 'ended with 3'],
    ['gives rubbish', './rubbish.sh', 'neither a token nor a certificate'],
  ])('that %s should be named, and what it wrote not quoted', async (_, command, words) => {
    for (const [name, script] of [
      ['fails.sh', '#!/bin/sh\necho hunter2\nexit 3\n'],
      ['rubbish.sh', '#!/bin/sh\necho hunter2\n'],
    ] as const) {
      chmodSync(write(name, script), 0o755)
    }
    const connection = await loadConnection({ kubeconfig: kubeconfig('a', { exec: { command } }) })
    const error = await connection.headers().catch(error => error as Error)
    expect(String(error)).toContain(words)
    expect(String(error)).not.toContain('hunter2')
  })
})

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }

  test('should read the token again as it rotates, and when it is refused', async () => {
    const clock = new TestClock()
    write('ca.crt', 'CA')
    write('namespace', 'system\n')
    write('token', 'one\n')
    const connection = inClusterConnection({ clock, folder, env })
    expect(connection).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'system' })
    expect(await connection.headers()).toEqual({ authorization: 'Bearer one' })
    write('token', 'two\n')
    expect(await connection.headers()).toEqual({ authorization: 'Bearer one' })
    await clock.advance(60_000)
    expect(await connection.headers()).toEqual({ authorization: 'Bearer two' })
    write('token', 'three\n')
    await connection.refresh?.()
    expect(await connection.headers()).toEqual({ authorization: 'Bearer three' })
  })

  test('should say so when it is none', () => {
    expect(() => inClusterConnection({ clock: new TestClock(), folder, env: {} })).toThrow(
      'does not run in a pod',
    )
  })
})
