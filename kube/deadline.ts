import { ConnectionError } from './errors.ts'

/** A signal that aborts with the caller's signal or after a time. `clear` must be called when the call has ended. */
export interface Deadline {
  readonly signal: AbortSignal
  clear(): void
}

/**
 * Joins a caller's signal and a time limit (0 for none). Real time on purpose: it bounds how long a socket may be
 * silent. (AbortSignal.any keeps what it joins alive as long as the longest-lived of its sources.)
 */
export function deadline(request: {
  readonly method: string
  readonly path: string
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
}): Deadline {
  const { signal, timeoutMs } = request
  const controller = new AbortController()
  const follow = () => controller.abort(signal?.reason)
  if (signal?.aborted) follow()
  else signal?.addEventListener('abort', follow, { once: true })
  const expire = () =>
    controller.abort(
      new ConnectionError(
        `${request.method} ${request.path.replace(/\?.*$/s, '')}: no answer within ${timeoutMs} ms`,
      ),
    )
  const timer = timeoutMs > 0 ? setTimeout(expire, timeoutMs) : undefined
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', follow)
    },
  }
}
