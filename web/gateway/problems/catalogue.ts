/**
 * Every way in which the gateway refuses. `detail` is a template: what stands in braces is filled in. docs/rest.md
 * mirrors this table (a test keeps it so). `retryable`: the same request may succeed later.
 */
export const catalogue = {
  Malformed: {
    status: 400,
    title: 'The request cannot be read',
    detail: '{what}',
    retryable: false,
  },
  Unauthenticated: {
    status: 401,
    title: 'Valid credentials are missing',
    detail: '{what}',
    retryable: false,
  },
  Forbidden: {
    status: 403,
    title: 'You may not do this',
    detail: '{sentence}',
    retryable: false,
  },
  NotFound: {
    status: 404,
    title: 'There is no such thing',
    detail: '{what}',
    retryable: false,
  },
  MethodNotAllowed: {
    status: 405,
    title: 'This route takes another method',
    detail: 'This route takes {allowed}, not {method}.',
    retryable: false,
  },
  RequestTimeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: 'The request was not complete in time. Send it again.',
    retryable: true,
  },
  ApprovalSettled: {
    status: 409,
    title: 'The approval is settled',
    detail: '{name} is {phase}{who}. It cannot be decided again.',
    retryable: false,
  },
  AlreadyDecided: {
    status: 409,
    title: 'You have decided otherwise',
    detail: '{reviewer} has already decided {name}: {verdict}. A decision is never changed.',
    retryable: false,
  },
  CallDiffers: {
    status: 409,
    title: 'This is not the call that you saw',
    detail:
      'The call that waits as {name} has another callDigest than the one you gave. Read it again before you decide.',
    retryable: false,
  },
  RunEnded: {
    status: 409,
    title: 'The run has ended',
    detail: '{name} has ended ({phase}): there is nothing to cancel.',
    retryable: false,
  },
  RunNotEnded: {
    status: 409,
    title: 'The run has not ended',
    detail: '{name} is {phase}: only a run that has ended can be continued.',
    retryable: true,
  },
  AlreadyExists: {
    status: 409,
    title: 'The name is taken',
    detail: 'There is already a run named {name}. Choose another name, or none.',
    retryable: false,
  },
  Conflict: {
    status: 409,
    title: 'Somebody else wrote first',
    detail: 'The object changed while it was being written. Read it and try again.',
    retryable: true,
  },
  TestOvertaken: {
    status: 409,
    title: 'Somebody else asked for a test',
    detail:
      'Somebody else asked for a test message of this project before yours was sent: one is under way at a time. Try again.',
    retryable: true,
  },
  TooManyKeys: {
    status: 409,
    title: 'You have as many API keys as you may',
    detail: '{user} has {count} API keys in {project}. Revoke those that are not needed any more.',
    retryable: false,
  },
  ApprovalExpired: {
    status: 410,
    title: 'The approval has expired',
    detail: 'The time to decide {name} was over at {expiresAt}. The call is not made.',
    retryable: false,
  },
  TooLarge: {
    status: 413,
    title: 'The request is too large',
    detail: '{what}',
    retryable: false,
  },
  UnsupportedMediaType: {
    status: 415,
    title: 'The body is not JSON',
    detail: 'Send JSON in UTF-8, not compressed, with the header Content-Type: application/json.',
    retryable: false,
  },
  Invalid: {
    status: 422,
    title: 'The request does not fit its schema',
    detail: '{what}',
    retryable: false,
  },
  ReasonRequired: {
    status: 422,
    title: 'A rejection needs a reason',
    detail: 'Say why in "reason": the agent goes on, or ends, with it.',
    retryable: false,
  },
  UnknownReference: {
    status: 422,
    title: 'The request names something that does not exist',
    detail: 'There is no {kind} named {name} in the project {project}.',
    retryable: false,
  },
  IdempotencyKeyReused: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    detail: 'A run was created with this Idempotency-Key and another body. Use a new key for a new run.',
    retryable: false,
  },
  TooManyRequests: {
    status: 429,
    title: 'Too many requests',
    detail: 'The API server is busy. Try again after the time in Retry-After.',
    retryable: true,
  },
  RateLimited: {
    status: 429,
    title: 'You send too much',
    detail: '{what} Try again after the time in Retry-After.',
    retryable: true,
  },
  TooManyFailures: {
    status: 429,
    title: 'Too many bad credentials',
    detail:
      'Too many credentials that are not valid came from your address, or for this API key. Try again after the time in Retry-After.',
    retryable: true,
  },
  HeadersTooLarge: {
    status: 431,
    title: 'The headers are too large',
    detail: 'The headers take more than 16 KiB together, or are more than 100.',
    retryable: false,
  },
  Internal: {
    status: 500,
    title: 'Something went wrong here',
    detail: 'The gateway failed. Its log has the reason, under the request id of this answer.',
    retryable: false,
  },
  NoSessions: {
    status: 503,
    title: 'Signing in is not possible yet',
    detail:
      'The Secret {secret} holds no key for sessions. The operator makes it as it starts: see that it runs, or send the token with each request.',
    retryable: true,
  },
  TestUnanswered: {
    status: 503,
    title: 'The operator did not answer',
    detail:
      'The operator did not say within {seconds} seconds what became of the test message. See that it runs (kubectl get pods -n countersign-system), and try again. The message may arrive all the same.',
    retryable: true,
  },
  Behind: {
    status: 503,
    title: 'The gateway may be behind',
    detail:
      'The gateway has not heard from the API server for some seconds, so what it knows may be no longer true. Try again after the time in Retry-After.',
    retryable: true,
  },
  Unavailable: {
    status: 503,
    title: 'The API server cannot be asked',
    detail:
      'The API server did not answer. Try again after the time in Retry-After: repeating a decision does no harm.',
    retryable: true,
  },
} as const

/** The name of an entry of the catalogue; `code` of a problem document. */
export type ProblemCode = keyof typeof catalogue

type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never

/** What the template of this problem needs. */
export type ProblemValues<C extends ProblemCode> = {
  readonly [K in Placeholders<(typeof catalogue)[C]['detail']>]: string
}
