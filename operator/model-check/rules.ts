import type { AgentRun, Step } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import { keysOf } from '../audit/chain.ts'
import { auditKey } from '../audit/entry.ts'
import { callIDs } from './cast.ts'
import { allows, type Server } from './server.ts'
import type { State } from './state.ts'
import type { World } from './world.ts'

/*
 * What must hold, whatever happens. Written after docs and design, in words of their own: nothing of the operator's
 * own deciding is used here.
 */

/** A rule that was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** A change of a state that the table must have: machine, from, to. */
export type Seen = (machine: 'request' | 'call' | 'run', from: string, to: string) => void

const RUN_ENDS = ['Succeeded', 'Failed', 'Cancelled']
const NOT_CALLED = ['Rejected', 'Expired', 'Cancelled', 'NotExecuted']
/** How far a call is; it never goes back. */
const RANK: Record<string, number> = { Pending: 0, AwaitingApproval: 1, Executing: 2 }
const rank = (state: string): number => RANK[state] ?? 3

/** Keys of all that is recorded, in order. */
const recorded = (world: World, server: Server): string[] =>
  server.records.flatMap(number => keysOf(world.pool.get<AuditRecord>(number)?.metadata.annotations))

/** Keys by what they are made of: each is a hash, and asked for again and again. */
const hashed = new Map<string, string>()
const keyFor = (...of: Parameters<typeof auditKey>): string => {
  const name = of.join(' ')
  const key = hashed.get(name) ?? auditKey(...of)
  hashed.set(name, key)
  return key
}

const stepOf = (run: AgentRun | undefined, call: number): Step | undefined =>
  run?.status?.steps?.find(({ id }) => id === `1.${call}`)

/** Judges the calls that reach the tool with a step. */
export const judgeCalls = (world: World, from: State, to: State): void => {
  if (to.wrong) throw new Broken(to.wrong)
  for (const [call, times] of to.called.entries()) if (times !== from.called[call]) judgeCall(world, to, call)
}

const judgeCall = (world: World, state: State, call: number): void => {
  const { gated, retryUnknown } = world.scenario.plot
  const id = `1.${call}`
  if ((state.called[call] ?? 0) > 1 && !(retryUnknown && !gated)) throw new Broken(`call ${id} is made twice`)
  const keys = recorded(world, state.server)
  const request = world.requests(state.server)[call]
  if (gated) {
    if (!request) throw new Broken(`call ${id} is made without a request`)
    if (request.status.phase !== 'Approved')
      throw new Broken(`call ${id} is made although its request is ${request.status.phase}`)
    if (allows(request.status, world.scenario.plot.requiredApprovals) !== 'Approved')
      throw new Broken(`call ${id} is made without enough approvals, or with a rejection`)
    for (const action of ['ApprovalRequested', 'ApprovalApproved'] as const) {
      if (!keys.includes(keyFor(action, request.metadata.uid ?? '')))
        throw new Broken(`call ${id} is made before ${action} is recorded`)
    }
  }
  const run = world.run(state.server)
  const uid = run?.metadata.uid ?? 'uid-r'
  const intents = [
    keyFor('ToolExecuting', uid, id),
    ...['A', 'B'].map(one => keyFor('ToolExecuting', uid, id, one)),
  ]
  if (!intents.some(key => keys.includes(key)))
    throw new Broken(`call ${id} is made before its intent is recorded`)
  const step = stepOf(run, call)
  if (run && (rank(step?.state ?? 'Pending') < 2 || NOT_CALLED.includes(step?.state ?? '')))
    throw new Broken(`call ${id} is made while the trace says ${step?.state}`)
}

/** Judges what one step has changed on the server. */
export const judgeChange = (world: World, from: State, to: State, seen: Seen): void => {
  if (from.server === to.server) return
  judgeRequests(world, from, to, seen)
  const [before, after] = [world.run(from.server), world.run(to.server)]
  if (before && after && before !== after) {
    const [was, is] = [before.status?.phase ?? 'Pending', after.status?.phase ?? 'Pending']
    if (was !== is) {
      if (RUN_ENDS.includes(was)) throw new Broken(`the run was ${was} and is ${is} now`)
      if (is === 'Succeeded') judgeSuccess(world, after)
      seen('run', was, is)
    }
    for (const [call, id] of callIDs(world.scenario.plot).entries())
      judgeStep(id, call, before, after, to, seen)
  }
  if (from.server.records !== to.server.records) judgeRecords(world, to)
}

