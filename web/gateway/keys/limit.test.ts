import { describe, expect, test } from 'vitest'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { TestClock } from '../../../kube/testing.ts'
import { keyAllowance } from './limit.ts'
import { aKey, inSeconds, now } from './testing.ts'

const many = (count: number, spec: Partial<APIKey['spec']> = {}, metadata = {}): APIKey[] =>
  Array.from({ length: count }, (_, i) => aKey(`k${i}`, spec, metadata))

const take = (keys: readonly APIKey[]) =>
  keyAllowance(() => keys, new TestClock(now)).take('carol@acme.com', 'shop')

describe('how many keys a person may have in a project', () => {
  test('should be fifty that work', () => {
    expect(() => take(many(49))).not.toThrow()
    expect(() => take(many(50))).toThrow(/carol@acme.com has 50 API keys in shop/)
  })

  test.each([
    ['of others', many(50, { user: 'alice@acme.com' })],
    ['of another project', many(50, { project: 'other' })],
    ['that are revoked', many(50, {}, { deletionTimestamp: inSeconds(-1) })],
    ['that have expired', many(50, { expiresAt: inSeconds(-1) })],
  ])('should not count those %s', (_, keys) => {
    expect(() => take(keys)).not.toThrow()
  })

  test('should be two hundred with those that have expired', () => {
    expect(() => take(many(200, { expiresAt: inSeconds(-1) }))).toThrow(/has 200 API keys/)
  })

  test('should hold for those that are made at once', () => {
    const allowance = keyAllowance(() => many(40), new TestClock(now))
    const places = Array.from({ length: 10 }, () => allowance.take('carol@acme.com', 'shop'))
    expect(() => allowance.take('carol@acme.com', 'shop')).toThrow(/50/)
    expect(() => allowance.take('carol@acme.com', 'other')).not.toThrow()
    places[0]?.release()
    expect(() => allowance.take('carol@acme.com', 'shop')).not.toThrow()
  })
})
