import type { AuditEntry } from '../api/types.ts'

/** The columns of the file, in order: every field of an entry, those of `object` under names of their own. */
const columns: Readonly<Record<string, (entry: AuditEntry) => unknown>> = {
  seq: entry => entry.seq,
  time: entry => entry.time,
  action: entry => entry.action,
  actor: entry => entry.actor,
  via: entry => entry.via,
  agent: entry => entry.agent,
  agentGeneration: entry => entry.agentGeneration,
  run: entry => entry.run,
  approvalRequest: entry => entry.approvalRequest,
  tool: entry => entry.tool,
  params: entry => entry.params,
  reason: entry => entry.reason,
  outcome: entry => entry.outcome,
  gates: entry => entry.gates,
  context: entry => entry.context,
  objectKind: entry => entry.object?.kind,
  objectName: entry => entry.object?.name,
  objectGeneration: entry => entry.object?.generation,
  diff: entry => entry.object?.diff,
  paramsDigest: entry => entry.paramsDigest,
  callDigest: entry => entry.callDigest,
  record: entry => entry.record,
}

/** The first line (RFC 4180). */
export const csvHead = `${Object.keys(columns).join(',')}\r\n`

/** The lines of these entries. */
export const csvLines = (entries: readonly AuditEntry[]): string =>
  entries
    .map(
      entry =>
        `${Object.values(columns)
          .map(of => cell(of(entry)))
          .join(',')}\r\n`,
    )
    .join('')

/** One entry as JSON on each line, with what the gateway said and nothing else. */
export const jsonLines = (entries: readonly AuditEntry[]): string =>
  entries.map(entry => `${JSON.stringify(entry)}\n`).join('')

/** What a spreadsheet takes for the beginning of a formula (also in full width), or skips before one. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** A text that a spreadsheet would calculate gets an apostrophe in front, which it takes for `this is text`. */
function cell(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
