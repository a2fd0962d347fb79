import { beforeEach, describe, expect, test } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Client } from '../../../kube/client.ts'
import { silentLogger } from '../../../kube/logger.ts'
import type { Sink } from '../../../kube/reflector.ts'
import { TestClock } from '../../../kube/testing.ts'
import type { KubeObject } from '../../../kube/types.ts'
import { Cache } from '../cache/cache.ts'
import type { CachedKind } from '../cache/kind.ts'
import { type Entry, EventLog, type EventLogOptions } from './log.ts'
import { decodePosition, encodePosition, type Position } from './position.ts'

const clock = new TestClock(Date.UTC(2026, 10, 22, 10))

/** A kind of the cache whose watch is the test. */
function byHand<T extends KubeObject>(kind: CachedKind<T>) {
  const listeners: Sink<T>[] = []
  kind.listen = listener => void listeners.push(listener)
  return {
    list: (resourceVersion: string, ...items: T[]) => {
      for (const one of listeners) one.replace({ items, resourceVersion })
    },
    event: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => {
      for (const one of listeners) one.apply({ type, object })
    },
    bookmark: (resourceVersion: string) => {
      for (const one of listeners) one.apply({ type: 'BOOKMARK', resourceVersion })
    },
  }
}

function start(options: Partial<EventLogOptions> = {}) {
  const own = { client: {} as Client, clock, random: () => 0, logger: silentLogger }
  const cache = new Cache(own)
  const watches = {
    approvals: byHand(cache.approvals),
    runs: byHand(cache.runs),
    agents: byHand(cache.agents),
  }
  const log = new EventLog({ clock, ...options }).follow(cache)
  return { log, ...watches }
}

let world: ReturnType<typeof start>
beforeEach(() => {
  world = start()
  for (const kind of [world.approvals, world.runs, world.agents]) kind.list('100')
})

const approval = (
  resourceVersion: string,
  status: object = {},
  { name = 'a-1-0', namespace = 'shop', uid = 'u1' } = {},
): ApprovalRequest =>
  ({
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp: '2026-11-22T09:59:00Z' },
    spec: {
      agentRef: { name: 'order-manager' },
      runRef: { name: 'a', uid: 'r' },
      tool: 'order_tools.process_refund',
      params: { card: 's3cr3t' },
      message: 's3cr3t',
      timeoutSeconds: 60,
      requiredApprovals: 2,
    },
    status: { phase: 'Pending', decisions: [], ...status },
  }) as unknown as ApprovalRequest

const run = (resourceVersion: string, status: object, namespace = 'shop'): AgentRun =>
  ({
    metadata: { name: 'a', namespace, uid: 'r', resourceVersion },
    spec: { agentRef: { name: 'order-manager' }, input: 's3cr3t', cancel: false },
    status,
  }) as unknown as AgentRun

const at = (approvals: string, runs = '100', agents = '100'): Position => ({ approvals, runs, agents })
const types = (entries: readonly Entry[] | undefined) => entries?.map(({ event }) => event.type)

describe('what is told of an approval', () => {
  test('should be that it was requested, decided, settled and deleted, each once', () => {
    const { log, approvals } = world
    approvals.event('ADDED', approval('101'))
    // Somebody was notified: nothing that people wait for.
    approvals.event('MODIFIED', approval('102', { notifications: [{}] }))
    approvals.event('MODIFIED', approval('103', { decisions: [{ reviewer: 'x', verdict: 'Approve' }] }))
    const settled = { phase: 'Approved', decidedAt: '2026-11-22T09:59:30Z', decisions: [{}, {}] }
    approvals.event('MODIFIED', approval('104', settled))
    approvals.event('MODIFIED', approval('105', { ...settled, message: 'more' }))
    approvals.event('DELETED', approval('106', settled))
    const told = log.since('shop', at('100'))
    expect(types(told)).toEqual([
      'ApprovalRequested',
      'ApprovalDecided',
      'ApprovalSettled',
      'ApprovalDeleted',
    ])
    expect(told?.map(({ event }) => event.at)).toEqual([
      '2026-11-22T09:59:00Z',
      '2026-11-22T10:00:00Z',
      '2026-11-22T09:59:30Z',
      '2026-11-22T10:00:00Z',
    ])
    expect(told?.[1]?.event).toMatchObject({ approvals: 1, requiredApprovals: 2, phase: 'Pending' })
  })

  test('should hold names and no value, message or reason', () => {
    const { log, approvals, runs } = world
    approvals.event('ADDED', approval('101', { decisions: [{ verdict: 'Approve', reason: 's3cr3t' }] }))
    runs.event(
      'ADDED',
      run('101', { phase: 'Running', output: 's3cr3t', steps: [{ type: 'Model', text: 's3cr3t' }] }),
    )
    const told = log.since('shop', at('100'))
    expect(told).toHaveLength(2)
    expect(JSON.stringify(told)).not.toContain('s3cr3t')
  })

  test('should begin anew for another one of the same name', () => {
    const { log, approvals } = world
    approvals.event('ADDED', approval('101'))
    approvals.event('MODIFIED', approval('102', {}, { uid: 'u2' }))
    expect(types(log.since('shop', at('100')))).toEqual(['ApprovalRequested', 'ApprovalRequested'])
  })

  test('should not repeat what was there before, nor what the watch repeats', () => {
    const other = start()
    other.approvals.list('100', approval('90'))
    for (const kind of [other.runs, other.agents]) kind.list('100')
    other.approvals.event('MODIFIED', approval('101', { notifications: [{}] }))
    other.approvals.event('ADDED', approval('95', {}, { name: 'b-1-0' }))
    expect(other.log.since('shop', at('100'))).toEqual([])
  })
})

