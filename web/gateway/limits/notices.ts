import type { Clock } from '../../../kube/types.ts'

const everyMs = 60_000
const maxKeys = 10_000

/** A line about somebody: how often it happened since the last one, this time included. */
export type Notice = (key: string, times: number) => void

/**
 * Says of each key at most once a minute what happens all the time: whoever sends bad requests must not fill the log.
 * What happens after a line is told with the next one.
 */
export class Notices {
  readonly #clock: Clock
  readonly #notice: Notice
  /** Least recently told first. */
  readonly #told = new Map<string, { at: number; since: number }>()

  constructor(clock: Clock, notice: Notice) {
    this.#clock = clock
    this.#notice = notice
  }

  happened(key: string): void {
    const now = this.#clock.now()
    const told = this.#told.get(key)
    const age = told === undefined ? everyMs : now - told.at
    if (told !== undefined && age >= 0 && age < everyMs) {
      told.since++
      return
    }
    // With this many at work one line is as good as another.
    if (told === undefined && this.#told.size >= maxKeys && !this.#forgetOldest(now)) return
    this.#told.delete(key)
    this.#told.set(key, { at: now, since: 0 })
    this.#notice(key, (told?.since ?? 0) + 1)
  }

  #forgetOldest(now: number): boolean {
    const [oldest] = this.#told
    if (oldest === undefined || now - oldest[1].at < everyMs) return false
    return this.#told.delete(oldest[0])
  }
}
