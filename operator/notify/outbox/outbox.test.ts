import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { settled, TestClock } from '../../../kube/testing.ts'
import type { Due } from '../plan.ts'
import { scriptedMailer, scriptedWebhooks } from '../testing.ts'
import type { Outcome } from '../types.ts'
import { createOutbox } from './outbox.ts'

const request = (name = 'r', uid = name): ApprovalRequest =>
  ({
    metadata: { name, namespace: 'shop', uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { timeoutSeconds: 3600 },
    status: { phase: 'Pending', decisions: [] },
  }) as unknown as ApprovalRequest

const mailTo = (address: string, event: Due['event'] = 'Requested'): Due => ({
  event,
  channel: 'Email',
  target: address,
  to: { address, name: undefined },
})
const call = (name: string, event: Due['event'] = 'Requested'): Due => ({
  event,
  channel: 'Webhook',
  target: name,
  webhook: { name, urlSecretRef: { name, key: 'url' }, format: 'Generic' },
})

function anOutbox() {
  const clock = new TestClock()
  const mailer = scriptedMailer()
  const webhooks = scriptedWebhooks()
  const woken: [string, number][] = []
  const wanted = new Map<string, Due>()
  const gone = new Set<string>()
  const outbox = createOutbox({
    clock,
    random: () => 0,
    mailer,
    webhooks,
    pageURL: 'https://page',
    wanted: ({ name }, uid, told) => {
      if (gone.has(uid)) return 'Gone'
      const due = wanted.get(`${uid} ${told.event} ${told.target}`)
      return due && { request: request(name, uid), due }
    },
    wake: (key, ms) => woken.push([key, ms]),
    tried: () => {},
  })
  const offer = (one: ApprovalRequest, ...due: Due[]) => {
    for (const each of due) wanted.set(`${one.metadata.uid} ${each.event} ${each.target}`, each)
    outbox.offer(one, due)
  }
  const states = (uid = 'r') =>
    outbox.results(uid).map(({ event, target, outcome }) => `${event} ${target} ${outcome.state}`)
  return { clock, mailer, webhooks, outbox, offer, states, wanted, gone, woken }
}

const hanging = () => new Promise<Outcome>(() => {})

describe('the outbox', () => {
  it('sends what it is given once, with an id that stays and a link, and keeps the result until it is stored', async () => {
    const { offer, mailer, outbox, states } = anOutbox()
    offer(request(), mailTo('a@acme.com'))
    offer(request(), mailTo('a@acme.com'))
    await settled()
    expect(states()).toEqual(['Requested a@acme.com Sent'])
    offer(request(), mailTo('a@acme.com'))
    await settled()
    expect(mailer.way.taken).toHaveLength(1)
    expect(mailer.way.taken[0]?.notices[0]).toMatchObject({
      id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      url: 'https://page/projects/shop/approvals/r',
    })
    outbox.saved('r', outbox.results('r'))
    expect(states()).toEqual([])
    const again = anOutbox()
    again.offer(request(), mailTo('a@acme.com'))
    await settled()
    expect(again.mailer.way.taken[0]?.notices[0]?.id).toBe(mailer.way.taken[0]?.notices[0]?.id)
    again.offer(request(), mailTo('b@acme.com'))
    again.offer(request('r', 'other'), mailTo('a@acme.com'))
    await settled()
    expect(new Set(again.mailer.way.taken.map(({ notices }) => notices[0]?.id)).size).toBe(3)
  })

  it('lets a mail server that hangs hold no webhook, nor one webhook another', async () => {
    const { offer, mailer, webhooks, states } = anOutbox()
    mailer.way.answer = hanging
    webhooks.way.answer = ({ to }) => (to === 'hangs' ? hanging() : { state: 'Sent' })
    offer(request(), mailTo('a@acme.com'), call('hangs'), call('ops'))
    await settled()
    expect(states()).toEqual(['Requested ops Sent'])
  })

  it('tells one receiver in order: the end does not overtake the request', async () => {
    const { offer, webhooks, states } = anOutbox()
    const first = Promise.withResolvers<Outcome>()
    webhooks.way.answer = () => first.promise
    offer(request(), call('ops'))
    offer(request(), call('ops', 'Decided'))
    await settled()
    expect(webhooks.way.taken).toHaveLength(1)
    first.resolve({ state: 'Sent' })
    await settled()
    offer(request(), call('ops', 'Decided'))
    await settled()
    expect(states()).toEqual(['Requested ops Sent', 'Decided ops Sent'])
  })

  it('wakes its request at once when all is tried, else a little later, so that results are stored together', async () => {
    const { offer, mailer, woken } = anOutbox()
    mailer.way.answer = hanging
    offer(request(), mailTo('a@acme.com'), call('ops'))
    await settled()
    expect(woken).toEqual([['shop/r', 500]])
    offer(request('q'), call('ops'))
    await settled()
    expect(woken.slice(1)).toEqual([['shop/q', 0]])
  })

  it('keeps what is to be tried again in, says what went wrong, and counts only its own tries', async () => {
    const { offer, mailer, outbox, clock, states } = anOutbox()
    mailer.way.answer = () => ({ state: 'Retrying', error: 'refused', wholeLane: true })
    offer(request(), mailTo('a@acme.com'))
    offer(request('q'), mailTo('a@acme.com'))
    await settled()
    expect(outbox.results('r')).toMatchObject([{ attempts: 1, at: '2026-01-01T00:00:00Z' }])
    expect(outbox.results('q')).toMatchObject([{ attempts: 0, at: undefined, outcome: { error: 'refused' } }])
    outbox.saved('r', outbox.results('r'))
    outbox.saved('q', outbox.results('q'))
    expect([...states('r'), ...states('q')]).toEqual([])
    expect(outbox.waiting()).toEqual({ Email: 2, Webhook: 0 })
    mailer.way.answer = () => ({ state: 'Sent' })
    await clock.advance(10_000)
    expect([...states('r'), ...states('q')]).toEqual([
      'Requested a@acme.com Sent',
      'Requested a@acme.com Sent',
    ])
    expect(outbox.waiting()).toEqual({ Email: 0, Webhook: 0 })
  })

  it('drops what is not wanted any more, and can be given it again', async () => {
    const { offer, mailer, wanted, woken, outbox, states } = anOutbox()
    const first = Promise.withResolvers<Outcome>()
    mailer.way.answer = () => first.promise
    offer(request('busy'), mailTo('a@acme.com'))
    offer(request(), mailTo('a@acme.com'))
    wanted.delete('r Requested a@acme.com')
    first.resolve({ state: 'Sent' })
    await settled()
    expect(states()).toEqual([])
    expect(woken).toContainEqual(['shop/r', 0])
    expect(outbox.waiting().Email).toBe(0)
    offer(request(), mailTo('a@acme.com'))
    await settled()
    expect(states()).toEqual(['Requested a@acme.com Sent'])
  })

  it('makes one mail of what gathers for one person, and tells each request that it was sent', async () => {
    const { offer, mailer, outbox } = anOutbox()
    for (let i = 0; i < 1000; i++) offer(request(`r${i}`), mailTo('a@acme.com'))
    for (let i = 0; i < 10; i++) await settled()
    expect(mailer.way.taken.map(({ notices }) => notices.length)).toEqual([1, 1, 1, 1, 996])
    expect(outbox.results('r999')).toMatchObject([{ outcome: { state: 'Sent' } }])
  })

  it('tells how a request ended that is gone by then, and asks for no decision on it', async () => {
    const { offer, webhooks, gone, clock } = anOutbox()
    const slow = Promise.withResolvers<Outcome>()
    webhooks.way.answer = () => slow.promise
    offer(request('a'), call('ops'))
    offer(request('b'), call('ops'))
    offer(request('c'), call('ops'))
    offer(request('d'), call('ops'))
    offer(request('waits'), call('ops'))
    offer(request('ended'), call('ops', 'Cancelled'))
    gone.add('waits').add('ended')
    slow.resolve({ state: 'Sent' })
    await settled()
    const told = webhooks.way.taken.slice(4).map(({ notices }) => notices[0])
    expect(told.map(notice => `${notice?.event} ${notice?.request.metadata.name}`)).toEqual([
      'Cancelled ended',
    ])
    webhooks.way.answer = () => ({ state: 'Retrying', error: 'busy' })
    offer(request('late'), call('ops', 'Cancelled'))
    gone.add('late')
    await clock.advance(24 * 3_600_000)
    const tries = webhooks.way.taken.length
    await clock.advance(24 * 3_600_000)
    expect(webhooks.way.taken).toHaveLength(tries)
  })

  it('starts nothing more when it drains, and says whose results are to be stored', async () => {
    const { offer, mailer, outbox, states } = anOutbox()
    const slow = Promise.withResolvers<Outcome>()
    mailer.way.answer = () => slow.promise
    offer(request(), mailTo('a@acme.com'))
    offer(request('next'), mailTo('a@acme.com'))
    const drained = outbox.drain()
    slow.resolve({ state: 'Sent' })
    expect(await drained).toEqual([{ namespace: 'shop', name: 'r' }])
    expect(states()).toEqual(['Requested a@acme.com Sent'])
    expect(mailer.way.taken).toHaveLength(1)
  })
})
