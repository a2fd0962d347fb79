import type { AuditEntry } from '../api/types.ts'

const columns = [
  'seq',
  'time',
  'action',
  'actor',
  'via',
  'agent',
  'run',
  'approvalRequest',
  'tool',
  'params',
  'reason',
  'outcome',
  'callDigest',
  'record',
] as const

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function asCsv(entries: readonly AuditEntry[]): string {
  const lines = entries.map(entry => columns.map(column => cell(entry[column])).join(','))
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`
}

/** One entry as JSON on each line. */
export const asLines = (entries: readonly AuditEntry[]): string =>
  entries.map(entry => `${JSON.stringify(entry)}\n`).join('')

function cell(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Hands a file to the browser to be saved. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
