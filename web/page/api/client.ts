/** What the gateway refused, in its words (docs/rest.md, Problems). */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly title: string

  constructor(status: number, document: { code?: string; title?: string; detail?: string }) {
    super(document.detail ?? `The gateway answered ${status}.`)
    this.status = status
    this.code = document.code ?? 'Unknown'
    this.title = document.title ?? 'The gateway refused'
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

/**
 * `credential` is sent with each request and kept nowhere else. `onSignedOut` is called when the gateway does not know
 * it any more.
 */
export function createApi(credential: string, onSignedOut: (why: string) => void): Api {
  let ahead = 0
  const open = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${credential}` }
    const answer = await fetch(`/api/v1${path}`, { ...init, headers, cache: 'no-store' }).catch(error => {
      if (init.signal?.aborted) throw error
      throw new Unreachable()
    })
    const date = Date.parse(answer.headers.get('date') ?? '')
    // The header counts whole seconds.
    if (Number.isFinite(date) && Math.abs(date + 500 - Date.now()) > 1500) ahead = date + 500 - Date.now()
    else if (Number.isFinite(date)) ahead = 0
    if (answer.ok) return answer
    const refused = new Refused(answer.status, await answer.json().catch(() => ({})))
    if (refused.status === 401) onSignedOut(refused.message)
    throw refused
  }
  return {
    open,
    now: () => Date.now() + ahead,
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
