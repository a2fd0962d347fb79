import { ApiError } from './errors.ts'

interface StatusObject {
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: { kind?: string; name?: string; retryAfterSeconds?: number }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

function asStatus(value: unknown): StatusObject {
  const isStatus =
    typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Status'
  return isStatus ? (value as StatusObject) : {}
}

/** The error that a Status object in a watch stream stands for. */
export function errorOfStatus(value: unknown): ApiError {
  const status = asStatus(value)
  return errorOfAnswer(status.code ?? 500, status, undefined)
}

/**
 * The error that a refused request's answer stands for. Anything but a Status object (a proxy's page, say) adds nothing
 * to the message: it could hold anything.
 *
 * @param retryAfter the header's value; seconds (a date is ignored)
 */
export function errorOfAnswer(code: number, body: unknown, retryAfter: string | undefined): ApiError {
  const status = asStatus(body)
  const seconds = retryAfter === undefined || retryAfter.trim() === '' ? Number.NaN : Number(retryAfter)
  const reason = status.reason || reasons[code] || 'Unknown'
  return new ApiError(code, reason, status.message || `the server answered ${code} ${reason}`, {
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : status.details?.retryAfterSeconds,
    details: { kind: status.details?.kind, name: status.details?.name },
  })
}
