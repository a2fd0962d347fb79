// The audit log in front of a scripted API server: what a real one cannot be made to do at a given moment.
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { createClient } from '../../../kube/http-client.ts'
import { silentLogger } from '../../../kube/logger.ts'
import { Store } from '../../../kube/store.ts'
import {
  answer,
  type ReceivedRequest,
  refuse,
  scriptedServer,
  settled,
  TestClock,
  watchLine,
} from '../../../kube/testing.ts'
import { AuditLog } from './log.ts'
import { aChain, anEntry, aRecord } from './testing.ts'

/** What the API server holds, in its order. */
let there: AuditRecord[]
let version: number
let watches: ServerResponse[]
/** Refuses or delays a request; true where it has seen to it. */
let trouble: (request: ReceivedRequest, response: ServerResponse) => boolean | Promise<boolean>
/** What was asked, in short. */
let asked: string[]
let clock: TestClock
let log: AuditLog
let close: () => Promise<void>

const root = '/apis/countersign.dev/v1alpha1'
const pageOf = 2

beforeEach(async () => {
  there = []
  version = 100
  watches = []
  asked = []
  trouble = () => false
  clock = new TestClock()
  const api = await scriptedServer(async (request, response) => {
    if (await trouble(request, response)) return
    serve(request, response)
  })
  const client = createClient(api.connection, { clock })
  log = new AuditLog({ client, clock, random: () => 0.5, logger: silentLogger, projects: 3 })
  const stop = new AbortController()
  let running: Promise<void> | undefined
  run = () => {
    running = log.run(stop.signal)
    return expect.poll(() => log.lagMs).toBe(0)
  }
  close = async () => {
    stop.abort()
    await running
    await client.close()
    await api.close()
  }
})
afterEach(() => close())
let run: () => Promise<void>

/** Pages of two records, so that a short chain is read in several. */
function serve({ path, query, headers }: ReceivedRequest, response: ServerResponse): unknown {
  if (query.has('watch')) {
    response.writeHead(200).flushHeaders()
    return watches.push(response)
  }
  const [, namespace, name] = /\/namespaces\/([^/]+)\/auditrecords(?:\/(.+))?$/.exec(path) ?? []
  const records = there.filter(({ metadata }) => metadata.namespace === namespace)
  const metadata = { resourceVersion: String(version) }
  if (namespace === undefined) return answer(response, { metadata, items: [] })
  if (name !== undefined) {
    asked.push(`get ${namespace} ${Number(name.slice(6))}`)
    const found = records.find(record => record.metadata.name === name)
    return found ? answer(response, found) : refuse(response, 404, 'NotFound')
  }
  const from = Number(query.get('continue') ?? 0)
  const isBare = headers.accept?.includes('PartialObjectMetadataList')
  asked.push(`${isBare ? 'names' : 'list'} ${namespace}${from > 0 ? ` from ${from}` : ''}`)
  const items = records.slice(from, from + pageOf)
  const more = from + pageOf < records.length ? { continue: String(from + pageOf) } : {}
  return answer(response, {
    metadata: { ...metadata, ...more },
    items: isBare ? items.map(item => ({ metadata: item.metadata })) : items,
  })
}

/** Happens in the API server, and is told by its watch. */
function happens(type: 'ADDED' | 'DELETED', record: AuditRecord): void {
  unseen(type, record)
  const told = { ...record, metadata: { ...record.metadata, resourceVersion: String(version) } }
  watches.at(-1)?.write(watchLine(type, told))
}

/** Happens while nobody watches. */
function unseen(type: 'ADDED' | 'DELETED', record: AuditRecord): void {
  version++
  if (type === 'ADDED') there.push(record)
  else there = there.filter(({ metadata }) => metadata.uid !== record.metadata.uid)
}

/** Ends the watch; what happened since it was last heard from is not known to the server any more. */
async function loseSight(): Promise<void> {
  let refused = 0
  const before = trouble
  trouble = (request, response) => {
    if (!request.query.has('watch') || refused++ > 0) return before(request, response)
    refuse(response, 410, 'Expired')
    return true
  }
  const open = watches.length
  watches.at(-1)?.end()
  // The server is asked again after the usual wait.
  await expect
    .poll(async () => {
      await clock.advance(1000)
      return watches.length
    })
    .toBe(open + 1)
}

const seqs = async (namespace = 'shop') =>
  (await log.index(namespace)).find({ filter: {}, max: 99 }).map(({ seq }) => seq)
const isOfList = ({ path, query }: ReceivedRequest, namespace = 'shop') =>
  path === `${root}/namespaces/${namespace}/auditrecords` && !query.has('watch')

