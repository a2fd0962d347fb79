import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Lets `use` have a file that holds `value` as JSON, for `kubectl --filename`. It is readable by the caller alone and
 * gone afterwards. Not standard input: a credential plugin may need that to ask for a password.
 */
export async function withJsonFile<T>(value: unknown, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  try {
    const path = join(folder, 'object.json')
    await writeFile(path, JSON.stringify(value))
    return await use(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
