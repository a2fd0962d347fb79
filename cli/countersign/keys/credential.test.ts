import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readToken } from './credential.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-credential-'))
  writeFileSync(join(folder, 'token'), 'of-the-file\n')
  plugin('plugin', `echo '{"status": {"token": "of-the-plugin"}}'`)
  plugin('certificates', `echo '{"status": {"clientCertificateData": "c", "clientKeyData": "k"}}'`)
  plugin('broken', 'echo secret-output; exit 3')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function plugin(name: string, script: string): void {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

const exec = (command: string) => ({ apiVersion: 'client.authentication.k8s.io/v1', command })
const users = {
  token: { token: 'of-the-user' },
  file: { tokenFile: 'token', token: 'stale' },
  both: { token: 'of-the-user', exec: exec('./plugin') },
  plugin: { exec: exec('./plugin') },
  certificates: { exec: exec('./certificates') },
  broken: { exec: exec('./broken') },
  certificate: { 'client-certificate-data': 'Y2VydA==' },
  nothing: {},
  twoLines: { token: 'a\r\nx-evil: 1' },
}

/** What is found where the kubeconfig's context is of `user`, or what is said. */
async function found(user: string, flags: string[] = [], env: Record<string, string> = {}): Promise<string> {
  const config = {
    'current-context': 'here',
    contexts: [
      { name: 'here', context: { user, cluster: 'c' } },
      { name: 'there', context: { user: 'file', cluster: 'c' } },
    ],
    users: Object.entries(users).map(([name, of]) => ({ name, user: of })),
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  }
  const read = await readToken({
    kubectl: async () => ({ code: 0, stdout: JSON.stringify(config), stderr: '' }),
    flags,
    env: { KUBECONFIG: join(folder, 'config'), ...env },
  })
  return read.kind === 'Ok' ? read.value : read.refusal.message
}

describe('the token that is shown to the gateway', () => {
  it.each([
    ['of the user', 'token', [], {}, 'of-the-user'],
    ['of a file, beside the kubeconfig, before the token', 'file', [], {}, 'of-the-file'],
    ['of the token before the plugin, as kubectl has it', 'both', [], {}, 'of-the-user'],
    ['of the plugin, beside the kubeconfig', 'plugin', [], {}, 'of-the-plugin'],
    ['of the context that was typed', 'token', ['--context=there'], {}, 'of-the-file'],
    ['of the user that was typed', 'file', ['--user=token'], {}, 'of-the-user'],
    ['typed', 'certificate', ['--token=typed'], {}, 'typed'],
    [
      'of the environment before all',
      'token',
      ['--token=typed'],
      { COUNTERSIGN_TOKEN: 'csk_a_b' },
      'csk_a_b',
    ],
  ])('is that %s', async (_, user, flags, env, token) => {
    expect(await found(user, flags, env)).toBe(token)
  })

  it.each([
    ['a certificate', 'certificate', /client certificate.*COUNTERSIGN_TOKEN/],
    ['a plugin that gives one', 'certificates', /gave a certificate and no token.*COUNTERSIGN_TOKEN/],
    ['a plugin that fails', 'broken', /^The credential plugin .*broken ended with 3\.$/],
    ['nothing', 'nothing', /no token for this user/],
    ['no such user', 'nobody', /names no user/],
    ['a token of two lines', 'twoLines', /characters that no token has/],
  ])('is none with %s, and that is said without showing anything secret', async (_, user, words) => {
    const said = await found(user)
    expect(said).toMatch(words)
    expect(said).not.toMatch(/secret-output|x-evil|Y2VydA/)
  })
})
