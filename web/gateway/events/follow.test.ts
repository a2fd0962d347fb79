import { beforeEach, describe, expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import type { ProjectEvent } from './event.ts'
import { follow } from './follow.ts'
import type { Entry, EventLog, Reader } from './log.ts'
import type { Position } from './position.ts'
import { EventStream } from './stream.ts'

const entry = (version: string, agent = 'one', source: Entry['source'] = 'approvals'): Entry => ({
  source,
  version,
  event: { type: 'AgentChanged', name: `n${version}`, agent } as ProjectEvent,
})

let clock: TestClock
let stream: EventStream
let reader: Reader
/** What the log holds and how far it is. */
let held: { since: readonly Entry[] | undefined; position: Position }

beforeEach(() => {
  clock = new TestClock()
  stream = new EventStream({ clock })
  audit = { seq: 7, wake: () => {} }
  held = { since: [], position: { approvals: '9', runs: '9', agents: '9' } }
})

/** The audit log's last number, and whoever is told when that grows. */
let audit: { seq: number | undefined; wake: () => void }

function start(lastID?: string, withAudit = false) {
  const log = {
    position: () => held.position,
    since: () => held.since,
    subscribe: (_: string, fn: Reader) => {
      reader = fn
      return () => {
        reader = () => {}
      }
    },
  } as unknown as EventLog
  const concerns = ({ event }: Entry) => event.agent === 'one'
  const tail = {
    last: (after: number) => (audit.seq !== undefined && audit.seq > after ? audit.seq : undefined),
    onAppended: (wake: () => void) => {
      audit.wake = wake
      return () => {
        audit.wake = () => {}
      }
    },
  }
  return follow(stream, {
    log,
    clock,
    namespace: 'shop',
    lastID,
    concerns,
    audit: withAudit ? tail : undefined,
  })
}

/** Ids and names, or types, of what was sent. */
function sent(): string[] {
  const blocks = String(stream.read() ?? '').split('\n\n')
  return blocks.flatMap(block => {
    const id = /^id: (.*)$/m.exec(block)?.[1]
    const data = /^data: (.*)$/m.exec(block)?.[1]
    if (id === undefined) return []
    const { name, type, seq } = data === undefined ? { name: 'beat' } : JSON.parse(data)
    return [`${id} ${name ?? type}${seq === undefined ? '' : ` ${seq}`}`]
  })
}

describe('following a project', () => {
  test('should begin with where it is, and go on with what happens', () => {
    start()
    held.position = { ...held.position, approvals: '10' }
    reader(entry('10'))
    expect(sent()).toEqual(['9-9-9 beat', '10-9-9 n10'])
  })

  test('should send what was missed with ids that leave nothing out wherever it is cut', () => {
    held.since = [entry('7', 'one', 'runs'), entry('5'), entry('8', 'two'), entry('9')]
    start('4-6-9')
    expect(sent()).toEqual(['4-7-9 n7', '5-7-9 n5', '9-7-9 n9', '9-9-9 beat'])
  })

  test.each([['4-6-9'], ['nonsense']])(
    'should tell whoever comes from %s to list where that is not known',
    id => {
      held.since = undefined
      start(id)
      expect(sent()).toEqual(['9-9-9 Reset', '9-9-9 beat'])
    },
  )

  test('should tell everybody to list when something was lost sight of', () => {
    start()
    sent()
    reader(undefined)
    expect(sent()).toEqual(['9-9-9 Reset'])
  })

  test('should not send what is of no concern, and move on past it with the next beat', async () => {
    start()
    sent()
    held.position = { ...held.position, approvals: '10' }
    reader(entry('10', 'two'))
    expect(sent()).toEqual([])
    await clock.advance(15_000)
    expect(sent()).toEqual(['10-9-9 beat'])
  })

  test('should stop when it is told to', async () => {
    const end = start()
    sent()
    end()
    reader(entry('10'))
    await clock.advance(60_000)
    expect(sent()).toEqual([])
    expect(clock.pending()).toEqual([])
  })

  test('should tell how far the audit log is when it has grown, once', () => {
    start(undefined, true)
    audit.wake()
    expect(sent()).toEqual(['9-9-9 beat'])
    audit.seq = 9
    audit.wake()
    audit.wake()
    expect(sent()).toEqual(['9-9-9 AuditAppended 9'])
  })

  test('should tell whoever comes back how far the audit log is, as their id does not say what they have of it', () => {
    start('9-9-9', true)
    expect(sent()).toEqual(['9-9-9 AuditAppended 7', '9-9-9 beat'])
  })

  test('should tell how far the audit log is as soon as that is known', () => {
    audit.seq = undefined
    start('9-9-9', true)
    audit.wake()
    expect(sent()).toEqual(['9-9-9 beat'])
    audit.seq = 3
    audit.wake()
    expect(sent()).toEqual(['9-9-9 AuditAppended 3'])
  })

  test('should tell nothing of the audit log to whoever may not read it, nor to whoever left', () => {
    start()
    audit.seq = 9
    audit.wake()
    expect(sent()).toEqual(['9-9-9 beat'])
    start(undefined, true)()
    sent()
    audit.seq = 10
    audit.wake()
    expect(sent()).toEqual([])
  })
})
