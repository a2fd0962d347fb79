import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Dispatcher, EnvHttpProxyAgent, fetch } from 'undici'
import type { Source } from './binaries.ts'
import { extractFile } from './tar.ts'
import type { Program, Versions } from './versions.ts'

/** Where the official programs are published. */
export interface Mirrors {
  /** Like `https://dl.k8s.io`. */
  readonly kubernetes: string
  /** Like `https://github.com/etcd-io/etcd/releases/download`. */
  readonly etcd: string
}

/** The publishers' own addresses, unless the environment names mirrors of them. */
export const mirrorsFrom = (env: NodeJS.ProcessEnv): Mirrors => ({
  kubernetes: env.COUNTERSIGN_KUBERNETES_MIRROR || 'https://dl.k8s.io',
  etcd: env.COUNTERSIGN_ETCD_MIRROR || 'https://github.com/etcd-io/etcd/releases/download',
})

/** One file to fetch, and the text that holds its SHA-256. */
interface Artifact {
  readonly program: Program
  readonly url: string
  readonly checksumsUrl: string
  /** The program's name inside, where the file is a .tar.gz. */
  readonly member?: string
}

/** How long to wait, in milliseconds. */
export interface Patience {
  /** Until it is clear that there is a way out at all. */
  readonly probe: number
  /** For a download that stands still. */
  readonly stall: number
}

/**
 * The official downloads, of exactly the pinned versions. Each is checked against the SHA-256 that its publisher
 * puts beside it: that finds a broken or truncated file, while for its origin HTTPS has to vouch.
 */
export function officialDownload(
  versions: Versions,
  mirrors: Mirrors,
  machine: string = `${process.platform}-${process.arch}`,
  patience: Patience = { probe: 5000, stall: 20_000 },
): Source {
  return {
    name: 'download',
    async provide(wanted, folder, progress) {
      const platform = { 'linux-x64': 'linux-amd64', 'linux-arm64': 'linux-arm64' }[machine]
      if (!platform) throw new Error(`nothing is published for ${machine}`)
      const artifacts = wanted.map(program => artifactOf(program, versions, mirrors, platform))
      const dispatcher = new EnvHttpProxyAgent({
        headersTimeout: patience.stall,
        bodyTimeout: patience.stall,
      })
      try {
        progress.step('Looking for a way to the official downloads')
        const checksums = await fetchChecksums(artifacts, dispatcher, AbortSignal.timeout(patience.probe))
        for (const [i, artifact] of artifacts.entries()) {
          progress.step(`[${i + 1}/${artifacts.length}] Downloading ${artifact.program}`)
          await download(artifact, checksums[i] ?? '', folder, dispatcher, progress.detail)
        }
      } finally {
        await dispatcher.destroy()
      }
      return Object.fromEntries(wanted.map(program => [program, join(folder, program)]))
    },
  }
}

function artifactOf(program: Program, versions: Versions, mirrors: Mirrors, platform: string): Artifact {
  if (program === 'etcd') {
    const name = `etcd-${versions.etcd}-${platform}`
    const release = `${mirrors.etcd}/${versions.etcd}`
    return {
      program,
      url: `${release}/${name}.tar.gz`,
      checksumsUrl: `${release}/SHA256SUMS`,
      member: `${name}/etcd`,
    }
  }
  const url = `${mirrors.kubernetes}/${versions.kubernetes}/bin/${platform.replace('-', '/')}/${program}`
  return { program, url, checksumsUrl: `${url}.sha256` }
}

/** All of them at once and until `signal`, so that a machine without a way out loses little time. */
async function fetchChecksums(
  artifacts: readonly Artifact[],
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await Promise.all(
    artifacts.map(async ({ url, checksumsUrl }) => {
      const text = await fetchText(checksumsUrl, dispatcher, signal)
      // Either the bare digest, or lines of digest and file name.
      const file = url.slice(url.lastIndexOf('/') + 1)
      const lines = text.split('\n').map(line => line.trim().split(/\s+/))
      const digest = lines.find(([, name]) => name === undefined || name.replace(/^\*/, '') === file)?.[0]
      if (!digest || !/^[0-9a-f]{64}$/.test(digest))
        throw new Error(`${checksumsUrl} holds no SHA-256 for ${file}`)
      return digest
    }),
  )
}

async function fetchText(url: string, dispatcher: Dispatcher, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { dispatcher, signal })
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
    return await answer.text()
  } catch (error) {
    throw new Error(`${url}: ${rootMessage(error)}`, { cause: error })
  }
}

async function download(
  artifact: Artifact,
  digest: string,
  folder: string,
  dispatcher: Dispatcher,
  onProgress: (text: string) => void,
): Promise<void> {
  const { url, program, member } = artifact
  const partial = mkdtempSync(join(folder, '.download-'))
  try {
    const file = join(partial, 'file')
    const answer = await fetch(url, { dispatcher })
    if (!answer.ok || !answer.body) throw new Error(`${url}: HTTP ${answer.status}`)
    const total = Number(answer.headers.get('content-length'))
    const hash = createHash('sha256')
    let bytes = 0
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        hash.update(chunk)
        bytes += chunk.length
        onProgress(`${megabytes(bytes)}${total ? ` of ${megabytes(total)}` : ''} MB`)
        callback(null, chunk)
      },
    })
    await pipeline(answer.body, measure, createWriteStream(file))
    const actual = hash.digest('hex')
    if (actual !== digest) throw new Error(`${url}: SHA-256 is ${actual}, published is ${digest}`)
    const finished = member === undefined ? file : join(partial, program)
    if (member !== undefined) {
      const archive = createReadStream(file).pipe(createGunzip())
      if (!(await extractFile(archive, member, finished))) throw new Error(`${url} holds no ${member}`)
    }
    await chmod(finished, 0o755)
    renameSync(finished, join(folder, program))
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

/** `fetch failed` says nothing: what is beneath it does. */
function rootMessage(error: unknown): string {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root instanceof Error ? root.message : String(root)
}
