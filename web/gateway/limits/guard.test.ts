import { describe, expect, test } from 'vitest'
import { ApiError } from '../../../kube/errors.ts'
import { settled, TestClock } from '../../../kube/testing.ts'
import type { Attempt, Caller, Credentials } from '../credentials.ts'
import { problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import { Guard } from './guard.ts'

const home = '192.0.2.1'
const elsewhere = '192.0.2.2'

interface Held {
  readonly attempt: Attempt
  answer(): void
}

/** A guard before credentials that know which tokens and keys are good, and answer at once or when told. */
function guarded({ held = false }: { held?: boolean } = {}) {
  const clock = new TestClock()
  const good = new Set<string>()
  const asked: Attempt[] = []
  const open: Held[] = []
  const refusals: { address: string; held: boolean }[] = []
  const credentials: Credentials = async attempt => {
    asked.push(attempt)
    if (held) await new Promise<void>(answer => open.push({ attempt, answer: () => answer() }))
    if (good.has(attempt.authorization ?? '')) return {} as Caller
    throw problem('Unauthenticated', { what: 'No.' })
  }
  const guard = new Guard({
    credentials,
    clock,
    failureBurst: 20,
    failuresPerMinute: 20,
    onRefusal: refusal => refusals.push(refusal),
  })
  /** What comes of it: 200, 401 or 429. */
  const show = async (authorization: string | undefined, address = home): Promise<number> => {
    try {
      await guard.credentials({ authorization, address })
      return 200
    } catch (error) {
      return problemOf(error).statusCode
    }
  }
  const showMany = async (count: number, of: (i: number) => string, address = home) => {
    const answers: number[] = []
    for (let i = 0; i < count; i++) answers.push(await show(of(i), address))
    return answers
  }
  return { clock, good, asked, open, refusals, guard, show, showMany }
}

const token = (i: number) => `Bearer bad-${i}`
const key = (i: number) => `Bearer csk_abcdefghijklmnop_${'x'.repeat(51)}${i}`
const anyKey = (i: number) => `Bearer csk_id${String(i).padStart(14, '0')}_secret`
const count = (answers: readonly number[], status: number) =>
  answers.filter(answer => answer === status).length

describe('bad credentials', () => {
  test.each([
    ['tokens', token],
    ['secrets for one key', key],
    ['keys', anyKey],
    ['headers of another form', (i: number) => `Basic ${i}`],
    ['repetitions of one token', () => 'Bearer expired'],
    ['repetitions of one key', () => key(0)],
  ])('should be held up after twenty %s, of 200', async (_, of) => {
    const { showMany } = guarded()
    const answers = await showMany(200, of)
    expect(answers.slice(0, 20)).toEqual(Array(20).fill(401))
    expect(answers.slice(20)).toEqual(Array(180).fill(429))
  })

  test('should be looked at again after the time that was named, one every three seconds', async () => {
    const { clock, show, showMany, guard } = guarded()
    await showMany(20, token)
    const refused = await guard.credentials({ authorization: token(99), address: home }).catch(problemOf)
    expect(refused).toMatchObject({ code: 'TooManyFailures', extras: { retryAfterSeconds: 3 } })
    await clock.advance(3000)
    expect([await show(token(100)), await show(token(101))]).toEqual([401, 429])
    await clock.advance(60_000)
    expect(count(await showMany(30, i => token(1000 + i)), 401)).toBe(20)
  })

  test('should not be asked of the API server over the limit', async () => {
    const { asked, showMany } = guarded()
    await showMany(200, token)
    expect(asked).toHaveLength(20)
  })

  // Every one of these is shown to the API server, if to anybody: only what is read as an API key costs it nothing.
  test.each([
    ['within', (i: number) => `Bearer ${i}.csk_abcdefghijklmnop_secret`],
    ['in capitals at the beginning', (i: number) => `Bearer CSK_abcdefghijklmnop_${i}`],
    ['in the place of the scheme', (i: number) => `csk_abcdefghijklmnop_${i} Bearer`],
  ])('should not be asked of the API server over the limit for looking like a key %s', async (_, of) => {
    const { asked, showMany } = guarded()
    await showMany(200, of)
    expect(asked).toHaveLength(20)
  })

  test('should not get past the limit by coming all at once', async () => {
    const { asked, open, show } = guarded({ held: true })
    const answers = Array.from({ length: 100 }, (_, i) => show(token(i)))
    await settled()
    expect(asked).toHaveLength(20)
    while (open.length > 0) {
      open.shift()?.answer()
      await settled()
    }
    expect(count(await Promise.all(answers), 401)).toBe(20)
    expect(asked).toHaveLength(20)
  })

  test('should not hold up another address, nor the other way round', async () => {
    const { showMany, show } = guarded()
    await showMany(200, token)
    expect(await show(token(201), elsewhere)).toBe(401)
    expect(await show('Bearer good', elsewhere)).toBe(401)
  })

  test('should be one address within an IPv6 /64, and for IPv4 however it is written', async () => {
    const { show, showMany } = guarded()
    for (let i = 0; i < 20; i++) await show(token(i), `2001:db8:1:2::${i.toString(16)}`)
    expect(await show(token(20), '2001:db8:1:2:ffff::1')).toBe(429)
    expect(await show(token(21), '2001:db8:1:3::1')).toBe(401)
    await showMany(20, i => token(i + 100), '::ffff:192.0.2.9')
    expect(await show(token(200), '192.0.2.9')).toBe(429)
  })

  test('should hold up who tries one key from many addresses, and not who tries another there', async () => {
    const { show } = guarded()
    for (let i = 0; i < 20; i++) expect(await show(key(i), `192.0.2.${i}`)).toBe(401)
    expect(await show(key(20), '198.51.100.1')).toBe(429)
    expect(await show(anyKey(1), '198.51.100.1')).toBe(401)
  })

  test('should weigh on their address only thrice when they are one and the same', async () => {
    const { good, show, showMany } = guarded()
    await showMany(500, () => 'Bearer expired')
    expect(await show('Bearer expired')).toBe(429)
    good.add('Bearer good')
    expect(await show('Bearer good')).toBe(200)
    expect(count(await showMany(30, token), 401)).toBe(17)
  })

  test('should not count where nothing was shown', async () => {
    const { show, refusals } = guarded()
    for (let i = 0; i < 100; i++) expect(await show(i % 2 ? undefined : ' ')).toBe(401)
    expect(await show(token(1))).toBe(401)
    expect(refusals).toHaveLength(1)
  })

  test('should be told of, with the address where they count and whether they were held up', async () => {
    const { showMany, refusals } = guarded()
    await showMany(21, token, '2001:db8::1')
    expect(refusals.at(0)).toEqual({ address: '2001:db8:0:0::/64', held: false })
    expect(refusals.at(20)).toEqual({ address: '2001:db8:0:0::/64', held: true })
  })
})

describe('good credentials', () => {
  test('should pass from an address that is held up: keys always', async () => {
    const { good, show, showMany } = guarded()
    good.add(anyKey(1))
    await showMany(200, token)
    expect(await show(anyKey(1))).toBe(200)
  })

  test('should pass from an address that is held up for keys: tokens that were not seen before', async () => {
    const { good, show, showMany } = guarded()
    await showMany(200, anyKey)
    good.add('Bearer new')
    expect(await show('Bearer new')).toBe(200)
    expect(await show(token(0))).toBe(401)
  })

  test('should pass though others tried the same key', async () => {
    const { good, show, showMany } = guarded()
    good.add(key(500))
    await showMany(200, key)
    expect(await show(key(500))).toBe(200)
  })

  test('should pass from an address that is held up: tokens that were good in the last ten minutes', async () => {
    const { clock, good, asked, show, showMany } = guarded()
    good.add('Bearer good')
    expect(await show('Bearer good', elsewhere)).toBe(200)
    await showMany(200, token)
    expect(await show('Bearer good')).toBe(200)
    await clock.advance(9 * 60_000)
    await showMany(200, token)
    expect(await show('Bearer good')).toBe(200)
    await clock.advance(10 * 60_000)
    await showMany(200, i => token(i + 1000))
    const before = asked.length
    expect(await show('Bearer good')).toBe(429)
    expect(asked).toHaveLength(before)
  })

  test('should all get in, a hundred at once from one address, twenty at a time', async () => {
    const { good, asked, open, show } = guarded({ held: true })
    const people = Array.from({ length: 100 }, (_, i) => `Bearer person-${i}`)
    for (const person of people) good.add(person)
    const answers = people.map(person => show(person))
    await settled()
    expect(asked).toHaveLength(20)
    while (open.length > 0) {
      expect(open.length).toBeLessThanOrEqual(20)
      open.shift()?.answer()
      await settled()
    }
    expect(await Promise.all(answers)).toEqual(Array(100).fill(200))
  })

  test('should be unknown again once the API server has refused them, and count', async () => {
    const { good, show, showMany, guard } = guarded()
    good.add('Bearer good')
    await show('Bearer good')
    await showMany(200, token)
    good.delete('Bearer good')
    expect(await show('Bearer good')).toBe(429)
    good.add('Bearer other')
    expect(await show('Bearer other', elsewhere)).toBe(200)
    for (let i = 0; i < 20; i++) guard.refusedLate({ authorization: `Bearer late-${i}`, address: elsewhere })
    guard.refusedLate({ authorization: 'Bearer other', address: elsewhere })
    expect(await show('Bearer other', elsewhere)).toBe(429)
  })

  test('should not be counted when the API server is away or busy', async () => {
    const clock = new TestClock()
    const away: Credentials = async () => {
      throw new ApiError(503, 'ServiceUnavailable', 'away')
    }
    const guard = new Guard({
      credentials: away,
      clock,
      failureBurst: 20,
      failuresPerMinute: 20,
      onRefusal: () => {
        throw new Error('nobody was refused')
      },
    })
    for (let i = 0; i < 100; i++) {
      const refused = await guard.credentials({ authorization: token(i), address: home }).catch(problemOf)
      expect(refused).toMatchObject({ code: 'Unavailable' })
    }
  })
})
