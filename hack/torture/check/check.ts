import { isDeepStrictEqual } from 'node:util'
import type { AgentRun, Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditAction } from '../../../crds/v1alpha1/audit-actions.ts'
import { auditKey } from '../../../operator/audit/entry.ts'
import { type Recorded, readChain } from './chain.ts'
import type { Evidence, ExpectedCall, ExpectedRun, ToolCall } from './evidence.ts'

/*
 * The promise, checked from outside: what the tool servers saw, what the API server keeps, what the audit log says. None
 * of the operator's own deciding is used.
 */

/** What is known of one run. */
interface Case {
  readonly expected: ExpectedRun
  readonly run: AgentRun
  readonly requests: readonly ApprovalRequest[]
  readonly toolCalls: readonly ToolCall[]
  readonly recorded: readonly Recorded[]
  readonly say: (what: string) => void
  /** A call was lost with an operator, and the run failed for that: what it had not begun by then never was. */
  readonly endedByLoss: boolean
}

/** Everything that is not as it was promised, a sentence each; empty: the promise was kept. Pure. */
export const faultsIn = (evidence: Evidence): readonly string[] => {
  const faults: string[] = []
  const { runs, requests, records } = evidence
  const namespaces = new Set(evidence.expected.map(({ namespace }) => namespace))
  const chains = new Map([...namespaces].map(one => [one, readChain(one, records, faults)]))
  const byKey = Map.groupBy(evidence.toolCalls, ({ idempotencyKey }) => idempotencyKey)
  const known = new Set<string>()
  for (const expected of evidence.expected) {
    const { namespace, run: name } = expected
    const say = (what: string) => faults.push(`run ${name} in ${namespace}: ${what}`)
    const run = runs.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
    if (!run) {
      say('is gone')
      continue
    }
    const { uid } = run.metadata
    for (const id of Object.keys(expected.calls)) known.add(`${uid}-${id}`)
    const own = Object.keys(expected.calls).flatMap(id => byKey.get(`${uid}-${id}`) ?? [])
    judge({
      expected,
      run,
      requests: requests.filter(({ spec }) => spec.runRef.uid === uid),
      toolCalls: own,
      recorded: chains.get(namespace) ?? [],
      say,
      endedByLoss: isEndedByLoss(run),
    })
  }
  for (const { seq, tool, idempotencyKey } of evidence.toolCalls) {
    if (!known.has(idempotencyKey)) faults.push(`call ${seq} of ${tool} belongs to no run that was expected`)
  }
  return faults
}

/** Failed because nobody knows of one of its calls; whether that is so is judged for each call. */
const isEndedByLoss = ({ status }: AgentRun): boolean =>
  status?.phase === 'Failed' &&
  status.failure?.reason === 'OutcomeUnknown' &&
  (status.steps ?? []).some(({ state }) => state === 'Unknown')

const judge = (of: Case): void => {
  const { expected, run, say } = of
  const phase = run.status?.phase ?? 'Pending'
  const reason = run.status?.failure?.reason
  if (!of.endedByLoss && !(expected.phases.includes(phase) && reason === expected.failure)) {
    const why = reason === undefined ? '' : ` (${reason})`
    say(`is ${phase}${why} and should be ${expected.phases.join(' or ')}`)
  }
  if (phase === 'Succeeded' && run.status?.output !== expected.output) say('ends with other words')
  if (of.endedByLoss) judgeLoss(of)
  if ((run.metadata.finalizers ?? []).length > 0) say('is still held by its finalizer')
  for (const [id, call] of Object.entries(expected.calls)) judgeCall(of, id, call)
  for (const { id } of run.status?.steps ?? []) {
    if (id !== undefined && expected.calls[id] === undefined) say(`has a call ${id} that nobody asked for`)
  }
  for (const { spec, metadata } of of.requests) {
    if (expected.calls[spec.callID]?.request === undefined)
      say(`has a request ${metadata.name} that nobody asked for`)
  }
  judgeRecords(of)
}

/** Where the run failed for a call that was lost, nothing was begun after it. */
const judgeLoss = ({ run, say }: Case): void => {
  const steps = run.status?.steps ?? []
  const lost = steps.find(({ state }) => state === 'Unknown')
  const turnOf = (id = '') => Number.parseInt(id, 10)
  for (const { id } of steps)
    if (turnOf(id) > turnOf(lost?.id)) say(`went on to call ${id} after ${lost?.id} was lost`)
}

