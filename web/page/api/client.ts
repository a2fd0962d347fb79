/** What the gateway refused, in its words (docs/rest.md, Problems). */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  /** When it makes sense to ask again. */
  readonly retryAfterSeconds: number | undefined
  /** What is wrong with which field of the body. */
  readonly errors: readonly { readonly path: string; readonly message: string }[]

  constructor(
    status: number,
    document: Partial<Pick<Refused, 'code' | 'title' | 'errors'>> & { readonly detail?: string },
    retryAfterSeconds?: number,
  ) {
    super(document.detail ?? `The gateway answered ${status}.`)
    this.status = status
    this.code = document.code ?? 'Unknown'
    this.title = document.title ?? 'The gateway refused'
    this.retryAfterSeconds = retryAfterSeconds
    this.errors = document.errors ?? []
  }
}

/** No answer came: what was sent may have arrived all the same. */
export class Unreachable extends Error {
  constructor() {
    super('The gateway did not answer. Is the network there?')
  }
}

export interface Answered<T> {
  readonly value: T
  readonly headers: globalThis.Headers
}

type Headers = Readonly<Record<string, string>>
type Query = Readonly<Record<string, string | number | undefined>>

/** Asks the gateway as one person. */
export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  /** Any other method, with the answer's headers; `value` is undefined where the answer has no body. */
  send<T>(method: 'PUT' | 'DELETE', path: string, body?: unknown, headers?: Headers): Promise<Answered<T>>
  /** The answer as it is, for streams. Rejects with `Refused` and `Unreachable` as the others do. */
  open(path: string, init?: RequestInit): Promise<Response>
  /** Milliseconds since the epoch by the gateway's clock: that of this computer may be wrong. */
  now(): number
}

/** The gateway's time, as its answers tell it. */
export interface GatewayClock {
  now(): number
  heard(answer: Response): void
}

export function gatewayClock(): GatewayClock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    heard: answer => {
      const date = Date.parse(answer.headers.get('date') ?? '')
      if (!Number.isFinite(date)) return
      // The header counts whole seconds.
      const difference = date + 500 - Date.now()
      ahead = Math.abs(difference) > 1500 ? difference : 0
    },
  }
}

/** Sends one request. Rejects with `Refused` and `Unreachable`, or as `fetch` does where it was aborted. */
export async function ask(clock: GatewayClock, path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(`/api/v1${path}`, { ...init, cache: 'no-store' }).catch(error => {
    if (init.signal?.aborted) throw error
    throw new Unreachable()
  })
  clock.heard(answer)
  if (answer.ok) return answer
  const wait = Number(answer.headers.get('retry-after') ?? Number.NaN)
  throw new Refused(
    answer.status,
    await answer.json().catch(() => ({})),
    Number.isFinite(wait) ? wait : undefined,
  )
}

/** How somebody is signed in. */
export interface Signed {
  /** What to send with each request; undefined: the browser's cookie goes by itself. Throws once they have left. */
  bearer(): string | undefined
  /** Whom the browser's cookie is taken for: the gateway refuses it where it is somebody else's by now. */
  readonly username: string
  /** The gateway does not know them any more. Resolves when the same person is signed in again, rejects when they left. */
  again(refused: Refused): Promise<void>
}

/** So often what was read is asked for again after one signed in again; more would go round in circles. */
const MOST_TRIES = 4

/**
 * Asks as whoever is signed in. Where the gateway does not know them any more, what only reads waits until they are
 * signed in again; what changes something is refused, so that nothing is done later than they meant it.
 */
export function createApi(signed: Signed, clock: GatewayClock): Api {
  const once = (path: string, init: RequestInit) => {
    const credential = signed.bearer()
    if (credential === undefined) {
      const headers = { ...init.headers, 'countersign-user': encodeURIComponent(signed.username) }
      return ask(clock, path, { ...init, headers })
    }
    const headers = { ...init.headers, authorization: `Bearer ${credential}` }
    return ask(clock, path, { ...init, headers, credentials: 'omit' })
  }
  const open = async (path: string, init: RequestInit = {}): Promise<Response> => {
    for (let tries = 1; ; tries++) {
      try {
        return await once(path, init)
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 401 || tries === MOST_TRIES) throw error
        const again = signed.again(error)
        if ((init.method ?? 'GET') !== 'GET') {
          again.catch(() => {})
          throw new Refused(401, { code: error.code, title: error.title, detail: NOT_DONE })
        }
        await unlessAborted(again, init.signal ?? undefined)
      }
    }
  }
  return {
    open,
    now: clock.now,
    get: async (path, query = {}, signal) => {
      const given = Object.entries(query).flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, String(value)]],
      )
      const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
      return (await open(path + search, signal === undefined ? {} : { signal })).json()
    },
    send: async <T>(method: string, path: string, body?: unknown, given: Headers = {}) => {
      const headers = body === undefined ? given : { 'content-type': 'application/json', ...given }
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const answer = await open(path, init)
      const text = await answer.text()
      return { value: (text === '' ? undefined : JSON.parse(text)) as T, headers: answer.headers }
    },
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' }
      return (await open(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    },
  }
}

const NOT_DONE = 'You were signed out, so nothing was done. Sign in, and do it again.'

function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
