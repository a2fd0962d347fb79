import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Refusal } from '../kubectl/refusal.ts'
import { readApprovers } from '../requests/access.ts'
import type { Person } from '../requests/person.ts'
import { readRequests } from '../requests/read.ts'
import { isDecided, type Outcome, outcome, standing } from './judge.ts'
import { sendDecision } from './send.ts'
import { type Verdict, WORDS } from './verdict.ts'

export interface Intent {
  readonly verdict: Verdict
  readonly reason?: string | undefined
  /** Only the call with this digest is to be decided. */
  readonly digest?: string | undefined
  /** How long to wait for the operator to settle it; 0: not at all. */
  readonly waitMs: number
}

/** Decides one request that was read, and says what became of it. */
export async function decide(
  kubectl: Kubectl,
  io: Pick<Io, 'now' | 'sleep'>,
  request: ApprovalRequest,
  person: Person,
  intent: Intent,
): Promise<Outcome> {
  const { verdict, reason, digest } = intent
  if (digest !== undefined && digest !== request.spec.callDigest) {
    const text = `was not ${WORDS[verdict].done}: it is another call than the one with the digest ${visible(digest)}; its digest is ${request.spec.callDigest}`
    return { code: EXIT.failed, text }
  }
  const stands = standing(request, person.name, verdict, io.now())
  if (stands) return stands

  const decision: Decision = {
    reviewer: person.name,
    verdict,
    ...(reason ? { reason } : {}),
    decidedAt: new Date(io.now()).toISOString(),
    via: 'Kubectl',
  }
  const sent = await sendDecision(kubectl, request, decision)
  if (sent.kind === 'Refused') return explain(kubectl, io, request, person, intent, sent.refusal)
  const before = io.now()
  const settled = await untilSettled(kubectl, io, sent.value, intent.waitMs)
  return outcome(settled, person.name, verdict, io.now(), intent.waitMs > 0 ? io.now() - before : 0)
}

/** The request as it is once the operator has settled it, or as it is when the wait is over or makes no sense. */
async function untilSettled(
  kubectl: Kubectl,
  io: Pick<Io, 'now' | 'sleep'>,
  request: ApprovalRequest,
  waitMs: number,
): Promise<ApprovalRequest> {
  const deadline = io.now() + waitMs
  let latest = request
  // Asked for again and again rather than watched: the operator is nearly always done before kubectl has started.
  for (
    let pause = 100;
    latest.status.phase === 'Pending' && isDecided(latest);
    pause = Math.min(pause * 2, 1000)
  ) {
    if (io.now() >= deadline) break
    const { name, namespace } = request.metadata
    const read = await readRequests(kubectl, [name], namespace, { silent: true })
    // A read that fails changes nothing about the decision, which is recorded.
    if (read.kind === 'Ok' && read.value[0] === undefined) break
    if (read.kind === 'Ok' && read.value[0]) latest = read.value[0]
    if (latest.status.phase === 'Pending') await io.sleep(Math.min(pause, Math.max(0, deadline - io.now())))
  }
  return latest
}

/** Why the API server did not take a decision. */
async function explain(
  kubectl: Kubectl,
  io: Pick<Io, 'now'>,
  request: ApprovalRequest,
  person: Person,
  { verdict }: Intent,
  refusal: Refusal,
): Promise<Outcome> {
  const { name, namespace = 'default' } = request.metadata
  const not = `was not ${WORDS[verdict].done}: ${refusal.message}`
  if (refusal.kind === 'Unreachable' || refusal.kind === 'Unauthorized')
    return { code: refusal.code, text: not }
  // Between the read and the write somebody else, the clock, or another window of the same person may have decided.
  const again = await readRequests(kubectl, [name], namespace, { silent: true })
  const current = again.kind === 'Ok' ? again.value[0] : undefined
  if (again.kind === 'Ok' && (!current || current.metadata.uid !== request.metadata.uid)) {
    return { code: EXIT.notFound, text: `was not ${WORDS[verdict].done}: it was deleted meanwhile` }
  }
  const stands = current && standing(current, person.name, verdict, io.now())
  if (stands) return stands
  if (refusal.kind !== 'Forbidden') return { code: refusal.code, text: not }
  return { code: refusal.code, text: `${not} ${await whomToAsk(kubectl, namespace, name)}` }
}

/** A sentence that names who could decide instead, as far as the caller may read that. */
export async function whomToAsk(kubectl: Kubectl, namespace: string, name: string): Promise<string> {
  const approvers = await readApprovers(kubectl, namespace, name)
  // Whoever administers the cluster could, but is not whom to ask.
  const known = approvers.filter(approver => !approver.name.startsWith('system:')).slice(0, 5)
  if (known.length === 0)
    return `Ask an owner of the project ${visible(namespace)} to decide, or to make you a member; for another project add -n NAMESPACE.`
  const list = known.map(({ kind, name: who }) => `${kind === 'Group' ? 'the group ' : ''}${visible(who)}`)
  return `Those who may decide there: ${list.join(', ')}.`
}
