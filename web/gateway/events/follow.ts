import type { Clock } from '../../../kube/types.ts'
import type { Entry, EventLog } from './log.ts'
import { decodePosition, encodePosition, type Position, type Source } from './position.ts'
import type { EventStream } from './stream.ts'

/** The end of the audit log, as far as the reader may read it. */
export interface AuditTail {
  /** Number of the last entry after `after`; undefined where there is none, or where that is not known. */
  last(after: number): number | undefined
  /** Calls `wake` when the log has grown. Returns what ends it. */
  onAppended(wake: () => void): () => void
}

export interface FollowOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly namespace: string
  /** `Last-Event-ID`; absent: from now on. */
  readonly lastID: string | undefined
  /** Whether the reader is to hear of this. */
  readonly concerns: (entry: Entry) => boolean
  /** Absent: the reader may not read the audit log. */
  readonly audit?: AuditTail | undefined
}

const beatMs = 15_000
const retryMs = 2000

/**
 * Sends a stream what its reader missed since their last id, and what happens from now on. Where what they missed is not
 * known any more, a Reset tells them to list again. Returns what ends it. `log` must know its position.
 */
export function follow(
  stream: EventStream,
  { log, clock, namespace, lastID, concerns, audit }: FollowOptions,
): () => void {
  // Everything up to it has been sent whenever it is read, as nothing here waits.
  const here = () => encodePosition(log.position() as Position)
  stream.retryAfter(retryMs)
  catchUp()
  const unsubscribe = log.subscribe(namespace, entry => {
    if (entry === undefined) reset('The gateway lost sight of what happened for a moment.')
    else if (concerns(entry)) stream.send(entry.event, here())
  })
  const leaveAudit = followAudit()
  let cancel = () => {}
  const beat = () => {
    stream.beat(here())
    cancel = clock.after(beatMs, beat)
  }
  beat()
  return () => {
    cancel()
    unsubscribe()
    leaveAudit()
  }

  /**
   * The audit log only grows, so that its last number says all: whoever comes back is told of it whatever they missed, and
   * ids need not tell how far in it they are.
   */
  function followAudit(): () => void {
    if (audit === undefined) return () => {}
    let told = lastID === undefined ? (audit.last(0) ?? 0) : 0
    const tell = () => {
      const seq = audit.last(told)
      if (seq === undefined) return
      told = seq
      stream.send({ type: 'AuditAppended', project: namespace, seq, at: timeOf(clock) }, here())
    }
    tell()
    return audit.onAppended(tell)
  }

  function catchUp(): void {
    if (lastID === undefined) return
    const position = decodePosition(lastID)
    const missed = position && log.since(namespace, position)
    if (missed === undefined) {
      reset('What happened since your last id is not known here any more.')
      return
    }
    // One that is cut off in between goes on after what it got, so ids advance kind by kind.
    const reached: Record<Source, string> = { ...(position as Position) }
    for (const entry of missed) {
      reached[entry.source] = entry.version
      if (concerns(entry)) stream.send(entry.event, encodePosition(reached))
    }
  }

  function reset(reason: string): void {
    stream.send({ type: 'Reset', reason }, here())
  }
}

const timeOf = (clock: Clock): string => new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