describe('what is told of a run', () => {
  test('should be each step and phase, and nothing that nobody sees', () => {
    const { log, runs } = world
    runs.event('ADDED', run('101', { phase: 'Pending' }))
    runs.event('MODIFIED', run('102', { phase: 'Running' }))
    runs.event('MODIFIED', run('103', { phase: 'Running', conditions: [] }))
    runs.event(
      'MODIFIED',
      run('104', { phase: 'Running', steps: [{ type: 'ToolCall', state: 'Executing' }] }),
    )
    runs.event(
      'MODIFIED',
      run('105', { phase: 'Running', steps: [{ type: 'ToolCall', state: 'Succeeded' }] }),
    )
    expect(log.since('shop', at('100'))?.map(({ version }) => version)).toEqual(['101', '102', '104', '105'])
  })
})

describe('going on from a position', () => {
  test('should give what came after it in each kind, in whatever order the kinds came', () => {
    const { log, approvals, runs } = world
    runs.event('ADDED', run('110', { phase: 'Pending' }))
    approvals.event('ADDED', approval('105'))
    runs.event('MODIFIED', run('112', { phase: 'Running' }))
    expect(log.since('shop', at('100', '110'))?.map(({ version }) => version)).toEqual(['105', '112'])
    expect(log.since('shop', at('105', '112'))).toEqual([])
    expect(log.since('other', at('100'))).toEqual([])
    expect(log.position()).toEqual(at('105', '112'))
  })

  test('should be that of another replica, which may be ahead', () => {
    expect(world.log.since('shop', at('500', '500', '500'))).toEqual([])
  })

  test('should not be possible from before this process began, or from nowhere', () => {
    expect(world.log.since('shop', at('99'))).toBeUndefined()
    expect(world.log.since('shop', at('0'))).toBeUndefined()
    expect(start().log.since('shop', at('100'))).toBeUndefined()
    expect(start().log.position()).toBeUndefined()
  })

  test('should not be possible from before what was dropped for lack of room, and from after it', () => {
    world = start({ perProject: 2 })
    for (const kind of [world.approvals, world.runs, world.agents]) kind.list('100')
    for (const version of ['101', '102', '103']) {
      world.approvals.event('ADDED', approval(version, {}, { name: `n${version}` }))
    }
    expect(world.log.since('shop', at('100'))).toBeUndefined()
    expect(world.log.since('shop', at('101'))).toHaveLength(2)
    expect(world.log.since('other', at('100'))).toEqual([])
  })

  test('should not be possible from before what was dropped of a whole project', () => {
    world = start({ projects: 1 })
    for (const kind of [world.approvals, world.runs, world.agents]) kind.list('100')
    world.approvals.event('ADDED', approval('101'))
    world.approvals.event('ADDED', approval('102', {}, { namespace: 'bank' }))
    expect(world.log.since('shop', at('100'))).toBeUndefined()
    expect(world.log.since('shop', at('101'))).toEqual([])
    expect(world.log.since('bank', at('101'))).toHaveLength(1)
  })

  test('should move on with bookmarks, when nothing happens', () => {
    world.runs.bookmark('900')
    expect(world.log.position()).toEqual(at('100', '900'))
  })

  test('should not be possible across a list, and readers be told', () => {
    const { log, approvals } = world
    const heard: (string | undefined)[] = []
    log.subscribe('shop', entry => heard.push(entry?.event.type))
    approvals.event('ADDED', approval('101'))
    approvals.list('120')
    expect(log.since('shop', at('101'))).toBeUndefined()
    expect(log.since('shop', at('120'))).toEqual([])
    expect(heard).toEqual(['ApprovalRequested', undefined])
  })
})

test('a reader should hear of its own project until it ends', () => {
  const heard: string[] = []
  const end = world.log.subscribe('shop', entry => heard.push(entry?.version ?? ''))
  world.approvals.event('ADDED', approval('101'))
  world.approvals.event('ADDED', approval('102', {}, { namespace: 'bank' }))
  end()
  world.approvals.event('DELETED', approval('103'))
  expect(heard).toEqual(['101'])
})

test.each(['', 'x', '1-2', '1-2-3-4', '1-2-x', '-1-2-3', '1-2-123456789012345678901'])(
  'the id %j should stand for no position',
  id => expect(decodePosition(id)).toBeUndefined(),
)

test('an id should stand for the position that it was made of', () => {
  expect(decodePosition(encodePosition(at('1', '2', '3')))).toEqual(at('1', '2', '3'))
})
