// What must hold after the storm, checked from the outside: against the history that the API server told, the times
// that people were outside, and what they were answered. Nothing of the operator's own code is used.
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { type Accepted, acceptedIn, type Revision } from './order.ts'

/** A time in which the API server refused somebody: after `from`, and up to `to` if they came back. */
export interface Outside {
  readonly who: string
  readonly from: Revision
  readonly to: Revision | undefined
}

/** Something that somebody tried, and what they were told. */
export interface Attempt {
  readonly who: string
  readonly path: string
  readonly request: string
  readonly verdict: 'Approve' | 'Reject'
  /** Not theirs to send, whoever they are: under another's name, or over another's decision. */
  readonly forged: boolean
  /** Whether they were outside from before it was sent until after it was answered. */
  readonly outside: boolean
  readonly taken: boolean
  readonly said: string
}

export interface Evidence {
  readonly versions: ReadonlyMap<string, readonly ApprovalRequest[]>
  readonly outside: readonly Outside[]
  readonly attempts: readonly Attempt[]
  readonly audit: readonly AuditEntry[]
  /** Calls that the tool received, by run. */
  readonly calls: ReadonlyMap<string, number>
}

/** Everything that is wrong, in sentences; none if all is well. */
export const faultsIn = (evidence: Evidence): string[] => [
  ...[...evidence.versions].flatMap(([name, versions]) => [
    ...faultsOfHistory(name, versions),
    ...faultsOfVerdict(name, versions),
    ...faultsOfRecord(name, versions, evidence),
    ...faultsOfCalls(name, versions, evidence),
  ]),
  ...faultsOfPeople(evidence),
  ...faultsOfAnswers(evidence),
]

/** Decisions only come, one person once, and none after the end. */
const faultsOfHistory = (name: string, versions: readonly ApprovalRequest[]): string[] => {
  const faults: string[] = []
  for (const [index, { status }] of versions.entries()) {
    const names = status.decisions.map(({ reviewer }) => reviewer)
    if (new Set(names).size !== names.length) faults.push(`${name}: somebody is in it twice: ${names}`)
    const before = versions[index - 1]?.status
    if (!before) continue
    const kept = before.decisions.every(old => status.decisions.some(now => same(old, now)))
    if (!kept) faults.push(`${name}: a decision was changed or removed`)
    const added = status.decisions.length - before.decisions.length
    if (added > 1) faults.push(`${name}: ${added} decisions came in one write`)
    if (before.phase === 'Pending') continue
    if (added !== 0) faults.push(`${name}: a decision came after it was ${before.phase}`)
    if (before.phase !== status.phase) faults.push(`${name}: was ${before.phase}, then ${status.phase}`)
  }
  return faults
}

const same = (a: object, b: object): boolean => {
  const entries = (value: object) => JSON.stringify(Object.entries(value).sort())
  return entries(a) === entries(b)
}

/** The verdict is what the decisions say, and nothing else. */
const faultsOfVerdict = (name: string, versions: readonly ApprovalRequest[]): string[] => {
  const last = versions.at(-1)
  if (!last) return []
  const { phase, decisions } = last.status
  const rejected = decisions.some(({ verdict }) => verdict === 'Reject')
  const enough = new Set(decisions.map(({ reviewer }) => reviewer)).size >= last.spec.requiredApprovals
  const decided = rejected ? 'Rejected' : enough ? 'Approved' : undefined
  // What was cancelled with its run may have been decided in the same moment, and what is pending may be about to settle.
  const right =
    decided === undefined
      ? phase !== 'Approved' && phase !== 'Rejected'
      : phase === decided || phase === 'Cancelled'
  return right
    ? []
    : [`${name}: is ${phase} with ${JSON.stringify(decisions.map(d => [d.reviewer, d.verdict]))}`]
}

