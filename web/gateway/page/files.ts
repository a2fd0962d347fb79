import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** One file of the built page, ready to be sent. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  /** Absent where it would not be smaller. */
  readonly gzip: Buffer | undefined
  /** Its name holds a digest of it, so that it never changes. */
  readonly immutable: boolean
}

/** The built page: files by their path, which begins with `/`. */
export type PageFiles = ReadonlyMap<string, PageFile>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/**
 * Reads the page that `npm run build` made (about 1 MB) into memory: what is sent later is what was there at the
 * start, and no path from a request ever reaches the disk. `undefined` where there is no page.
 */
export function readPage(folder: string): PageFiles | undefined {
  const files = new Map<string, PageFile>()
  for (const name of namesIn(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const plain = readFileSync(join(folder, name))
    const packed = gzipSync(plain, { level: 9 })
    files.set(`/${name}`, {
      type,
      etag: `"${createHash('sha256').update(plain).digest('base64url')}"`,
      plain,
      gzip: packed.length < plain.length ? packed : undefined,
      immutable: name.startsWith('assets/'),
    })
  }
  return files.has('/index.html') ? files : undefined
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => name.replaceAll('\\', '/'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
