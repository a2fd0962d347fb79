import { describe, expect, it } from 'vitest'
import type { NotificationEntry } from '../../crds/v1alpha1/approvalrequest.ts'
import { type Entries, givenUp, NO_ADDRESS, SETTLED_FIRST, withResults } from './entries.ts'
import { notified } from './notified.ts'

const entry = (
  channel: NotificationEntry['channel'],
  target: string,
  rest: Partial<NotificationEntry> = {},
): NotificationEntry => ({
  event: 'Requested',
  channel,
  target,
  state: 'Sent',
  attempts: 1,
  at: 'then',
  ...rest,
})
const refused = { state: 'Retrying', lastError: 'the connection was refused' } as const
const homeless = {
  state: 'Failed',
  attempts: 0,
  at: undefined,
  lastError: NO_ADDRESS,
} as unknown as Partial<NotificationEntry>

describe('the condition Notified', () => {
  it.each<[string, Entries, string, string, string]>([
    ['nobody was to be told', [], 'False', 'NobodyToTell', 'Nobody is told of this request'],
    [
      'all were told',
      [entry('Email', 'a'), entry('Email', 'b'), entry('InApp', 'a'), entry('Webhook', 'ops')],
      'True',
      'Told',
      'Told: 2 by e-mail, 1 in the page, 1 by webhook.',
    ],
    [
      'it is under way',
      [entry('InApp', 'a'), entry('Email', 'a', { state: 'Retrying', attempts: 0 })],
      'Unknown',
      'Telling',
      'Messages are under way. Told so far: 1 in the page.',
    ],
    [
      'some could not be told',
      [entry('InApp', 'a'), entry('Email', 'a', refused), entry('Webhook', 'ops', { state: 'Retrying' })],
      'False',
      'SomeNotTold',
      'Not told: a (by e-mail): the connection was refused. Told: 1 in the page.',
    ],
    [
      'nobody could be told',
      [entry('Email', 'a', refused)],
      'False',
      'NobodyTold',
      'Not told: a (by e-mail): the connection was refused. Nobody was told.',
    ],
    [
      'a group without an address is told in the page',
      [entry('Email', 'night', homeless), entry('InApp', 'night')],
      'True',
      'Told',
      'Told: 1 in the page; without an address: night.',
    ],
    [
      'a group without an address is told nowhere',
      [entry('Email', 'night', homeless)],
      'False',
      'NobodyTold',
      `Not told: night (by e-mail): ${NO_ADDRESS}. Nobody was told.`,
    ],
    [
      'it was settled before anybody was told',
      [entry('Email', 'a', { state: 'Failed', lastError: SETTLED_FIRST })],
      'True',
      'SettledFirst',
      'The request was settled before anybody was told.',
    ],
    [
      'only the end could not be told',
      [entry('InApp', 'a'), entry('Webhook', 'ops', { ...refused, event: 'Decided' })],
      'True',
      'Told',
      'Told: 1 in the page.',
    ],
    [
      'somebody was told twice',
      [entry('InApp', 'a'), entry('InApp', 'a', { event: 'Reminded' })],
      'True',
      'Told',
      'Told: 1 in the page.',
    ],
  ])('says so where %s', (_, entries, status, reason, message) => {
    const condition = notified(entries)
    expect(condition).toMatchObject({ type: 'Notified', status, reason })
    expect(condition.message).toContain(message)
  })

  it('names five who were not told, and how many more', () => {
    const many = Array.from({ length: 8 }, (_, i) => entry('Email', `p${i}`, refused))
    expect(notified(many).message).toMatch(/^Not told: p0 .*p4 .*; and 3 more\. Nobody was told\.$/)
  })
})

describe('the list of who was told', () => {
  const told = { event: 'Requested', channel: 'Email', target: 'a' } as const
  const result = (outcome: Parameters<typeof withResults>[1][number]['outcome'], attempts = 1) => ({
    ...told,
    outcome,
    attempts,
    at: '2026-01-01T00:00:00Z',
  })

  it('never takes back that something was sent, whatever a late result says', () => {
    const sent = withResults([], [result({ state: 'Sent' })])
    expect(withResults(sent, [result({ state: 'Retrying', error: 'no' }, 2)])).toEqual(sent)
    expect(givenUp(sent, () => 'over')).toBe(sent)
  })

  it('keeps why it failed last when it is given up', () => {
    const tried = withResults([], [result({ state: 'Retrying', error: 'refused' }, 3)])
    expect(givenUp(tried, () => 'too late')).toEqual([
      {
        ...told,
        state: 'Failed',
        attempts: 3,
        lastError: 'too late (last error: refused)',
        at: '2026-01-01T00:00:00Z',
      },
    ])
  })

  it('takes an entry of before events had names for one of the request itself', () => {
    const old = [{ channel: 'Email', target: 'a', state: 'Retrying' }] as const
    expect(withResults(old, [result({ state: 'Sent' })])).toEqual([
      { ...told, state: 'Sent', attempts: 1, at: '2026-01-01T00:00:00Z' },
    ])
  })

  it('keeps of an error no more than fits a thousand times into a status', () => {
    const [entry] = withResults([], [result({ state: 'Retrying', error: 'x'.repeat(5000) })])
    expect(entry?.lastError?.length).toBeLessThanOrEqual(300)
  })

  it('ends at as many as the schema takes', () => {
    const full = Array.from({ length: 1000 }, (_, i) => entry('Email', `p${i}`))
    expect(withResults(full, [result({ state: 'Sent' })])).toHaveLength(1000)
  })
})