/** What fails a run, by its agent. */
const FAILS = ['Rejected', 'Expired', 'Unknown']

const judgeSuccess = (world: World, run: AgentRun): void => {
  if (world.scenario.plot.onRejection !== 'Fail') return
  for (const { id, state = '' } of run.status?.steps ?? [])
    if (FAILS.includes(state)) throw new Broken(`the run has succeeded although call ${id} is ${state}`)
}

const judgeRequests = (world: World, from: State, to: State, seen: Seen): void => {
  const after = world.requests(to.server)
  for (const [call, before] of world.requests(from.server).entries()) {
    const request: ApprovalRequest | undefined = after[call]
    if (before === request || !request) continue
    if (before?.metadata.uid !== request.metadata.uid) {
      seen('request', '', request.status.phase)
      continue
    }
    const [was, is] = [before?.status.phase ?? '', request.status.phase]
    if (was === is) continue
    if (was !== 'Pending') throw new Broken(`request ${request.metadata.name} was ${was} and is ${is} now`)
    seen('request', was, is)
  }
}

const judgeStep = (
  id: string,
  call: number,
  before: AgentRun,
  after: AgentRun,
  state: State,
  seen: Seen,
): void => {
  const [was, is] = [stepOf(before, call)?.state ?? '', stepOf(after, call)?.state ?? '']
  if (was === is) return
  if (was !== '' && (rank(was) > rank(is) || rank(was) === 3))
    throw new Broken(`call ${id} was ${was} and is ${is} now`)
  seen('call', was, is)
  if (NOT_CALLED.includes(is) && (state.called[call] ?? 0) > 0)
    throw new Broken(`the trace says ${is} of call ${id}, which was made`)
}

const judgeRecords = (world: World, { server }: State): void => {
  const keys = recorded(world, server)
  const last = keysOf(world.pool.get<AuditRecord>(server.records.at(-1) ?? 0)?.metadata.annotations)
  for (const key of last) {
    if (keys.indexOf(key) !== keys.lastIndexOf(key)) throw new Broken('something is recorded twice')
  }
  for (const id of callIDs(world.scenario.plot)) judgeOrder(id, keys)
  const [earlier, later] = [server.records.at(-2), server.records.at(-1)].map(number =>
    world.pool.get<AuditRecord>(number ?? 0),
  )
  if (later?.spec.prevHash !== earlier?.spec.hash) throw new Broken('the audit chain is broken')
}

/** Nothing is intended any more once the end is recorded. */
const judgeOrder = (id: string, recordedKeys: readonly string[]): void => {
  const end = recordedKeys.indexOf(keyFor('ToolExecuted', 'uid-r', id))
  if (end === -1) return
  const intents = [[], ['A'], ['B']].map(one =>
    recordedKeys.indexOf(keyFor('ToolExecuting', 'uid-r', id, ...one)),
  )
  if (intents.some(at => at > end)) throw new Broken(`an intent of call ${id} is recorded after its end`)
}

/** Whether nothing is left to do; then the story must be whole. */
export const isSettled = (world: World, state: State): boolean => {
  const { server, operators } = state
  if (operators.some(({ stand }) => stand !== 0)) return false
  // Nobody has or wants a slot any more.
  if (operators.some(operator => world.memory(operator).line)) return false
  const run = world.run(server)
  const requests = world.requests(server)
  if (run && !RUN_ENDS.includes(run.status?.phase ?? '')) return false
  if (run && ((run.metadata.finalizers ?? []).length > 0 || run.metadata.deletionTimestamp)) return false
  if (requests.some(request => request && (!run || request.status.phase === 'Pending'))) return false
  return whole(world, state, run, requests)
}

/** Every end is recorded: of requests, of calls whose intent is recorded, of the run. */
const whole = (
  world: World,
  { server }: State,
  run: AgentRun | undefined,
  requests: readonly (ApprovalRequest | undefined)[],
): boolean => {
  const keys = new Set(recorded(world, server))
  const has = (...of: Parameters<typeof keyFor>) => keys.has(keyFor(...of))
  const uid = run?.metadata.uid ?? 'uid-r'
  const ended = requests.every(
    request =>
      !request || has(`Approval${request.status.phase}` as 'ApprovalApproved', request.metadata.uid ?? ''),
  )
  const executed = callIDs(world.scenario.plot).every(
    id => !has('ToolExecuting', uid, id) || has('ToolExecuted', uid, id),
  )
  return ended && executed && (!has('RunStarted', uid) || has('RunEnded', uid))
}
