import { describe, expect, test } from 'vitest'
import {
  ApiError,
  ConnectionError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isTransient,
  isUnauthorized,
  logSafe,
} from './errors.ts'
import { errorOfAnswer, errorOfStatus } from './status.ts'
import { status } from './testing.ts'

const predicates = {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isTransient,
  isUnauthorized,
}
const holding = (error: unknown) =>
  Object.entries(predicates).flatMap(([name, holds]) => (holds(error) ? [name] : []))

test.each([
  [401, 'Unauthorized', '', ['isUnauthorized']],
  [403, 'Forbidden', 'no', ['isForbidden']],
  [
    403,
    'Forbidden',
    'namespace x: because it is being terminated',
    ['isForbidden', 'isNamespaceTerminating'],
  ],
  [404, 'NotFound', '', ['isNotFound']],
  [409, 'Conflict', '', ['isConflict']],
  [409, 'AlreadyExists', '', ['isAlreadyExists']],
  [410, 'Expired', '', ['isGone']],
  [422, 'Invalid', '', ['isInvalid']],
  [429, 'TooManyRequests', '', ['isTransient']],
  [503, 'ServiceUnavailable', '', ['isTransient']],
])('%i %s %s is %j', (code, reason, message, expected) => {
  expect(holding(new ApiError(code, reason, message))).toEqual(expected)
})

test('a broken connection is worth another try, and an error of ours is not', () => {
  expect(holding(new ConnectionError('x'))).toEqual(['isTransient'])
  expect(holding(new TypeError('x'))).toEqual([])
})

describe('an answer', () => {
  test.each([
    ['3', 3],
    ['0', 0],
    ['', undefined],
    ['-1', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [undefined, undefined],
  ])('with Retry-After %j asks to wait %s seconds', (header, seconds) => {
    expect(errorOfAnswer(429, undefined, header).retryAfterSeconds).toBe(seconds)
  })

  test('that is no Status has the reason of its code', () => {
    expect(errorOfAnswer(503, '<html>', undefined)).toMatchObject({ code: 503, reason: 'ServiceUnavailable' })
    expect(errorOfAnswer(418, null, undefined)).toMatchObject({ code: 418, reason: 'Unknown' })
  })

  test('in a watch has the code that the Status says', () => {
    expect(errorOfStatus(status(410, 'Expired'))).toMatchObject({ code: 410, reason: 'Expired' })
    expect(errorOfStatus('rubbish')).toMatchObject({ code: 500 })
  })
})

test('what may be logged of an error is its kind, not what it quotes', () => {
  const refused = new ApiError(422, 'Invalid', 'Invalid value: "hunter2"', {
    details: { kind: 'x', name: 'y' },
  })
  expect(logSafe(refused)).toEqual({ type: 'ApiError', code: 422, reason: 'Invalid', kind: 'x', object: 'y' })
  expect(logSafe(new TypeError('wrong'))).toMatchObject({ type: 'TypeError', message: 'wrong' })
  expect(logSafe('hunter2')).toEqual({ type: 'string' })
})
