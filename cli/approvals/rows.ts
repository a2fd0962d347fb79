import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { approvals, expiresAt, requestedAt } from '../requests/time.ts'
import { duration } from '../text/duration.ts'
import type { Paint } from '../text/paint.ts'
import { shortParams } from '../text/params.ts'
import { table } from '../text/table.ts'

/** Pending ones first, those whose deadline is nearest before others; then the settled ones, newest first. */
export function byUrgency(a: ApprovalRequest, b: ApprovalRequest): number {
  const pending = Number(b.status.phase === 'Pending') - Number(a.status.phase === 'Pending')
  if (pending !== 0) return pending
  const order = a.status.phase === 'Pending' ? expiresAt(a) - expiresAt(b) : requestedAt(b) - requestedAt(a)
  return order || (a.metadata.name < b.metadata.name ? -1 : 1)
}

export interface Columns {
  readonly namespace: boolean
  readonly phase: boolean
  readonly wide: boolean
  /** Width of the terminal; parameters give way first. Undefined: as wide as it gets. */
  readonly fit?: number | undefined
}

const PARAMS_WIDTH = 48
const LEAST_PARAMS = 12
const WIDE_PARAMS = 400
const SOON_MS = 5 * 60_000

interface Column {
  readonly title: string
  readonly cell: (request: ApprovalRequest, now: number) => string
}

const remaining = (request: ApprovalRequest, now: number): string => {
  if (request.status.phase !== 'Pending') return '-'
  const left = expiresAt(request) - now
  return left > 0 ? duration(left) : 'over'
}

function columnsOf({ namespace, phase, wide }: Columns, paramsWidth: number): Column[] {
  const of = (title: string, cell: Column['cell']): Column => ({ title, cell })
  return [
    ...(namespace ? [of('NAMESPACE', r => r.metadata.namespace ?? '')] : []),
    of('NAME', r => r.metadata.name),
    ...(phase ? [of('PHASE', r => r.status.phase)] : []),
    of('AGENT', r => r.spec.agentRef.name),
    of('TOOL', r => visible(r.spec.tool)),
    of('PARAMS', r => shortParams(r.spec.params, paramsWidth)),
    of('AGE', (r, now) => duration(now - requestedAt(r))),
    of('EXPIRES', remaining),
    of('APPROVALS', r => `${approvals(r)}/${r.spec.requiredApprovals}`),
    ...(wide
      ? [
          of('RUN', r => r.spec.runRef.name),
          of('STARTED BY', r => visible(r.spec.requestedBy ?? '<unknown>')),
        ]
      : []),
  ]
}

/** The table of `kubectl approvals`, in the order given. Rows whose deadline is near are coloured. */
export function requestTable(
  requests: readonly ApprovalRequest[],
  columns: Columns,
  now: number,
  paint: Paint,
): string {
  const text = plainTable(requests, columns, now)
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const painted = lines.map((line, i) => {
    const request = requests[i]
    const soon = request?.status.phase === 'Pending' && expiresAt(request) - now < SOON_MS
    return soon ? paint('yellow', line) : line
  })
  return `${[paint('bold', header), ...painted].join('\n')}\n`
}

function plainTable(requests: readonly ApprovalRequest[], columns: Columns, now: number): string {
  const draw = (paramsWidth: number): string => {
    const shown = columnsOf(columns, paramsWidth)
    return table(
      shown.map(column => column.title),
      requests.map(request => shown.map(column => column.cell(request, now))),
    )
  }
  if (columns.wide) return draw(WIDE_PARAMS)
  const text = draw(PARAMS_WIDTH)
  const excess =
    Math.max(...text.split('\n').map(line => line.length)) - (columns.fit ?? Number.POSITIVE_INFINITY)
  return excess > 0 ? draw(Math.max(LEAST_PARAMS, PARAMS_WIDTH - excess)) : text
}
