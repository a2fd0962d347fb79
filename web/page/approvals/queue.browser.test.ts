import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { row } from '../testing/browser.ts'
import { openQueueStage, type QueueStage } from './testing.ts'

let stage: QueueStage
/** One browser for all that is tried in turn. */
let carol: Awaited<ReturnType<QueueStage['visit']>>
beforeAll(async () => {
  stage = await openQueueStage()
  carol = await stage.visit('carol')
})
afterAll(() => stage?.close())

const lines = (page: Page) => page.locator('.queue-frame [data-name]')
const names = (page: Page) =>
  lines(page).evaluateAll(all => all.map(one => (one as HTMLElement).dataset.name ?? ''))
const stored = async (name: string) =>
  (await adminClient().get(approvalRequests, { namespace: stage.namespace, name })).status
const elsewhere = async (user: string, name: string, verb: string, body: object = {}) => {
  const path = `/api/v1/projects/${stage.namespace}/approvals/${name}/${verb}`
  expect((await stage.gateway.as(tokenOf(`${user}@acme.com`)).post(path, body)).status).toBe(200)
}
const several = (page: Page) => page.getByRole('toolbar', { name: 'Several at once' })

describe('what waits', () => {
  it('stands by its deadlines, and is filtered by agent, tool and what the parameters hold', async () => {
    const { page } = carol
    await stage.add('late-1-0', { order: 'ORD-1' }, { timeoutSeconds: 3000 })
    await stage.add('soon-1-0', { order: 'ORD-2', lines: [{ sku: 'LAMP-3' }] }, { timeoutSeconds: 1000 })
    await stage.add(
      'middle-1-0',
      { email: 'eve@acme.com' },
      { timeoutSeconds: 2000, tool: 'crm.delete_customer' },
    )
    await expect.poll(() => names(page)).toEqual(['soon-1-0', 'middle-1-0', 'late-1-0'])
    const box = page.getByLabel('Filter what waits')
    await page.keyboard.press('/')
    for (const [typed, found] of [
      ['lamp', ['soon-1-0']],
      ['CRM.delete', ['middle-1-0']],
      ['order-manager ord-', ['soon-1-0', 'late-1-0']],
      ['nothing of this', []],
    ] as const) {
      await box.fill(typed)
      await expect.poll(() => names(page)).toEqual(found)
      await page.getByText(`${found.length} of 3 match`).waitFor()
    }
    await page.keyboard.press('Escape')
    await expect.poll(() => names(page)).toHaveLength(3)
    expect(await box.inputValue()).toBe('')
  })

  it('does not move beneath a pointer: a nearer deadline waits, and a settled one keeps its place, until it points elsewhere', async () => {
    const { page } = carol
    const before = await names(page)
    await row(page, 'soon-1-0').locator('.row-open').click()
    await page.waitForURL(/soon-1-0$/)
    await row(page, 'middle-1-0').hover()
    // As a hand that is about to click: it does not rest.
    let pointing = true
    const moving = (async () => {
      const box = await row(page, 'middle-1-0').boundingBox()
      for (let i = 0; pointing; i++) {
        await page.mouse.move((box?.x ?? 0) + 150 + (i % 5), (box?.y ?? 0) + 20)
        await new Promise(done => setTimeout(done, 50))
      }
    })()
    await stage.add('nearest-1-0', { order: 'ORD-0' }, { timeoutSeconds: 300 })
    await elsewhere('alice', 'soon-1-0', 'approve')
    await page.getByText('1 more as soon as you point elsewhere').waitFor()
    await page.locator('[data-gone]').waitFor()
    expect(await names(page)).toEqual(before.filter(name => name !== 'soon-1-0'))
    expect(
      await page.locator('.queue-frame li').nth(1).locator('[data-name]').getAttribute('data-name'),
    ).toBe('middle-1-0')
    pointing = false
    await moving
    await page.mouse.move(900, 300)
    await expect.poll(() => names(page)).toEqual(['nearest-1-0', 'middle-1-0', 'late-1-0'])
    // What was settled is still shown in full, and the keys go on from its place.
    await page.keyboard.press('j')
    await page.waitForURL(/nearest-1-0$/)
  })
})

