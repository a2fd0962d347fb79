import { describe, expect, test } from 'vitest'
import { againOf, type Entry, howOf, toldOf } from './words.ts'

const at = '2026-11-23T02:13:00Z'
const entry = (more: Partial<Entry> = {}): Entry => ({
  event: 'Requested',
  channel: 'Email',
  target: 'carol@acme.com',
  state: 'Sent',
  attempts: 1,
  at,
  ...more,
})
const notified = (status: 'True' | 'False' | 'Unknown') => ({ status, reason: 'x', message: 'x' })
const failed = entry({ channel: 'Webhook', target: 'ops', state: 'Retrying', lastError: 'refused' })
const pending = { phase: 'Pending' } as const

describe('who was told', () => {
  test('should be said in one line where it was everybody, each once', () => {
    const notifications = [
      entry(),
      entry({ event: 'Reminded' }),
      entry({ channel: 'InApp' }),
      entry({ channel: 'InApp', target: 'alice@acme.com' }),
    ]
    expect(toldOf({ ...pending, notifications, notified: notified('True') })).toMatchObject({
      level: 'Fine',
      words: 'Told: 1 by e-mail, 2 in the page',
      missed: [],
    })
  })

  test('should name first whom it did not reach, and why', () => {
    const found = toldOf({ ...pending, notifications: [entry(), failed], notified: notified('False') })
    expect(found).toEqual({
      level: 'Wrong',
      words: 'Not everybody was told',
      missed: [failed],
      others: [entry()],
    })
  })

  test.each([
    ['it reached none', [failed], [failed]],
    ['there is none to tell', [], []],
  ])('should be nobody where %s', (_, notifications, missed) => {
    const found = toldOf({ ...pending, notifications, notified: notified('False') })
    expect(found).toMatchObject({ level: 'Wrong', words: 'Nobody was told', missed })
  })

  test('should not count the end as something that somebody missed, nor what is tried for the first time', () => {
    const end = entry({ event: 'Decided', state: 'Failed', lastError: 'refused' })
    const first = entry({ state: 'Retrying', attempts: 0 })
    const found = toldOf({ phase: 'Approved', notifications: [end, first], notified: notified('False') })
    expect(found?.missed).toEqual([])
    expect(found?.others).toHaveLength(2)
  })

  test.each([
    ['nothing is known yet', [], undefined, 'It is not known yet who was told'],
    [
      'messages are on their way',
      [entry({ state: 'Retrying', attempts: 0 })],
      'Unknown',
      'Messages are under way',
    ],
    ['some have arrived', [entry()], 'Unknown', 'Messages are under way. Told so far: 1 by e-mail'],
    [
      'there is a list and no word of it',
      [entry()],
      undefined,
      'Messages are under way. Told so far: 1 by e-mail',
    ],
  ] as const)('should be waited for where %s', (_, notifications, status, words) => {
    const given = { ...pending, notifications: [...notifications], notified: status && notified(status) }
    expect(toldOf(given)).toMatchObject({ level: 'Waiting', words })
  })

  test('should be no question for one that was settled before anybody wrote it down', () => {
    expect(toldOf({ phase: 'Approved', notifications: [], notified: undefined })).toBeUndefined()
  })
})

describe('what is told again', () => {
  const approval = {
    ...pending,
    requestedAt: '2026-11-23T02:00:00Z',
    expiresAt: '2026-11-23T03:00:00Z',
    remindAfterSeconds: 1800,
    escalateAfterSeconds: 2700,
  }
  const ms = (time: string) => Date.parse(`2026-11-23T${time}Z`)

  test('should be known before', () => {
    expect(againOf(approval, [entry()])).toEqual([
      { event: 'Reminded', past: false, at: ms('02:30:00') },
      { event: 'Escalated', past: false, at: ms('02:45:00') },
    ])
  })

  test('should be known after, with the first of its times', () => {
    const reminded = (time: string | undefined, more: Partial<Entry> = {}) =>
      entry({ event: 'Reminded', ...(time === undefined ? {} : { at: `2026-11-23T${time}Z` }), ...more })
    const list = [reminded('02:31:00'), reminded('02:30:00'), reminded('02:29:00', { state: 'Retrying' })]
    expect(againOf(approval, list)[0]).toEqual({ event: 'Reminded', past: true, at: ms('02:30:00') })
    expect(againOf(approval, [reminded('02:30:00', { state: 'Retrying' })])[0]).toEqual({
      event: 'Reminded',
      past: true,
      at: undefined,
    })
  })

  test('should not be what comes after the end, or what nobody asked for', () => {
    expect(againOf({ ...approval, phase: 'Approved' }, [])).toEqual([])
    expect(againOf({ ...approval, remindAfterSeconds: 3600 }, [])).toMatchObject([{ event: 'Escalated' }])
    const { remindAfterSeconds: _, escalateAfterSeconds: __, ...plain } = approval
    expect(againOf(plain, [])).toEqual([])
  })
})

test.each([
  ['Requested', 'by webhook'],
  ['Reminded', 'reminded by webhook'],
  ['Escalated', 'told of the escalation by webhook'],
  ['Decided', 'told of the end by webhook'],
  [undefined, 'by webhook'],
] as const)('a message of %s is one that somebody got %s', (event, words) => {
  const { event: _, ...rest } = entry({ channel: 'Webhook' })
  expect(howOf(event === undefined ? rest : { ...rest, event })).toBe(words)
})
