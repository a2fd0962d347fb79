import { describe, expect, test } from 'vitest'
import type { Notifications } from '../api/types.ts'
import { draftOf, isChanged, rowOf, settingsOf } from './draft.ts'
import { differences, merged } from './merge.ts'

const route = (agent: string, member: string) => ({ agents: [agent], members: [member] })
const webhook = (name: string, secret = 's') => ({
  name,
  format: 'Slack' as const,
  urlSecretRef: { name: secret, key: 'url' },
})

describe('a draft', () => {
  test('that nobody touched changes nothing, and what a newer gateway knows is written back', () => {
    const newer = {
      email: { enabled: false, digest: 'Daily' },
      quiet: { from: '22:00' },
      routes: [],
    } as Notifications
    const draft = draftOf(newer)
    expect(isChanged(draft)).toBe(false)
    expect(settingsOf({ ...draft, email: true })).toEqual({
      email: { enabled: true, digest: 'Daily' },
      quiet: { from: '22:00' },
    })
  })

  test('writes no default where nothing was set', () => {
    expect(settingsOf(draftOf({}))).toEqual({})
    expect(settingsOf({ ...draftOf({}), inApp: false })).toEqual({ inApp: { enabled: false } })
  })

  test('is unchanged again when what was added is taken away', () => {
    const draft = draftOf({ routes: [route('*', 'alice')] })
    const more = { ...draft, routes: [...draft.routes, rowOf(route('a', 'bob'))] }
    expect(isChanged(more)).toBe(true)
    expect(isChanged({ ...more, routes: draft.routes })).toBe(false)
  })
})

describe('two who change the same settings', () => {
  const base: Notifications = { routes: [route('*', 'alice')], webhooks: [webhook('chat'), webhook('old')] }

  test('both get what they changed where it is not the same thing', () => {
    const mine = { ...base, routes: [...(base.routes ?? []), route('stock', 'carol')] }
    const theirs = { email: { enabled: false }, routes: [route('*', 'bob')], webhooks: [webhook('chat')] }
    expect(merged(base, mine, theirs)).toEqual({
      email: { enabled: false },
      routes: [route('stock', 'carol'), route('*', 'bob')],
      webhooks: [webhook('chat')],
    })
    expect(differences(base, mine, theirs)).toEqual([
      { what: 'took away the route of * to alice', both: false },
      { what: 'took away the webhook old', both: false },
      { what: 'turned e-mail off', both: false },
      { what: 'added the route of * to bob', both: false },
    ])
  })

  test('are told where they changed the same thing, and one’s own stays', () => {
    const mine = { ...base, webhooks: [webhook('chat', 'mine'), webhook('old')] }
    const theirs = { ...base, webhooks: [webhook('chat', 'theirs'), webhook('old')] }
    expect(differences(base, mine, theirs)).toEqual([
      { what: 'changed the webhook chat (its Secret)', both: true },
    ])
    expect(merged(base, mine, theirs)).toEqual(mine)
  })

  test('have no quarrel where they did the same', () => {
    const same = { ...base, email: { enabled: false } }
    expect(differences(base, same, same)).toEqual([{ what: 'turned e-mail off', both: false }])
    expect(merged(base, same, same)).toEqual(same)
  })
})