const judgeCall = (of: Case, id: string, expected: ExpectedCall): void => {
  const { run, say } = of
  const step = run.status?.steps?.find(one => one.id === id)
  const arrived = of.toolCalls.filter(({ idempotencyKey }) => idempotencyKey.endsWith(`-${id}`))
  const state = step?.state
  const request = of.requests.find(({ spec }) => spec.callID === id)
  const unbegun = arrived.length === 0 && (!step || state === 'NotExecuted' || state === 'Cancelled')
  if (of.endedByLoss && unbegun && !request) return
  if (arrived.length > 1) say(`call ${id} was made ${arrived.length} times`)
  const isLost = state === 'Unknown'
  if (isLost && !diedOverCall(step, of.expected.diedAt))
    say(`call ${id} is Unknown though no operator ended while it was under way`)
  if (expected.arrives === 'Once' && arrived.length === 0 && !isLost && !(of.endedByLoss && unbegun))
    say(`call ${id} was never made`)
  if (expected.arrives === 'Never' && arrived.length > 0) say(`call ${id} was made though it should not be`)
  for (const { tool, params } of arrived) {
    if (tool !== expected.tool) say(`call ${id} was made to ${tool}`)
    if (!isDeepStrictEqual(params, expected.params)) say(`call ${id} was made with other parameters`)
  }
  judgeTrace(of, id, expected, step, arrived.length)
  if (expected.request !== undefined) judgeRequest(of, id, expected, request)
  else if (request) say(`call ${id} has a request though no gate stops it`)
  if (arrived.length > 0 && expected.request !== undefined && request?.status.phase !== 'Approved')
    say(`call ${id} was made though its request is ${request?.status.phase ?? 'not there'}`)
  if (arrived.length > 0 && state === undefined) say(`call ${id} was made and is not in the trace`)
}

/** Whether an operator ended between the moment at which the call was begun and the one at which it was given up. */
const diedOverCall = (step: Step | undefined, diedAt: ExpectedRun['diedAt'] = []): boolean => {
  if (diedAt === 'AnyTime') return true
  const [from, to] = [Date.parse(step?.startedAt ?? ''), Date.parse(step?.finishedAt ?? '')]
  return diedAt.some(at => from <= at && at <= to)
}

const NOT_MADE = ['Rejected', 'Expired', 'Cancelled', 'NotExecuted']

const judgeTrace = (
  { say, recorded, run, endedByLoss }: Case,
  id: string,
  { arrives, result }: ExpectedCall,
  step: Step | undefined,
  arrivals: number,
): void => {
  const state = step?.state ?? 'not there'
  const ends = ['Succeeded', 'Unknown', ...(endedByLoss ? NOT_MADE : [])]
  if (arrives === 'Once' && !ends.includes(state))
    say(`call ${id} was to be made, and the trace says ${state}`)
  if (arrives === 'Never' && !NOT_MADE.includes(state))
    say(`call ${id} was not to be made, and the trace says ${state}`)
  if (arrivals > 0 && NOT_MADE.includes(state)) say(`call ${id} was made, and the trace says ${state}`)
  if (arrivals === 0 && state === 'Succeeded') say(`call ${id} never arrived, and the trace says Succeeded`)
  if (state === 'Succeeded' && step?.result !== result) say(`the trace shows another answer to call ${id}`)
  const executed = recorded.find(({ key }) => key === auditKey('ToolExecuted', run.metadata.uid ?? '', id))
  if (executed && executed.entry.outcome !== state)
    say(`the end of call ${id} is recorded as ${executed.entry.outcome}, and the trace says ${state}`)
  const intent = recorded.some(({ key }) => key === auditKey('ToolExecuting', run.metadata.uid ?? '', id))
  if ((arrivals > 0 || state === 'Unknown') && !intent)
    say(`call ${id} was made, or may have been, and its intent is not recorded`)
}

