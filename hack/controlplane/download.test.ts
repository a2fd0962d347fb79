import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { officialDownload, type Patience } from './download.ts'
import type { Progress } from './progress.ts'
import { programs, type Versions } from './versions.ts'

const versions: Versions = { kubernetes: 'v1.36.3', etcd: 'v3.6.8', go: '1.26.0', hash: '' }
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What the mirror serves, by path; a test changes it. */
let files: Map<string, Buffer | string>
let server: Server
let base: string
let folder: string
let steps: string[]
let progress: Progress

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'download-test-'))
  files = published()
  server = createServer((request, response) => {
    const file = files.get(request.url ?? '')
    if (file === undefined) return response.writeHead(404).end()
    // As the publishers do: the file itself is elsewhere.
    if (file === 'stalls') return response.writeHead(200, { 'content-length': 100 }).write('the first bytes')
    if (file === 'moved') return response.writeHead(302, { location: `/elsewhere${request.url}` }).end()
    return response.end(file)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  steps = []
  progress = { step: text => steps.push(text), detail() {}, note() {}, end() {} }
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The publishers' layout, with an etcd archive made by the real tar. */
function published(): Map<string, Buffer | string> {
  const staging = mkdtempSync(join(tmpdir(), 'download-staging-'))
  const name = 'etcd-v3.6.8-linux-amd64'
  mkdirSync(join(staging, name, 'Documentation'), { recursive: true })
  writeFileSync(join(staging, name, 'Documentation', 'etcd'), 'not this one')
  writeFileSync(join(staging, name, 'README.md'), 'r'.repeat(512))
  writeFileSync(join(staging, name, 'etcd'), 'etcd, the program '.repeat(100_000))
  execFileSync('tar', ['-czf', 'etcd.tar.gz', name], { cwd: staging })
  const archive = readFileSync(join(staging, 'etcd.tar.gz'))
  rmSync(staging, { recursive: true })

  const all = new Map<string, Buffer | string>([
    [`/etcd/v3.6.8/${name}.tar.gz`, archive],
    ['/etcd/v3.6.8/SHA256SUMS', `${'0'.repeat(64)}  other.zip\n${sha256(archive)}  ${name}.tar.gz\n`],
  ])
  for (const program of programs.filter(each => each !== 'etcd')) {
    const path = `/k8s/v1.36.3/bin/linux/amd64/${program}`
    const bytes = Buffer.from(`${program}, the program`)
    all.set(path, 'moved').set(`/elsewhere${path}`, bytes).set(`${path}.sha256`, sha256(bytes))
  }
  return all
}

const provide = (
  wanted: readonly (typeof programs)[number][] = programs,
  machine = 'linux-x64',
  patience?: Patience,
) =>
  officialDownload(versions, { kubernetes: `${base}/k8s`, etcd: `${base}/etcd` }, machine, patience).provide(
    wanted,
    folder,
    progress,
  )

test('every program is fetched, unpacked and can be run', async () => {
  const found = await provide()
  expect(readFileSync(found.etcd ?? '', 'utf8')).toBe('etcd, the program '.repeat(100_000))
  expect(readFileSync(found.kubectl ?? '', 'utf8')).toBe('kubectl, the program')
  for (const program of programs) expect(statSync(join(folder, program)).mode & 0o777).toBe(0o755)
  expect(readdirSync(folder).sort()).toEqual([...programs].sort())
  expect(steps).toContain('[2/4] Downloading kube-apiserver')
})

test('only what is wanted is fetched', async () => {
  await provide(['kube-controller-manager'])
  expect(readdirSync(folder)).toEqual(['kube-controller-manager'])
})

test('a file that is not what its publisher says is not kept', async () => {
  files.set('/elsewhere/k8s/v1.36.3/bin/linux/amd64/kubectl', 'something else')
  await expect(provide(['kubectl'])).rejects.toThrow(
    /kubectl: SHA-256 is [0-9a-f]{64}, published is [0-9a-f]{64}$/,
  )
  expect(readdirSync(folder)).toEqual([])
})

test('a checksum file without the checksum is an error', async () => {
  files.set('/etcd/v3.6.8/SHA256SUMS', '<html>sign in</html>')
  await expect(provide(['etcd'])).rejects.toThrow(
    /SHA256SUMS holds no SHA-256 for etcd-v3.6.8-linux-amd64.tar.gz$/,
  )
})

test('an archive that is cut short is an error', async () => {
  const path = '/etcd/v3.6.8/etcd-v3.6.8-linux-amd64.tar.gz'
  const half = (files.get(path) as Buffer).subarray(0, 500)
  files.set(path, half).set('/etcd/v3.6.8/SHA256SUMS', `${sha256(half)}  etcd-v3.6.8-linux-amd64.tar.gz\n`)
  await expect(provide(['etcd'])).rejects.toThrow()
  expect(readdirSync(folder)).toEqual([])
})

test('a version that is not there is an error that names the address', async () => {
  files.clear()
  await expect(provide(['kubectl'])).rejects.toThrow(
    `${base}/k8s/v1.36.3/bin/linux/amd64/kubectl.sha256: HTTP 404`,
  )
})

test('nothing is asked for a machine for which nothing is published', async () => {
  await expect(provide(programs, 'darwin-arm64')).rejects.toThrow('nothing is published for darwin-arm64')
  expect(steps).toEqual([])
})

test('without a way out it gives up at once', async () => {
  base = 'http://download.invalid'
  const begin = performance.now()
  await expect(provide()).rejects.toThrow(/^http:\/\/download.invalid.*: (getaddrinfo|.*ENOTFOUND)/)
  expect(performance.now() - begin).toBeLessThan(5500)
})

test('a host that never answers is given up', async () => {
  server.removeAllListeners('request')
  const patience = { probe: 100, stall: 60_000 }
  await expect(provide(['kubectl'], 'linux-x64', patience)).rejects.toThrow(/aborted due to timeout/)
})

test('a download that stands still is given up', async () => {
  files.set('/k8s/v1.36.3/bin/linux/amd64/kubectl', 'stalls')
  await expect(provide(['kubectl'], 'linux-x64', { probe: 5000, stall: 200 })).rejects.toThrow()
  expect(readdirSync(folder)).toEqual([])
})