/** Holds back what is meant until it is let go. */
function holdBack(isMeant: (request: ReceivedRequest) => boolean) {
  const gate = Promise.withResolvers<void>()
  let held = 0
  trouble = async request => {
    if (isMeant(request)) {
      held++
      await gate.promise
    }
    return false
  }
  return { letGo: () => gate.resolve(), held: () => held }
}

describe('the audit log of a project', () => {
  test('should be read once, in pages, and kept by the watch from then on', async () => {
    there = aChain(5)
    await run()
    expect(await seqs()).toEqual([5, 4, 3, 2, 1])
    happens('ADDED', aRecord([anEntry(6), anEntry(7)]))
    await expect.poll(() => seqs()).toEqual([7, 6, 5, 4, 3, 2, 1])
    happens('DELETED', aRecord([anEntry(1)]))
    await expect.poll(() => seqs()).toEqual([7, 6, 5, 4, 3, 2])
    expect(asked).toEqual(['list shop', 'list shop from 2', 'list shop from 4'])
  })

  test('should be read for all who ask meanwhile at once', async () => {
    there = aChain(2)
    await run()
    expect(await Promise.all([seqs(), seqs(), seqs()])).toEqual([
      [2, 1],
      [2, 1],
      [2, 1],
    ])
    expect(asked).toEqual(['list shop'])
  })

  test('should not be read before the watch has a beginning: what happens between would be missed', async () => {
    there = aChain(1)
    const reading = seqs()
    await settled()
    expect(asked).toEqual([])
    await run()
    expect(await reading).toEqual([1])
  })

  test('should hold what is added and not what is removed while it is read', async () => {
    there = aChain(6)
    await run()
    const { letGo, held } = holdBack(request => isOfList(request) && request.query.get('continue') === '2')
    const snapshot = [...there]
    const reading = seqs()
    await expect.poll(held).toBe(1)
    happens('ADDED', aRecord([anEntry(7)]))
    happens('DELETED', aRecord([anEntry(1)]))
    happens('DELETED', aRecord([anEntry(6)]))
    await expect.poll(() => watches.at(-1)?.writableLength).toBe(0)
    await settled()
    // The pages that are still to come are of the moment when the list began.
    there = snapshot
    letGo()
    await reading
    await expect.poll(() => seqs()).toEqual([7, 5, 4, 3, 2])
  })

  test('should be waited for, but not for long, by whoever asks', async () => {
    there = aChain(1)
    await run()
    const { letGo, held } = holdBack(isOfList)
    const asking = log.index('shop').catch(error => error)
    await expect.poll(held).toBe(1)
    await clock.advance(5000)
    expect(await asking).toMatchObject({
      code: 'Behind',
      message: expect.stringContaining('still reading'),
      extras: { retryAfterSeconds: 2 },
    })
    expect(log.lastSeq('shop', undefined, 0)).toBeUndefined()
    letGo()
    expect(await seqs()).toEqual([1])
    expect(log.lastSeq('shop', undefined, 0)).toBe(1)
  })

  test('should be read again, after a while, where that failed', async () => {
    there = aChain(3)
    await run()
    let failures = 0
    trouble = (request, response) => {
      if (!isOfList(request) || request.query.get('continue') === null || failures++ > 0) return false
      refuse(response, 500, 'InternalError')
      return true
    }
    const reading = seqs()
    await expect.poll(() => failures).toBe(1)
    await expect.poll(() => clock.pending().some(ms => ms < 1000)).toBe(true)
    expect(asked).toEqual(['list shop'])
    await clock.advance(1000)
    expect(await reading).toEqual([3, 2, 1])
  })
})

