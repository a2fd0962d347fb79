import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approvalRequests } from '../../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../../hack/testing.ts'
import { tellAs } from '../../../gateway/testing-cluster.ts'
import { troublesByAxe } from '../../testing/axe.ts'
import { openQueueStage, type QueueStage } from '../testing.ts'
import type { Entry } from './words.ts'

let stage: QueueStage
beforeAll(async () => {
  stage = await openQueueStage()
})
afterAll(async () => {
  await stage?.close()
})

const entry = (more: Partial<Entry>): Entry => ({
  event: 'Requested',
  channel: 'Email',
  target: 'carol@acme.com',
  state: 'Sent',
  attempts: 1,
  at: new Date().toISOString(),
  ...more,
})
const read = (name: string) => adminClient().get(approvalRequests, { namespace: stage.namespace, name })

describe('who was told of a request', () => {
  it('stands beside it: not known, then plainly who was not, then folded once it was everybody', async () => {
    await stage.add('told-1-0', {}, { escalateAfterSeconds: 720, escalateTo: ['night-shift'] })
    const { page, faults, context } = await stage.visit('carol', 'approvals/told-1-0')
    await page.getByText('It is not known yet who was told.').waitFor()
    const told = page.getByRole('region', { name: 'Who was told' })
    await told.getByText(/escalates to night-shift in 1[12] min/).waitFor()

    const refused = 'the connection was refused\u202e'
    const ops = entry({
      channel: 'Webhook',
      target: 'ops',
      state: 'Retrying',
      attempts: 3,
      lastError: refused,
    })
    const message = 'Not told: ops.'
    await tellAs(await read('told-1-0'), [entry({}), ops], {
      status: 'False',
      reason: 'SomeNotTold',
      message,
    })
    await told.getByText('Not everybody was told.').waitFor()
    expect(await told.getByRole('listitem').first().innerText()).toMatch(
      /^ops \(by webhook\): the connection was refused.*202E.*tried 3 times, and again$/s,
    )
    expect(await told.getByText('carol@acme.com').isVisible()).toBe(false)
    expect(await troublesByAxe(page)).toEqual([])
    await told.getByText('The others (1)').click()
    await told.getByText('carol@acme.com').waitFor()

    const reminded = entry({ event: 'Reminded', channel: 'InApp' })
    const all = [entry({}), entry({ channel: 'Webhook', target: 'ops' }), reminded]
    await tellAs(await read('told-1-0'), all, { status: 'True', reason: 'Told', message: 'Told.' })
    await told.getByText('Told: 1 by e-mail, 1 in the page, 1 by webhook').waitFor()
    await told.getByText(/^reminded \d/).waitFor()
    expect(await troublesByAxe(page)).toEqual([])
    expect(faults).toEqual([])
    await context.close()
  })

  it('is nobody, said with the reason, where there is nobody to tell', async () => {
    await stage.add('nobody-1-0', {})
    const message = 'Nobody is told of this request: e-mail and the page are off for this project.'
    await tellAs(await read('nobody-1-0'), [], { status: 'False', reason: 'NobodyToTell', message })
    const { page, faults, context } = await stage.visit('carol', 'approvals/nobody-1-0')
    const told = page.getByRole('region', { name: 'Who was told' })
    await told.getByText('Nobody was told.').waitFor()
    await told.getByText(message).waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('is told by the bell again: as a reminder, and to whom it is escalated', async () => {
    await stage.add('again-1-0', {}, { remindAfterSeconds: 30, escalateAfterSeconds: 60 })
    const { page, faults, context } = await stage.visit('carol', 'approvals/nobody-1-0')
    const request = await read('again-1-0')
    const reminded = entry({ event: 'Reminded', channel: 'InApp' })
    await tellAs(request, [reminded])
    await page
      .getByRole('button', { name: /unread|new/i })
      .first()
      .click()
    const item = page.locator('a.news-item[href$="/approvals/again-1-0"]')
    await item.getByText('reminder: still asked for by order-manager').waitFor()
    await tellAs(request, [reminded, entry({ event: 'Escalated', channel: 'InApp' })])
    await item.getByText('escalated to you: asked for by order-manager').waitFor()
    expect(await item.count()).toBe(1)
    expect(faults).toEqual([])
    await context.close()
  })
})
