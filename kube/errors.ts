/** What a refusal was about, as far as the server said. */
export interface ErrorDetails {
  /** Kind or resource name, such as `configmaps`. */
  readonly kind?: string | undefined
  readonly name?: string | undefined
}

/**
 * What the server said when it refused. `message` is the server's own sentence and meant for people: that of a 422
 * may quote field values of the object. A log takes `logSafe(error)` instead.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly code: number
  /** The Status object's reason, such as `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Expired`. */
  readonly reason: string
  readonly retryAfterSeconds: number | undefined
  readonly details: ErrorDetails
  constructor(
    code: number,
    reason: string,
    message: string,
    options: { retryAfterSeconds?: number | undefined; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds
    this.details = options.details ?? {}
  }
}

/**
 * The server could not be reached, or the connection broke before its answer: a write may have landed.
 * The message names the method and path, never a query, header or body.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

const isApiError = (error: unknown): error is ApiError => error instanceof ApiError

export const isNotFound = (error: unknown): boolean => isApiError(error) && error.code === 404
export const isAlreadyExists = (error: unknown): boolean =>
  isApiError(error) && error.code === 409 && error.reason === 'AlreadyExists'
/** Somebody else wrote first: the resourceVersion (or a precondition) is no longer current. */
export const isConflict = (error: unknown): boolean =>
  isApiError(error) && error.code === 409 && error.reason !== 'AlreadyExists'
export const isForbidden = (error: unknown): boolean => isApiError(error) && error.code === 403
export const isInvalid = (error: unknown): boolean => isApiError(error) && error.code === 422
export const isUnauthorized = (error: unknown): boolean => isApiError(error) && error.code === 401
/** The resourceVersion is too old to list or watch from: list again. */
export const isGone = (error: unknown): boolean => isApiError(error) && error.code === 410
/** Refused because the namespace is being deleted. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  isForbidden(error) && (error as ApiError).message.includes('because it is being terminated')
/** Worth trying again later: nothing in the request itself was wrong. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ConnectionError || (isApiError(error) && (error.code === 429 || error.code >= 500))

/** The parts of an error that may be logged: never a message that could quote an object's field. */
export interface SafeError {
  readonly type: string
  readonly code?: number
  readonly reason?: string
  readonly kind?: string
  readonly object?: string
  readonly message?: string
  readonly stack?: string
}

/**
 * An error as a log may hold it. Of an `ApiError`: code, reason, and the kind and name of what it is about. Of anything
 * else its type, message and stack, as those are ours or the platform's.
 */
export function logSafe(error: unknown): SafeError {
  if (error instanceof ApiError) {
    const { kind, name } = error.details
    return {
      type: error.name,
      code: error.code,
      reason: error.reason,
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { object: name }),
    }
  }
  if (error instanceof Error) {
    return { type: error.name, message: error.message, ...(error.stack ? { stack: error.stack } : {}) }
  }
  return { type: typeof error }
}
