import type { Api } from '../api/client.ts'
import type { AuditEntry, Page } from '../api/types.ts'
import { csvHead, csvLines, jsonLines } from './csv.ts'

export const formats = {
  csv: { type: 'text/csv;charset=utf-8', head: csvHead, lines: csvLines },
  jsonl: { type: 'application/jsonl', head: '', lines: jsonLines },
} as const
export type Format = keyof typeof formats

type Asked = Readonly<Record<string, string | number | undefined>>

export interface Exported {
  readonly file: Blob
  readonly count: number
}

/**
 * Everything that a filter matches, newest first, not only what is shown. A file comes of it once the last page has been
 * read, and only then: whatever fails on the way rejects. What is read is handed over to the browser page by page, so
 * that not all of it is held here.
 */
export async function exportAll(
  api: Api,
  project: string,
  asked: Asked,
  format: Format,
  progress: (count: number) => void,
  signal: AbortSignal,
): Promise<Exported> {
  const { type, head, lines } = formats[format]
  const parts: Blob[] = [new Blob([head])]
  let count = 0
  let last = Number.POSITIVE_INFINITY
  let next: string | undefined
  do {
    const query = { ...asked, limit: 500, continue: next }
    const page = await api.get<Page<AuditEntry>>(`/projects/${project}/audit`, query, signal)
    signal.throwIfAborted()
    for (const { seq } of page.items) {
      // An entry that came twice, or out of its turn, would make a file that only looks whole.
      if (seq >= last) throw new Error(`Entry ${seq} came after entry ${last}: the export is not in order.`)
      last = seq
    }
    parts.push(new Blob([lines(page.items)]))
    count += page.items.length
    progress(count)
    next = page.continue
  } while (next !== undefined)
  return { file: new Blob(parts, { type }), count }
}

/** `shop-audit-2026-11-22T23-10-05Z.csv`: of which project, and when it was made. */
export const fileName = (project: string, format: Format, now: number): string =>
  `${project}-audit-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z.${format}`

/** Hands a file to the browser to be saved. */
export function save(name: string, file: Blob): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser may still be reading it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