/** The audit log tells who decided, once. */
const faultsOfRecord = (
  name: string,
  versions: readonly ApprovalRequest[],
  { audit }: Evidence,
): string[] => {
  const last = versions.at(-1)
  if (!last) return []
  const { phase, decisions } = last.status
  const ends = audit.filter(
    ({ approvalRequest, action }) =>
      approvalRequest === name && action.startsWith('Approval') && action !== 'ApprovalRequested',
  )
  if (phase === 'Pending') return ends.length === 0 ? [] : [`${name}: is recorded as ended, and is not`]
  const [end] = ends
  if (ends.length !== 1 || end?.action !== `Approval${phase}`) {
    return [`${name}: is ${phase}, and recorded as ${JSON.stringify(ends.map(({ action }) => action))}`]
  }
  if (phase !== 'Approved' && phase !== 'Rejected') return []
  const counted = decisions.filter(({ verdict }) => verdict === (phase === 'Approved' ? 'Approve' : 'Reject'))
  const who = counted.map(({ reviewer }) => reviewer).sort()
  const told = end.actor?.split(', ').sort()
  if (JSON.stringify(told) !== JSON.stringify(who))
    return [`${name}: decided by ${who}, recorded as by ${told}`]
  const via = [...new Set(counted.map(each => each.via as string))].sort()
  const recorded = end.via?.split(', ').sort()
  return JSON.stringify(recorded) === JSON.stringify(via)
    ? []
    : [`${name}: via ${via}, recorded as ${recorded}`]
}

/** What was approved is called at most once, what was not never. */
const faultsOfCalls = (name: string, versions: readonly ApprovalRequest[], { calls }: Evidence): string[] => {
  const last = versions.at(-1)
  const run = last?.spec.runRef.name ?? ''
  const called = calls.get(run) ?? 0
  if (last?.status.phase !== 'Approved')
    return called === 0 ? [] : [`${name}: was called, and is ${last?.status.phase}`]
  return called > 1 ? [`${name}: was called ${called} times`] : []
}

/** Nobody decided who was outside, or who started the run where its agent minds. */
const faultsOfPeople = ({ versions, outside }: Evidence): string[] =>
  [...versions.values()].flatMap(of => {
    const spec = of[0]?.spec
    return acceptedIn(of).flatMap(accepted => [
      ...outside
        .filter(({ who, from, to }) => who === accepted.reviewer && isWithin(accepted, from, to))
        .map(
          ({ who, from, to }) =>
            `${accepted.request}: ${who} decided at ${accepted.at}, and was outside from ${from} to ${to ?? 'the end'}`,
        ),
      ...(spec && !spec.allowSelfApproval && (spec.requestedBy ?? accepted.reviewer) === accepted.reviewer
        ? [`${accepted.request}: ${accepted.reviewer} decided their own run`]
        : []),
    ])
  })

const isWithin = ({ at }: Accepted, from: Revision, to: Revision | undefined): boolean =>
  at > from && (to === undefined || at <= to)

/** What a decision says of the path that it came over. */
const VIA: Readonly<Record<string, string>> = {
  REST: 'Token',
  'REST, several at once': 'Token',
  'API key': 'API',
}

/** What people were told is true: what was taken is there, and nothing was that must not be. */
const faultsOfAnswers = ({ versions, attempts }: Evidence): string[] =>
  attempts.flatMap(({ who, path, request, verdict, forged, outside, taken, said }) => {
    const attempt = `${who} over ${path} on ${request}`
    // Refused, or too busy to say (429, 503), which a storm may bring about; never at a loss.
    if (!taken) return said.startsWith('500') ? [`${attempt}: ${said}`] : []
    if (forged) return [`${attempt}: a forged decision was taken`]
    if (outside) return [`${attempt}: was taken although they were outside`]
    const decision = acceptedIn(versions.get(request) ?? []).find(({ reviewer }) => reviewer === who)
    if (decision?.verdict !== verdict) return [`${attempt}: was told that it was taken, and it is not there`]
    // One that was sent again over another path is still the first.
    const sent = attempts.filter(other => other.who === who && other.request === request && !other.forged)
    return sent.some(other => decision.via === (VIA[other.path] ?? 'Kubectl'))
      ? []
      : [`${attempt}: is said to have come via ${decision.via}`]
  })
