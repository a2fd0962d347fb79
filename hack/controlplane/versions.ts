import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The programs of a control plane and its client, in the order in which they are made. */
export const programs = ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'] as const
export type Program = (typeof programs)[number]

/** Which versions this repository is pinned to; `go.mod` beside this file is the only place that says so. */
export interface Versions {
  /** As in a tag, `v1.36.3`. */
  readonly kubernetes: string
  readonly etcd: string
  /** The least Go that builds them, `1.26.0`. */
  readonly go: string
  /** SHA-256 of go.mod and go.sum, the first 12 hex digits. */
  readonly hash: string
}

/** The folder of go.mod. */
export const moduleFolder = import.meta.dirname

/** Reads the pins from go.mod. */
export function readVersions(): Versions {
  const goMod = readFileSync(join(moduleFolder, 'go.mod'), 'utf8')
  const goSum = readFileSync(join(moduleFolder, 'go.sum'), 'utf8')
  const pin = (pattern: RegExp): string => {
    const found = pattern.exec(goMod)?.[1]
    if (!found) throw new Error(`hack/controlplane/go.mod has no line like ${pattern.source}`)
    return found
  }
  return {
    kubernetes: pin(/^\s*k8s\.io\/kubernetes (v\S+)/m),
    etcd: pin(/^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m),
    go: pin(/^go (\S+)/m),
    hash: createHash('sha256').update(goMod).update(goSum).digest('hex').slice(0, 12),
  }
}

/** Where what costs time to make is kept, outside the repository and shared by its clones. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.COUNTERSIGN_CACHE) return env.COUNTERSIGN_CACHE
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'countersign')
}

/** The folder of the finished programs of these versions, for this kind of machine. */
export function binariesFolder(cache: string, versions: Versions): string {
  const machine = `${process.platform}-${process.arch}`
  return join(
    cache,
    'controlplane',
    `k8s-${versions.kubernetes}-etcd-${versions.etcd}-${machine}-${versions.hash}`,
  )
}
