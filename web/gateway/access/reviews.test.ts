import { afterEach, describe, expect, test } from 'vitest'
import { createClient } from '../../../kube/http-client.ts'
import { answer, type ScriptedServer, scriptedServer, TestClock } from '../../../kube/testing.ts'
import type { Outcome } from './recent.ts'
import { Reviews } from './reviews.ts'

const question = { verb: 'list', resource: 'agentruns', namespace: 'shop' }
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** An API server that says yes or no as the test does. */
async function reviewing() {
  const state = { allowed: true, changing: false }
  const api: ScriptedServer = await scriptedServer((_, response) =>
    answer(response, { status: { allowed: state.allowed } }, 201),
  )
  const client = createClient(api.connection)
  const clock = new TestClock()
  const outcomes: Outcome[] = []
  const reviews = new Reviews({
    client,
    clock,
    isChanging: () => state.changing,
    onOutcome: outcome => outcomes.push(outcome),
  })
  closing.push(
    () => client.close(),
    () => api.close(),
  )
  const self = (id = 'one', ageMs?: number) => reviews.self(id, client.withToken('t'), question, ageMs)
  return { state, api, clock, reviews, outcomes, self }
}

describe('reviews', () => {
  test('should ask with their own token what somebody may', async () => {
    const { api, self } = await reviewing()
    expect(await self()).toBe(true)
    const [sent] = api.requests
    expect(sent?.path).toBe('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
    expect(sent?.headers.authorization).toBe('Bearer t')
    expect(JSON.parse(sent?.body ?? '').spec).toEqual({
      resourceAttributes: { group: 'countersign.dev', ...question },
    })
  })

  test('should ask as the gateway about whoever came without a token', async () => {
    const { api, reviews } = await reviewing()
    const subject = { user: 'alice@acme.com', groups: ['system:authenticated'], extra: { via: ['API'] } }
    expect(await reviews.subject('key', subject, question)).toBe(true)
    expect(api.requests[0]?.path).toBe('/apis/authorization.k8s.io/v1/subjectaccessreviews')
    expect(JSON.parse(api.requests[0]?.body ?? '').spec).toEqual({
      ...subject,
      resourceAttributes: { group: 'countersign.dev', ...question },
    })
  })

  test('should see a right that was taken away within two seconds', async () => {
    const { state, clock, self } = await reviewing()
    expect(await self()).toBe(true)
    state.allowed = false
    await clock.advance(1999)
    expect(await self()).toBe(true)
    await clock.advance(1)
    expect(await self()).toBe(false)
  })

  test('should not take the answer to one credential, question or namespace for that to another', async () => {
    const { api, reviews, self } = await reviewing()
    await Promise.all([self('one'), self('two'), self('one')])
    expect(api.requests).toHaveLength(2)
    const subject = { user: 'a', groups: [], extra: {} }
    for (const other of [
      { ...question, verb: 'get' },
      { ...question, name: 'a' },
      { ...question, namespace: 'bank' },
      { ...question, subresource: 'status' },
      { verb: 'list', resource: 'agentruns' },
    ]) {
      await reviews.subject('one', subject, other)
    }
    expect(api.requests).toHaveLength(7)
  })

  test('should forget a namespace when it is told so, and no other', async () => {
    const { state, reviews, outcomes, self } = await reviewing()
    await self()
    reviews.forget('sho')
    await self()
    expect(outcomes).toEqual(['asked', 'shared'])
    state.allowed = false
    reviews.forget('shop')
    expect(await self()).toBe(false)
  })

  test('should keep nothing while the rights of the namespace are being changed', async () => {
    const { state, outcomes, self } = await reviewing()
    await self()
    state.changing = true
    state.allowed = false
    expect(await self()).toBe(false)
    state.allowed = true
    expect(await self()).toBe(true)
    expect(outcomes).toEqual(['asked', 'asked', 'asked'])
  })
})
