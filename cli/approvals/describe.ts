import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { progressOf } from '../../operator/policy/decisions.ts'
import { prettyParams } from '../../operator/policy/shown.ts'
import { visible, visibleLines } from '../../operator/policy/visible.ts'
import { gateLines } from '../../operator/policy/why.ts'
import { expiry, progress, settlement } from '../decide/judge.ts'
import type { Approver } from '../requests/access.ts'
import type { RequestEvent } from '../requests/events.ts'
import type { Person } from '../requests/person.ts'
import { approvals, expiresAt, requestedAt } from '../requests/time.ts'
import { duration, utc, when } from '../text/duration.ts'
import type { Paint } from '../text/paint.ts'
import { toldLines } from './told.ts'

/** What was asked of the cluster beside the request itself; what was not asked is absent, and not shown. */
export interface Surroundings {
  readonly person?: Person
  /** Whether RBAC lets `person` decide. */
  readonly holdsRight?: boolean
  readonly approvers?: readonly Approver[]
  readonly events?: readonly RequestEvent[]
}

const LABEL_WIDTH = 13
const line = (label: string, value: string): string => `${`${label}:`.padEnd(LABEL_WIDTH)}${value}`

/** One request in full, for a person who is about to decide. Ends with a line break. */
export function describeRequest(
  request: ApprovalRequest,
  around: Surroundings,
  now: number,
  paint: Paint,
): string {
  const { spec, metadata } = request
  const told = toldLines(request, now)
  const sections = [
    [
      line('Name', metadata.name),
      line('Namespace', metadata.namespace ?? ''),
      line('Phase', phase(request, now, paint)),
      line('Agent', spec.agentRef.name),
      line('Run', `${spec.runRef.name}, started by ${visible(spec.requestedBy ?? 'somebody unknown')}`),
      line('Tool', paint('bold', visible(spec.tool))),
      line('Call', spec.callID),
    ],
    ['Parameters:', `  ${prettyParams(spec.params, '  ')}`],
    ...(spec.message ? [['Message:', ...visibleLines(spec.message).map(text => `  ${text}`)]] : []),
    ['Why it waits:', ...spec.gates.flatMap(gate => gateLines(gate, spec.agentRef.name))],
    [
      line('Approvals', quorum(request)),
      line('If rejected', rejection(request)),
      line('Digest', spec.callDigest),
    ],
    ...(around.approvers && request.status.phase === 'Pending' ? [whoMay(request, around)] : []),
    ...(told.length > 0 ? [['Who was told:', ...told.map(text => `  ${text}`)]] : []),
    ['History:', ...history(request, now).map(text => `  ${text}`)],
    ...((around.events ?? []).length > 0
      ? [['Events:', ...(around.events ?? []).map(event => `  ${eventLine(event, now)}`)]]
      : []),
    ...(canGoOn(request, around) ? [['Decide:', ...commands(request)]] : []),
  ]
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`
}

/** `1 of 2 (alice@acme.com)`. */
function quorum(request: ApprovalRequest): string {
  const { given, required, by } = progressOf(request)
  return `${given} of ${required}${by.length === 0 ? '' : ` (${by.map(visible).join(', ')})`}`
}

function phase(request: ApprovalRequest, now: number, paint: Paint): string {
  const left = expiresAt(request) - now
  switch (request.status.phase) {
    case 'Pending':
      return left > 0
        ? `${paint('yellow', 'Pending')}, ${duration(left)} left (until ${utc(expiresAt(request))})`
        : `${paint('yellow', 'Pending')}, but its time is over (${expiry(request, now)})`
    case 'Approved':
      return paint('green', 'Approved')
    default:
      return paint('red', request.status.phase)
  }
}

const rejection = ({ spec }: ApprovalRequest): string =>
  spec.onRejection === 'Continue' ? 'the agent is told why and goes on' : 'the run fails'

function whoMay(request: ApprovalRequest, { person, holdsRight, approvers }: Surroundings): string[] {
  const lines: string[] = []
  if (person && holdsRight !== undefined) {
    lines.push(`  you, ${visible(person.name)}: ${ownRight(request, person, holdsRight)}`)
  }
  for (const { kind, name, from } of approvers ?? []) {
    lines.push(`  ${kind === 'Group' ? 'group ' : ''}${visible(name)} (${visible(from)})`)
  }
  if ((approvers ?? []).length === 0) lines.push('  (you have no right to read who else may)')
  return ['Who may decide:', ...lines]
}

/** `yes`, or `no, because ...`. */
export function ownRight(request: ApprovalRequest, person: Person, holdsRight: boolean): string {
  const { allowSelfApproval, requestedBy } = request.spec
  const own = request.status.decisions.find(decision => decision.reviewer === person.name)
  if (own) return `you have decided (${own.verdict})`
  // As the policy has it: system:admin is how some distributions name the person with the first client certificate.
  if (person.name.startsWith('system:') && person.name !== 'system:admin') {
    return 'no, because ServiceAccounts and components of the system never decide'
  }
  if (!holdsRight) {
    return 'no, because you lack the verb approve on approvalrequests or patch on approvalrequests/status here'
  }
  if (!allowSelfApproval && requestedBy === undefined) {
    return 'no, because nobody knows who started the run, and whoever did may not decide'
  }
  if (!allowSelfApproval && requestedBy === person.name) {
    return 'no, because you started the run, and its agent wants somebody else to decide'
  }
  return 'yes'
}

/** What happened, oldest first. */
function history(request: ApprovalRequest, now: number): string[] {
  const asked = requestedAt(request)
  const decisions = request.status.decisions
    .toSorted((a, b) => ((a.decidedAt ?? '') < (b.decidedAt ?? '') ? -1 : 1))
    .map(({ reviewer, verdict, reason, decidedAt, via }) => {
      const at = decidedAt === undefined ? 'at an unknown time' : when(decidedAt, now)
      const done = verdict === 'Approve' ? 'approved' : 'rejected'
      return `${at}  ${done} by ${visible(reviewer)} via ${via}${reason ? `: ${visible(reason)}` : ''}`
    })
  const settled = settlement(request, now)
  const { decidedAt, message, phase: verdict } = request.status
  const end = settled
    ? [`${decidedAt ? when(decidedAt, now) : 'settled'}  ${verdict}${message ? `: ${visible(message)}` : ''}`]
    : approvals(request) > 0
      ? [`now  ${progress(request)}`]
      : []
  return [`${utc(asked)} (${duration(now - asked)} ago)  asked for`, ...decisions, ...end]
}

const eventLine = ({ at, reason, message }: RequestEvent, now: number): string =>
  `${when(at, now)}  ${visible(reason)}: ${visible(message)}`

/** Whether to say how to decide: not to somebody who cannot. */
const canGoOn = (request: ApprovalRequest, { person, holdsRight }: Surroundings): boolean =>
  request.status.phase === 'Pending' &&
  person !== undefined &&
  ownRight(request, person, holdsRight ?? false) === 'yes'

const commands = ({ metadata }: ApprovalRequest): string[] => {
  const where = `${metadata.name} -n ${metadata.namespace}`
  return [`  kubectl approve ${where}`, `  kubectl reject ${where} --reason '...'`]
}