describe('several at once', () => {
  it('are selected by key, click and range, shown with what they ask for, approved together, and each is told', async () => {
    const { page, faults } = carol
    for (let i = 0; i < 6; i++) {
      await stage.add(
        `refund-${i}-1-0`,
        { order: `ORD-70${i}`, amount: 100 + i },
        { timeoutSeconds: 4000 + i },
      )
    }
    await stage.add(
      'own-1-0',
      { order: 'ORD-800' },
      {
        timeoutSeconds: 4100,
        allowSelfApproval: false,
        requestedBy: 'carol@acme.com',
      },
    )
    await row(page, 'own-1-0').waitFor()
    const check = (name: string) => row(page, name).getByRole('checkbox')
    await check('refund-0-1-0').click()
    await check('own-1-0').click({ modifiers: ['Shift'] })
    await check('refund-5-1-0').click()
    await row(page, 'refund-5-1-0').locator('.row-open').click()
    await page.waitForURL(/refund-5-1-0$/)
    await page.keyboard.press('x')
    await several(page).getByText('7 selected').waitFor()
    await page.keyboard.press('a')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Approve 6 calls?').waitFor()
    await dialog.getByText('1 is left out: You started this run').waitFor()
    const asked = await dialog.innerText()
    for (let i = 0; i < 6; i++) expect(asked).toContain(`ORD-70${i}`)
    expect(asked).not.toContain('ORD-800')
    expect(asked).toMatch(/6 ×\s+order_tools\.process_refund\s+by order-manager/)
    // Meanwhile one is rejected elsewhere, and nothing was decided by asking.
    await elsewhere('bob', 'refund-2-1-0', 'reject', { reason: 'not this one' })
    expect((await stored('refund-0-1-0')).decisions).toEqual([])
    await dialog.getByRole('button', { name: 'Approve these 6' }).dblclick()
    await dialog.getByText('What became of them').waitFor()
    const report = await dialog.locator('.several-report').innerText()
    expect(report).toMatch(/5 approved/)
    expect(report).toMatch(/1 already rejected by bob@acme\.com refund-2-1-0/)
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    // The one that could not be decided stays selected.
    await several(page).getByText('1 selected').waitFor()
    for (const i of [0, 1, 3, 4, 5]) {
      expect(await stored(`refund-${i}-1-0`)).toMatchObject({
        phase: 'Approved',
        decisions: [{ reviewer: 'carol@acme.com' }],
      })
    }
    expect((await stored('refund-2-1-0')).phase).toBe('Rejected')
    expect((await stored('own-1-0')).decisions).toEqual([])
    await several(page).getByRole('button', { name: 'clear' }).click()
    expect(faults).toEqual([])
  })

  it('are rejected with one reason, all of a filter, more than the gateway takes at once, and say how far it is', async () => {
    const { page, faults } = carol
    const many = Array.from({ length: 120 }, (_, i) => `bulk-${i}-1-0`)
    await stage.addMany(many, i => ({
      params: { order: `BULK-${i}`, ...(i === 0 ? { note: 'x'.repeat(5000) } : {}) },
      timeoutSeconds: 5000 + i,
    }))
    await page.getByLabel('Filter what waits').fill('bulk-')
    await page.getByText(/^120 of \d+ match/).waitFor()
    await several(page).getByRole('button', { name: 'select all 120 of this filter' }).click()
    await several(page).getByRole('button', { name: 'Reject…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Reject 120 calls?').waitFor()
    await dialog.getByText('1 call has more than this list shows.').waitFor()
    await dialog.getByRole('button', { name: 'leave it out' }).click()
    const reject = dialog.getByRole('button', { name: 'Reject these 119' })
    expect(await reject.isDisabled()).toBe(true)
    const sizes: number[] = []
    page.on('request', request => {
      if (request.url().endsWith('/approvals/decide')) sizes.push(request.postDataJSON().decisions.length)
    })
    await dialog.getByLabel('Why is it rejected?').fill('the shop was closed')
    await reject.click()
    await dialog.getByText('of 119 are answered').waitFor()
    await dialog.getByText('What became of them').waitFor({ timeout: 40_000 })
    // The operator of this test settles one after the other, and the gateway does not wait for ever.
    const report = await dialog.locator('.several-report').innerText()
    const counts = [...report.matchAll(/(\d+) rejected/g)].map(([, count]) => Number(count))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(119)
    expect(sizes).toEqual([100, 19])
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await several(page).getByText('1 selected').waitFor()
    await expect.poll(() => names(page)).toEqual(['bulk-0-1-0'])
    expect((await stored('bulk-0-1-0')).decisions).toEqual([])
    expect((await stored('bulk-119-1-0')).decisions).toMatchObject([
      { verdict: 'Reject', reason: 'the shop was closed' },
    ])
    expect(faults).toEqual([])
  })
})
