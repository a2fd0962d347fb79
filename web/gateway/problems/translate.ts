import { ApiError, ConnectionError } from '../../../kube/errors.ts'
import { Problem, type Problem as ProblemError, problem } from './problem.ts'

const retryAfterSeconds = 1

/** What any error that a route ended with is to its caller. What we do not know is `Internal`. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof Problem) return error
  if (error instanceof ApiError) return problemOfApiError(error)
  if (error instanceof ConnectionError) {
    return problem('Unavailable', {}, { retryAfterSeconds, cause: error })
  }
  return problemOfFastify(error) ?? problem('Internal', {}, { cause: error })
}

/** The API server's refusal, in the words of the API server where they are meant for people. */
function problemOfApiError(error: ApiError): ProblemError {
  const cause = error
  switch (error.code) {
    case 400:
      return problem('Malformed', { what: error.message }, { cause })
    case 401:
      return problem('Unauthenticated', { what: 'The API server does not accept this token.' }, { cause })
    case 403:
      return problem('Forbidden', { sentence: forbiddenSentence(error.message) }, { cause })
    case 404:
      return problem('NotFound', { what: sentence(error.message) }, { cause })
    case 409:
      return problem('Conflict', {}, { cause })
    case 413:
      return problem('TooLarge', { what: sentence(error.message) }, { cause })
    case 422:
      return problem('Invalid', { what: sentence(error.message) }, { cause })
    case 429:
      return problem(
        'TooManyRequests',
        {},
        { retryAfterSeconds: Math.ceil(error.retryAfterSeconds ?? retryAfterSeconds), cause },
      )
    default:
      return problem(
        'Unavailable',
        {},
        { retryAfterSeconds: Math.ceil(error.retryAfterSeconds ?? retryAfterSeconds), cause },
      )
  }
}

/** The gateway acts as the members whom the operator has taken up: about to be one, or not any more, is told as such. */
const forbiddenSentence = (message: string): string =>
  / cannot impersonate(:user-info)? resource /.test(message)
    ? 'The gateway may not act for you: the operator has not taken you up as a member of a project yet, or not any more. If you were added just now, try again in a moment.'
    : refusalSentence(message)

/**
 * What a policy says to people: its own sentence, without the server's preamble (`... is forbidden:
 * ValidatingAdmissionPolicy 'x' with binding 'y' denied request: <sentence>`). Any other refusal as it is.
 */
export function refusalSentence(message: string): string {
  return sentence(/denied request: (.*)$/s.exec(message)?.[1] ?? message)
}

/** Whether an admission policy, not the lack of a right in RBAC, refused. */
export const isPolicyDenial = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 403 && error.message.includes(' denied request: ')

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** Fastify's own errors, by their codes: their messages could quote the request. */
function problemOfFastify(error: unknown): ProblemError | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('TooLarge', { what: 'The body is too large.' }, { cause: error })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('UnsupportedMediaType', {}, { cause: error })
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return problem('NotFound', { what: 'There is no such route.' }, { cause: error })
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return problem('Malformed', { what: 'The body is not valid JSON.' }, { cause: error })
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? problem('Malformed', { what: 'This request cannot be read.' }, { cause: error })
        : undefined
  }
}