const judgeRequest = (
  { say, endedByLoss }: Case,
  id: string,
  expected: ExpectedCall,
  request: ApprovalRequest | undefined,
): void => {
  if (!request) {
    say(`call ${id} has no request`)
    return
  }
  const { spec, status } = request
  const ends: readonly string[] = [...(expected.request ?? []), ...(endedByLoss ? ['Cancelled'] : [])]
  if (!ends.includes(status.phase))
    say(`the request of call ${id} is ${status.phase} and should be ${ends.join(' or ')}`)
  if (!isDeepStrictEqual(spec.params, expected.params))
    say(`the request of call ${id} shows other parameters`)
  const rejected = status.decisions.some(({ verdict }) => verdict === 'Reject')
  const approvals = new Set(
    status.decisions.filter(({ verdict }) => verdict === 'Approve').map(({ reviewer }) => reviewer),
  ).size
  if (status.phase === 'Approved' && (rejected || approvals < spec.requiredApprovals))
    say(
      `call ${id} is approved by ${approvals} of ${spec.requiredApprovals}${rejected ? ', and rejected' : ''}`,
    )
  if (status.phase === 'Rejected' && !rejected) say(`call ${id} is rejected and nobody rejected it`)
  if (status.phase === 'Expired' && (rejected || approvals >= spec.requiredApprovals))
    say(`call ${id} is expired though it was decided in time`)
}

/** What must be recorded of a run, in this order: of what happened everything, of what did not nothing. */
const judgeRecords = ({ expected, run, requests, toolCalls, recorded, say }: Case): void => {
  const uid = run.metadata.uid ?? ''
  const at = (action: AuditAction, ...identity: string[]) =>
    recorded.findIndex(({ key }) => key === auditKey(action, ...identity))
  const started = at('RunStarted', uid)
  const ended = at('RunEnded', uid)
  if (started < 0) say('its start is not recorded')
  if (ended < 0) say('its end is not recorded')
  const [phase, outcome] = [run.status?.phase, recorded[ended]?.entry.outcome]
  if (ended >= 0 && outcome !== phase) say(`it is ${phase}, and its end is recorded as ${outcome}`)
  for (const id of Object.keys(expected.calls)) {
    const request = requests.find(({ spec }) => spec.callID === id)
    const executing = at('ToolExecuting', uid, id)
    const executed = at('ToolExecuted', uid, id)
    const made = toolCalls.some(({ idempotencyKey }) => idempotencyKey.endsWith(`-${id}`))
    const line = [started]
    // What is open when a run is cancelled is closed because it ended.
    const closedByEnd = request?.status.phase === 'Cancelled'
    if (request) {
      const requestUID = request.metadata.uid ?? ''
      const asked = at('ApprovalRequested', requestUID)
      const settled = at(`Approval${request.status.phase}` as AuditAction, requestUID)
      if (asked < 0) say(`the request of call ${id} is not recorded`)
      if (settled < 0) say(`the end of the request of call ${id} is not recorded`)
      line.push(asked, settled)
      judgeEntry(id, request, recorded[settled], say)
    }
    if (made && executed < 0) say(`call ${id} was made and its end is not recorded`)
    if (executing >= 0 && executed < 0) say(`the intent of call ${id} is recorded and its end is not`)
    if (executing >= 0) line.push(executing, executed)
    if (!closedByEnd) line.push(ended)
    if (line.some((place, index) => index > 0 && place <= (line[index - 1] ?? -1)))
      say(`what is recorded of call ${id} is not in order: ${line.join(', ')}`)
  }
}

/** The record of a verdict says who decided, and on exactly what. */
const judgeEntry = (
  id: string,
  { spec, status }: ApprovalRequest,
  settled: Recorded | undefined,
  say: (what: string) => void,
): void => {
  if (!settled) return
  const { entry } = settled
  if (!isDeepStrictEqual(entry.params, spec.params) || entry.callDigest !== spec.callDigest)
    say(`the record of the verdict on call ${id} is about another call`)
  const counted = status.decisions
    .filter(({ verdict }) => (status.phase === 'Rejected' ? verdict === 'Reject' : verdict === 'Approve'))
    .map(({ reviewer }) => reviewer)
  if (!['Approved', 'Rejected'].includes(status.phase)) return
  if (!(entry.actor ?? '').split(', ').every(actor => counted.includes(actor)))
    say(`the record of the verdict on call ${id} names somebody who did not give it`)
}
