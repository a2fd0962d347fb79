import type { Client } from '../../kube/client.ts'
import type { Clock } from '../../kube/types.ts'

const freshMs = 2000
const timeoutMs = 3000

/** Whether the API server answers. */
export class Readiness {
  readonly #client: Client
  readonly #clock: Clock
  #last: { readonly at: number; readonly ready: Promise<boolean> } | undefined

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Asks the API server, at most every two seconds however many ask. */
  async isReady(): Promise<boolean> {
    const now = this.#clock.now()
    if (this.#last === undefined || now - this.#last.at >= freshMs) {
      const ready = this.#client.raw({ method: 'GET', path: '/version', timeoutMs }).then(
        () => true,
        () => false,
      )
      this.#last = { at: now, ready }
    }
    return await this.#last.ready
  }
}
