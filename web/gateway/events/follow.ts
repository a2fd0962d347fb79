import type { Clock } from '../../../kube/types.ts'
import type { Entry, EventLog } from './log.ts'
import { decodePosition, encodePosition, type Position, type Source } from './position.ts'
import type { EventStream } from './stream.ts'

export interface FollowOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly namespace: string
  /** `Last-Event-ID`; absent: from now on. */
  readonly lastID: string | undefined
  /** Whether the reader is to hear of this. */
  readonly concerns: (entry: Entry) => boolean
}

const beatMs = 15_000
const retryMs = 2000

/**
 * Sends a stream what its reader missed since their last id, and what happens from now on. Where what they missed is not
 * known any more, a Reset tells them to list again. Returns what ends it. `log` must know its position.
 */
export function follow(
  stream: EventStream,
  { log, clock, namespace, lastID, concerns }: FollowOptions,
): () => void {
  // Everything up to it has been sent whenever it is read, as nothing here waits.
  const here = () => encodePosition(log.position() as Position)
  stream.retryAfter(retryMs)
  catchUp()
  const unsubscribe = log.subscribe(namespace, entry => {
    if (entry === undefined) reset('The gateway lost sight of what happened for a moment.')
    else if (concerns(entry)) stream.send(entry.event, here())
  })
  let cancel = () => {}
  const beat = () => {
    stream.beat(here())
    cancel = clock.after(beatMs, beat)
  }
  beat()
  return () => {
    cancel()
    unsubscribe()
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