describe('the audit log after the watch has missed something', () => {
  test('should be compared by names, and lose and gain what was missed', async () => {
    there = aChain(4)
    await run()
    await seqs()
    asked = []
    unseen('DELETED', aRecord([anEntry(1)]))
    unseen('ADDED', aRecord([anEntry(5), anEntry(6)]))
    await loseSight()
    expect(await seqs()).toEqual([6, 5, 4, 3, 2])
    expect(asked.filter(line => line.startsWith('list'))).toEqual([])
    expect(asked).toContain('get shop 5')
  })

  test('should not be answered from before that is done', async () => {
    there = aChain(1)
    await run()
    await seqs()
    await loseSight()
    const { letGo, held } = holdBack(isOfList)
    await loseSight()
    await expect.poll(held).toBeGreaterThan(0)
    const asking = log.index('shop').catch(error => error)
    await clock.advance(5000)
    expect(await asking).toMatchObject({ code: 'Behind' })
    letGo()
    expect(await seqs()).toEqual([1])
  })

  test('should be compared also where it was still being read', async () => {
    there = aChain(4)
    await run()
    const { letGo, held } = holdBack(request => isOfList(request) && request.query.get('continue') === '2')
    const reading = seqs()
    await expect.poll(held).toBe(1)
    unseen('DELETED', aRecord([anEntry(1)]))
    await loseSight()
    letGo()
    await reading
    expect(await seqs()).toEqual([4, 3, 2])
  })

  test('should hold the records of a namespace that was made anew, not those of before', async () => {
    there = aChain(2)
    await run()
    await seqs()
    for (const record of [...there]) unseen('DELETED', record)
    unseen('ADDED', aRecord([anEntry(1, { agent: 'new' })], { uid: 'another' }))
    await loseSight()
    expect(await seqs()).toEqual([1])
    expect(log.lastSeq('shop', ['new'], 0)).toBe(1)
  })

  test('should be read as a whole where more was missed than is worth asking for one by one', async () => {
    there = aChain(1)
    await run()
    await seqs()
    there = aChain(600)
    version++
    asked = []
    await loseSight()
    expect((await log.index('shop')).size).toBe(600)
    expect(asked.filter(line => line.startsWith('get'))).toEqual([])
  })
})

describe('the audit logs of many projects', () => {
  const projectIn = (namespace: string): Project =>
    ({
      metadata: { name: 'project', namespace, uid: namespace },
      spec: { members: [] },
    }) as unknown as Project

  test('should be read before anybody asks, wherever there is a Project', async () => {
    there = [...aChain(1), aRecord([anEntry(1)], { namespace: 'bank' })]
    const projects = new Store<Project>({ clock })
    log.readAhead(projects)
    projects.replace({ items: [projectIn('shop')], resourceVersion: '1' })
    await run()
    await expect.poll(() => log.size).toBe(1)
    projects.apply({ type: 'ADDED', object: projectIn('bank') })
    await expect.poll(() => log.size).toBe(2)
  })

  test('should not keep waiting whoever asks for one of them', async () => {
    there = [aRecord([anEntry(1)], { namespace: 'bank' })]
    const projects = new Store<Project>({ clock })
    log.readAhead(projects)
    projects.replace({ items: ['a', 'b', 'c', 'bank'].map(projectIn), resourceVersion: '1' })
    const { letGo, held } = holdBack(
      request => !isOfList(request, 'bank') && request.path.includes('/namespaces/'),
    )
    await run()
    await expect.poll(held).toBe(2)
    expect(await seqs('bank')).toEqual([1])
    letGo()
  })

  test('should be kept of those that were asked for last, and be read again of the others', async () => {
    there = aChain(1)
    await run()
    for (const namespace of ['shop', 'a', 'b', 'shop', 'c']) await seqs(namespace)
    asked = []
    await seqs('shop')
    expect(asked).toEqual([])
    await seqs('a')
    expect(asked).toEqual(['list a'])
  })

  test('should be kept of those whose growth somebody listens to', async () => {
    await run()
    for (const namespace of ['a', 'b', 'c']) log.onAppended(namespace, () => {})
    for (const namespace of ['a', 'b', 'c', 'd']) await seqs(namespace)
    asked = []
    for (const namespace of ['a', 'b', 'c']) await seqs(namespace)
    expect(asked).toEqual([])
  })
})

describe('whoever listens to an audit log', () => {
  test('should be told when it has been read, and when it grows, but not when it shrinks', async () => {
    there = aChain(2)
    await run()
    const told: (number | undefined)[] = []
    const leave = log.onAppended('shop', () => told.push(log.lastSeq('shop', undefined, 0)))
    await expect.poll(() => told).toEqual([2])
    await clock.advance(250)
    happens('ADDED', aRecord([anEntry(3)]))
    await expect.poll(() => told).toEqual([2, 3])
    await clock.advance(250)
    happens('DELETED', aRecord([anEntry(1)]))
    await expect.poll(async () => (await seqs()).length).toBe(2)
    await clock.advance(1000)
    expect(told).toEqual([2, 3])
    leave()
  })

  test('should be told of their agents what is theirs', async () => {
    there = aChain(6, 1, seq => anEntry(seq, { agent: seq % 2 ? 'one' : 'two' }))
    await run()
    await seqs()
    expect(log.lastSeq('shop', ['one'], 0)).toBe(5)
    expect(log.lastSeq('shop', ['one'], 5)).toBeUndefined()
    expect(log.lastSeq('shop', ['three'], 0)).toBeUndefined()
    expect(log.lastSeq('bank', undefined, 0)).toBeUndefined()
  })
})
