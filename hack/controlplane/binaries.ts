import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { binariesFolder, cacheFolder, type Program, programs, readVersions } from './versions.ts'

/** The absolute path of each program. */
export type Binaries = Readonly<Record<Program, string>>

export async function ensureBinaries(): Promise<Binaries> {
  const folder = binariesFolder(cacheFolder(), readVersions())
  const found = Object.fromEntries(programs.map(p => [p, join(folder, p)])) as Record<Program, string>
  for (const path of Object.values(found)) if (!existsSync(path)) throw new Error(`missing ${path}`)
  return found
}
