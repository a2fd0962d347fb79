/** What the server said when it refused, without the request's or answer's body: safe to log. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly code: number
  /** The Status object's reason, such as `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Expired`. */
  readonly reason: string
  readonly retryAfterSeconds: number | undefined
  constructor(
    code: number,
    reason: string,
    message: string,
    options: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The server could not be reached, or the connection broke before its answer: a write may have landed. */
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
