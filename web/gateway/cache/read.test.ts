import { beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../../../kube/client.ts'
import { silentLogger } from '../../../kube/logger.ts'
import { TestClock } from '../../../kube/testing.ts'
import { type AccessQuestion, keyOfQuestion } from '../access/question.ts'
import { wholeScope } from '../access/scope.ts'
import type { Caller, Scope } from '../credentials.ts'
import { Cache } from './cache.ts'
import { readList, readOne } from './read.ts'

const approval = (name: string, agent: string, second: number, phase = 'Pending', namespace = 'shop') =>
  ({
    metadata: {
      name,
      namespace,
      uid: `${namespace}/${name}`,
      resourceVersion: '1',
      creationTimestamp: `2026-11-22T10:00:0${second}Z`,
    },
    spec: { agentRef: { name: agent }, runRef: { name: `run-of-${agent}` } },
    status: { phase, decisions: [] },
  }) as never

let cache: Cache
let live: boolean
/** What the API server holds and the watch has not brought yet, by name. */
let unheard: Map<string, object>
beforeEach(() => {
  const options = { client: {} as Client, clock: new TestClock(), random: () => 0, logger: silentLogger }
  cache = new Cache(options)
  live = true
  unheard = new Map()
  Object.defineProperty(cache.approvals, 'isLive', { get: () => live })
  cache.approvals.store.replace({
    resourceVersion: '1',
    items: [
      approval('a', 'one', 1),
      approval('b', 'two', 2),
      approval('c', 'one', 3, 'Approved'),
      approval('d', 'two', 3),
      approval('e', 'one', 4, 'Pending', 'bank'),
    ],
  })
})

/** Somebody who may do what `rights` lists. */
function caller(scope: Scope = wholeScope, rights: readonly string[] = ['list', 'get']) {
  const asked: string[] = []
  const made = {
    scope,
    username: 'alice@acme.com',
    client: { find: async (_: unknown, { name }: { name: string }) => unheard.get(name) },
    may: async (question: AccessQuestion) => {
      const text = keyOfQuestion(question).trim()
      asked.push(text)
      return rights.some(right => text === right || text === `${right} approvalrequests  shop`)
    },
  } as unknown as Caller
  return { made, asked }
}

const agentOf = ({ spec }: { spec: { agentRef: { name: string } } }) => spec.agentRef.name
const list = async (filters: object, who = caller().made, page: object = {}) =>
  await readList(
    who,
    cache.approvals,
    'shop',
    { ...filters },
    { limit: 10, ...page },
    agentOf,
    o => o.metadata.name,
  )

describe('a list from the cache', () => {
  test('should be of one namespace, newest first', async () => {
    expect(await list({})).toEqual({ items: ['d', 'c', 'b', 'a'] })
  })

  test.each([
    [{ agent: 'one' }, ['c', 'a']],
    [{ phase: 'Pending' }, ['d', 'b', 'a']],
    [{ phase: 'Pending', agent: 'one' }, ['a']],
    [{ run: 'run-of-two', phase: 'Pending', agent: 'two' }, ['d', 'b']],
    [{ agent: 'one', phase: undefined }, ['c', 'a']],
    [{ agent: 'none' }, []],
  ])('should hold what fits %j', async (filters, names) => {
    expect((await list(filters)).items).toEqual(names)
  })

  test('should go on after the last item of a page, whatever came or went since', async () => {
    const first = await list({}, undefined, { limit: 2 })
    expect(first.items).toEqual(['d', 'c'])
    cache.approvals.store.apply({ type: 'ADDED', object: approval('z', 'one', 9) })
    cache.approvals.store.apply({ type: 'DELETED', object: approval('c', 'one', 3) })
    expect(await list({}, undefined, { limit: 2, continue: first.continue })).toEqual({ items: ['b', 'a'] })
  })

  test('should leave out what is of agents that the credential is not for, and fill its pages with the rest', async () => {
    const { made } = caller({ ...wholeScope, agents: ['one'] })
    expect(await list({}, made, { limit: 2 })).toEqual({ items: ['c', 'a'] })
    expect(await list({ agent: 'two' }, made)).toEqual({ items: [] })
  })

  test('should be refused to whoever may not list, before anything is looked at', async () => {
    live = false
    await expect(list({}, caller(wholeScope, ['get']).made)).rejects.toMatchObject({ code: 'Forbidden' })
    await expect(list({})).rejects.toMatchObject({ code: 'Behind' })
  })
})

describe('one object from the cache', () => {
  const read = (name: string, who = caller().made) =>
    readOne(who, cache.approvals, { namespace: 'shop', name }, agentOf)

  test('should be asked for by any name first, so that one answer serves all', async () => {
    const { made, asked } = caller()
    await read('a', made)
    await read('b', made)
    expect(asked).toEqual(['get approvalrequests  shop', 'get approvalrequests  shop'])
  })

  test('should be given to whoever may read this one alone, and no other', async () => {
    const { made } = caller(wholeScope, ['get approvalrequests  shop a'])
    expect((await read('a', made)).metadata.name).toBe('a')
    await expect(read('b', made)).rejects.toMatchObject({ code: 'Forbidden' })
  })

  test('should not be there where it is not, or is of an agent that the credential is not for', async () => {
    const { made } = caller({ ...wholeScope, agents: ['one'] })
    expect((await read('a', made)).metadata.name).toBe('a')
    const words = async (name: string) =>
      (await read(name, made).catch((error: Error) => error.message)) as string
    expect(await words('b')).toBe((await words('nothing')).replace('nothing', 'b'))
  })

  test('should be given where the watch has not brought it yet, as far as the credential goes', async () => {
    unheard.set('new', approval('new', 'one', 9))
    unheard.set('other', approval('other', 'two', 9))
    const { made } = caller({ ...wholeScope, agents: ['one'] })
    expect((await read('new', made)).metadata.name).toBe('new')
    await expect(read('other', made)).rejects.toMatchObject({ code: 'NotFound' })
    await expect(read('new', caller(wholeScope, []).made)).rejects.toMatchObject({ code: 'Forbidden' })
  })
})
