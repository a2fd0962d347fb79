import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { kubebuilderAssets } from './assets.ts'
import { mirrorsFrom, officialDownload } from './download.ts'
import { goBuild } from './gobuild.ts'
import { withLock } from './lock.ts'
import { type Progress, showProgress } from './progress.ts'
import { binariesFolder, cacheFolder, type Program, programs, readVersions } from './versions.ts'

/** The absolute path of each program. */
export type Binaries = Readonly<Record<Program, string>>

/** One way to come by programs. */
export interface Source {
  readonly name: string
  /**
   * Provides what it can of `wanted` and returns the paths. What it makes it puts into `folder`, each file moved
   * there when finished. Rejects with the reason when it fails; what is in `folder` by then still counts.
   */
  provide(
    wanted: readonly Program[],
    folder: string,
    progress: Progress,
  ): Promise<Partial<Record<Program, string>>>
}

export interface BinariesOptions {
  /** Default: on standard error. */
  readonly progress?: Progress
  /** The folder where finished programs are kept. */
  readonly folder?: string
  /** Where to look beyond the cache, in this order. */
  readonly sources?: readonly Source[]
}

/**
 * Finds the programs of a control plane or makes them: from the cache, `KUBEBUILDER_ASSETS`, the official
 * download, a build from Go modules, in this order and each for what those before it lack. Silent when all are
 * cached. Of several processes that ask at once, one works and the others wait for it. Rejects with what to
 * do when nothing helps.
 */
export async function ensureBinaries(options: BinariesOptions = {}): Promise<Binaries> {
  const versions = readVersions()
  const folder = options.folder ?? binariesFolder(cacheFolder(), versions)
  const cached = inFolder(folder)
  if (isComplete(cached)) return cached

  const sources = options.sources ?? [
    kubebuilderAssets(versions, process.env),
    officialDownload(versions, mirrorsFrom(process.env)),
    goBuild(versions),
  ]
  const progress = options.progress ?? showProgress()
  try {
    return await withLock(
      `${folder}.lock`,
      () => fromSources(folder, sources, progress),
      pid => progress.step(`Waiting for process ${pid}, which is getting the control plane's programs`),
    )
  } finally {
    progress.end()
  }
}

async function fromSources(
  folder: string,
  sources: readonly Source[],
  progress: Progress,
): Promise<Binaries> {
  mkdirSync(folder, { recursive: true })
  removeLeftovers(folder)
  // Whoever held the lock before may have left nothing to do.
  let found: Partial<Binaries> = inFolder(folder)
  const reasons: string[] = []
  for (const source of sources) {
    if (isComplete(found)) break
    const wanted = programs.filter(program => found[program] === undefined)
    try {
      found = { ...found, ...(await source.provide(wanted, folder, progress)) }
    } catch (error) {
      const reason = `${source.name}: ${(error as Error).message}`
      progress.note(`  ${reason}`)
      reasons.push(reason)
      found = { ...found, ...inFolder(folder) }
    }
  }
  if (isComplete(found)) return found
  const missing = programs.filter(program => found[program] === undefined).join(', ')
  throw new Error(`cannot get ${missing}:\n${reasons.map(reason => `  ${reason}`).join('\n')}`)
}

function inFolder(folder: string): Partial<Binaries> {
  const entries = programs.map(program => [program, join(folder, program)] as const)
  return Object.fromEntries(entries.filter(([, path]) => existsSync(path)))
}

const isComplete = (found: Partial<Binaries>): found is Binaries =>
  programs.every(program => found[program] !== undefined)

/** Half-made files of a process that was killed. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) rmSync(join(folder, name), { recursive: true, force: true })
  }
}
