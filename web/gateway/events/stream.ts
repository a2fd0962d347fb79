import { Readable } from 'node:stream'
import type { Clock } from '../../../kube/types.ts'
import type { EventData } from './event.ts'

export interface EventStreamOptions {
  readonly clock: Clock
  /** Bytes that may wait for the reader. Beyond it is cut. */
  readonly maxBacklog?: number
  /** Told once, with the reason, when it begins to end. */
  readonly onEnd?: (reason: string) => void
}

const maxBacklogBytes = 256 * 1024
/** How long a reader who was too slow is left the time to read why. */
const patienceMs = 5000

/**
 * One stream of Server-Sent Events. What the reader does not take waits in memory, but not without bound: one that is
 * too slow is told so and cut, and comes back by its last id.
 */
export class EventStream extends Readable {
  readonly #clock: Clock
  readonly #maxBacklog: number
  readonly #onEnd: (reason: string) => void
  #cancel = () => {}
  #ended = false

  constructor({ clock, maxBacklog = maxBacklogBytes, onEnd = () => {} }: EventStreamOptions) {
    super({ highWaterMark: maxBacklog })
    this.#clock = clock
    this.#maxBacklog = maxBacklog
    this.#onEnd = onEnd
  }

  get isOver(): boolean {
    return this.#ended
  }

  /** How long the client waits before it comes back, in milliseconds. */
  retryAfter(ms: number): void {
    this.#write(`retry: ${ms}\n\n`)
  }

  /** A comment that keeps the connection open; it moves the client's last id on without an event. */
  beat(id: string): void {
    this.#write(`: \nid: ${id}\n\n`)
  }

  send(data: EventData, id: string): void {
    // JSON holds no line break, so one line is enough.
    this.#write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** Ends it, with an event that says why as its last. */
  close(reason: string, detail: string): void {
    if (this.#ended) return
    this.#begin(reason)
    this.push(`data: ${JSON.stringify({ type: 'Closed', reason, detail } satisfies EventData)}\n\n`)
    this.push(null)
    this.#cancel = this.#clock.after(patienceMs, () => void this.destroy())
  }

  #write(text: string): void {
    if (this.#ended) return
    if (this.readableLength + text.length > this.#maxBacklog) {
      this.close('TooSlow', 'The events were not read as fast as they came. Come back with the last id.')
      return
    }
    this.push(text)
  }

  #begin(reason: string): void {
    this.#ended = true
    this.#onEnd(reason)
  }

  override _read(): void {
    // Events are pushed as they come.
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#cancel()
    if (!this.#ended) this.#begin('Left')
    callback(error)
  }
}
