import type { Interface } from 'node:readline'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { describeRequest } from '../approvals/describe.ts'
import { byUrgency, requestTable } from '../approvals/rows.ts'
import type { Io } from '../io.ts'
import { painter } from '../text/paint.ts'
import type { Intent } from './decide.ts'

/** What somebody chose at the terminal. */
export interface Picked {
  readonly request: ApprovalRequest
  readonly reason?: string | undefined
}

/**
 * Lets the person choose one of the pending requests, shows it in full, and only then asks. Undefined when they would
 * rather decide nothing (an empty answer, no, the end of input).
 */
export async function pick(
  io: Io,
  pending: readonly ApprovalRequest[],
  allNamespaces: boolean,
  intent: Intent,
): Promise<Picked | undefined> {
  const sorted = pending.toSorted(byUrgency)
  const paint = painter(io.colour)
  const lines = io.lines()
  try {
    const request = sorted.length === 1 ? sorted[0] : await choose(io, lines, sorted, allNamespaces)
    if (!request) return undefined
    io.out(`\n${describeRequest(request, {}, io.now(), paint)}\n`)
    if (intent.verdict === 'Reject' && intent.reason === undefined) {
      const reason = (await ask(lines, 'Reason to reject it (empty: leave it): '))?.trim()
      return reason ? { request, reason } : undefined
    }
    const answer = await ask(lines, `${intent.verdict}? [y/N] `)
    return /^y(es)?$/i.test(answer?.trim() ?? '') ? { request, reason: intent.reason } : undefined
  } finally {
    lines.close()
  }
}

async function choose(
  io: Io,
  lines: Interface,
  requests: readonly ApprovalRequest[],
  namespace: boolean,
): Promise<ApprovalRequest | undefined> {
  const paint = painter(io.colour)
  const width = String(requests.length).length
  const columns = { namespace, phase: false, wide: false, fit: io.size().columns - width - 2 }
  const text = requestTable(requests, columns, io.now(), paint)
  const [header = '', ...rows] = text.trimEnd().split('\n')
  const numbered = rows.map((row, i) => `${String(i + 1).padStart(width)}  ${row}`)
  io.out(`${' '.repeat(width)}  ${header}\n${numbered.join('\n')}\n\n`)
  for (;;) {
    const answer = (await ask(lines, `Which one? [1-${requests.length}, empty: none] `))?.trim()
    if (!answer) return undefined
    const chosen = requests[Number(answer) - 1] ?? requests.find(request => request.metadata.name === answer)
    if (chosen) return chosen
    io.out(`Type a number from 1 to ${requests.length}, or a name.\n`)
  }
}

/** One line of input, or undefined at its end. */
const ask = (lines: Interface, question: string): Promise<string | undefined> =>
  new Promise(resolve => {
    const ended = (): void => resolve(undefined)
    lines.once('close', ended)
    lines.question(question, answer => {
      lines.off('close', ended)
      resolve(answer)
    })
  })

/** What follows `needs the name of a request` where nobody can be asked. */
export function pendingHint(pending: readonly ApprovalRequest[], now: number): string {
  if (pending.length === 0) return ' None is pending.'
  const columns = { namespace: false, phase: false, wide: false }
  return ` Pending:\n\n${requestTable(pending.toSorted(byUrgency), columns, now, painter(false))}`
}
