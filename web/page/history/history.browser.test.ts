import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { shot } from '../testing/browser.ts'
import { record } from '../testing/recorded.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({
    'order-manager': { onRejection: 'Continue' },
    'stock-keeper': { requiredApprovals: 2 },
  })
  await stage.begin('refund-1', { order: 'ORD-1', amount: 2400, note: 'a\u202eb' })
  await stage.begin('refund-2', { order: 'ORD-2', amount: 10 })
  await stage.begin('stock-1', { order: 'ORD-3', amount: 7 }, 'stock-keeper')
  await decided('refund-1-1-0', 'carol', 'approve', 'charged twice, I checked')
  await decided('refund-2-1-0', 'alice', 'reject', 'not a duplicate')
  await decided('stock-1-1-0', 'carol', 'approve', 'counted')
  await decided('stock-1-1-0', 'alice', 'approve', 'counted again')
  await Promise.all(['refund-1', 'refund-2', 'stock-1'].map(name => stage.untilEnded(name)))
})
afterAll(async () => {
  await stage?.close()
})

async function decided(name: string, who: string, verb: 'approve' | 'reject', reason: string) {
  await stage.untilRequest(name)
  const path = `/api/v1/projects/${stage.namespace}/approvals/${name}/${verb}`
  const { status, body } = await stage.gateway.as(tokenOf(`${who}@acme.com`)).post(path, { reason })
  expect([status, body.detail]).toEqual([200, undefined])
}

const history = (page: Page): Locator => page.getByRole('region', { name: 'History' })
/** The requests in view, newest first. */
const shown = async (page: Page) =>
  (
    await history(page)
      .getByRole('button', { name: /^Details of / })
      .all()
  ).length === 0
    ? []
    : await history(page)
        .getByRole('button', { name: /^Details of / })
        .evaluateAll(all => all.map(one => one.getAttribute('aria-label')?.replace('Details of ', '')))
const three = ['refund-1-1-0', 'refund-2-1-0', 'stock-1-1-0']
const untilShown = (page: Page, names: readonly string[]) =>
  expect.poll(async () => (await shown(page)).toSorted()).toEqual(names.toSorted())

describe('the history beneath the approvals', () => {
  it('tells of each decision who made it, when, why, over which path, and how long it was waited for', async () => {
    const { page, faults, context } = await stage.visit('carol')
    await untilShown(page, three)
    const row = history(page).getByRole('row').filter({ hasText: 'counted again' })
    await expect.poll(() => row.innerText()).toMatch(/\s(under 1 s|\d+ s)\s+▸/)
    for (const words of [
      'APPROVED',
      'order_tools.process_refund',
      'stock-keeper',
      'Token',
      'counted; counted again',
    ]) {
      expect((await row.innerText()).toUpperCase()).toContain(words.toUpperCase())
    }
    for (const person of ['carol@acme.com', 'alice@acme.com']) expect(await row.innerText()).toContain(person)
    const when = row.locator('time')
    expect(await when.innerText()).toMatch(/just now|\d+ (s|min) ago/)
    const exact = await when.getAttribute('title')
    expect(exact).toMatch(/\d{4}.*\d+:\d{2}:\d{2}/)
    expect(await row.getByRole('cell').first().textContent()).toContain(exact)
    expect(faults).toEqual([])
    await context.close()
  })

  it('opens a decision to everything that is on record of it, with what is invisible made visible', async () => {
    const { page, faults, context } = await stage.visit('carol')
    await history(page).getByRole('button', { name: 'Details of refund-1-1-0' }).click()
    const detail = history(page).locator('.opened')
    const { spec } = await stage.request('refund-1-1-0')
    const entry = (await stage.audit()).find(
      one => one.action === 'ApprovalApproved' && one.approvalRequest === 'refund-1-1-0',
    )
    const text = await detail.innerText()
    for (const words of [
      'charged twice, I checked',
      '2400',
      'U+202E',
      'Every call of this tool is stopped.',
      spec.callDigest,
      spec.paramsDigest,
      `no. ${entry?.seq}`,
      'audit-0000',
    ]) {
      expect(text).toContain(words)
    }
    await history(page)
      .getByText('Decided', { exact: true })
      .evaluate(head => head.scrollIntoView())
    await shot(page, 'history')
    await detail.getByRole('link', { name: 'refund-1', exact: true }).click()
    await page.getByRole('dialog').getByText('Done: refunded').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await history(page).getByRole('button', { name: 'Details of stock-1-1-0' }).click()
    const each = history(page)
      .locator('section')
      .filter({ has: page.getByRole('heading', { name: 'Each decision' }) })
    expect(await each.getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringMatching(/carol@acme\.com[\s\S]*counted/),
      expect.stringMatching(/alice@acme\.com[\s\S]*counted again/),
    ])
    await history(page).getByRole('row').filter({ hasText: 'not a duplicate' }).getByRole('link').click()
    await page.getByRole('article').getByText('ORD-2').waitFor()
    // The request is at the top of the page, and the page there, too.
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })

  it.each([
    ['Agent', 'stock-keeper', ['stock-1-1-0'], /[?&]agent=stock-keeper/],
    ['Tool', 'order_tools.*', three, /[?&]tool=order_tools\.\*/],
    ['Tool', 'order_tools.process', [], /[?&]tool=order_tools\.process(&|$)/],
    ['Reviewer', 'alice@acme.com', ['refund-2-1-0', 'stock-1-1-0'], /[?&]reviewer=alice%40acme\.com/],
  ] as const)(
    'is filtered by %s %s, by an address that can be shared',
    async (label, value, names, address) => {
      const { page, faults, context } = await stage.visit('carol')
      await untilShown(page, three)
      await history(page).getByLabel(label).fill(value)
      await history(page).getByLabel(label).press('Enter')
      await untilShown(page, names)
      expect(page.url()).toMatch(address)
      if (names.length === 0) await history(page).getByText('Nothing matches these filters.').waitFor()
      const other = await stage.visit('alice', page.url().split(`/${stage.namespace}/`)[1])
      await untilShown(other.page, names)
      expect(await history(other.page).getByLabel(label).inputValue()).toBe(value)
      await history(other.page).getByRole('button', { name: 'Clear filters' }).first().click()
      await untilShown(other.page, three)
      expect(other.page.url()).not.toContain('?')
      expect(faults).toEqual([])
      await context.close()
      await other.context.close()
    },
  )

  it('is filtered by verdict, and together with a reviewer', async () => {
    const { page, context } = await stage.visit('carol')
    await history(page).getByLabel('Verdict').selectOption('Rejected')
    await untilShown(page, ['refund-2-1-0'])
    await history(page).getByLabel('Verdict').selectOption('Approved')
    await untilShown(page, ['refund-1-1-0', 'stock-1-1-0'])
    await history(page).getByLabel('Reviewer').fill('alice@acme.com')
    await history(page).getByLabel('Reviewer').blur()
    await untilShown(page, ['stock-1-1-0'])
    await context.close()
  })

  it('is filtered by time: the last hour, or from one moment to another', async () => {
    const old = {
      agent: 'order-manager',
      tool: 'order_tools.process_refund',
      actor: 'carol@acme.com',
    } as const
    await record(stage.namespace, [
      { ...old, action: 'ApprovalApproved', approvalRequest: 'of-yesterday', time: hoursAgo(30) },
      { ...old, action: 'ApprovalApproved', approvalRequest: 'of-this-morning', time: hoursAgo(5) },
    ])
    const { page, context } = await stage.visit('carol')
    const time = history(page).getByRole('combobox', { name: 'Time' })
    await untilShown(page, [...three, 'of-yesterday', 'of-this-morning'])
    await time.selectOption('last hour')
    await untilShown(page, three)
    await time.selectOption('last 24 hours')
    await untilShown(page, [...three, 'of-this-morning'])
    await time.selectOption('from … to …')
    const from = history(page).getByLabel(/^From/)
    const to = history(page).getByLabel(/^To,/)
    await from.fill(local(hoursAgo(40)))
    await from.press('Enter')
    await to.fill(local(hoursAgo(20)))
    await to.press('Enter')
    await untilShown(page, ['of-yesterday'])
    await context.close()
  })

  it('is read by pages without an end, and a decision that is made meanwhile comes on top of what was read on', async () => {
    const many = Array.from({ length: 70 }, (_, i) => ({
      action: 'ApprovalExpired' as const,
      agent: 'many',
      tool: 'order_tools.process_refund',
      approvalRequest: `many-${i}`,
    }))
    await record(stage.namespace, many)
    const { page, faults, context } = await stage.visit('carol', 'approvals?agent=many')
    const names = many.map(({ approvalRequest }) => approvalRequest).toReversed()
    await expect.poll(() => shown(page)).toEqual(names.slice(0, 25))
    const more = history(page).getByRole('button', { name: 'Show more' })
    await more.click()
    await expect.poll(() => shown(page)).toEqual(names.slice(0, 50))
    await more.click()
    await expect.poll(() => shown(page)).toEqual(names)
    await more.waitFor({ state: 'detached' })
    await history(page).getByText('70 decisions').waitFor()
    await record(stage.namespace, [{ ...many[0]!, approvalRequest: 'many-new' }])
    // Another request is settled: the page hears that the log went on.
    await stage.begin('refund-3', { order: 'ORD-9' })
    await decided('refund-3-1-0', 'alice', 'approve', 'fine')
    await expect.poll(() => shown(page)).toEqual(['many-new', ...names])
    expect(faults).toEqual([])
    await context.close()
  })

  it('says when it cannot be read, and reads again when asked to', async () => {
    const { page, context } = await stage.visit('carol')
    await page.route('**/audit?*', route => route.abort())
    await history(page).getByLabel('Verdict').selectOption('Rejected')
    await history(page).getByText('The decisions cannot be read.').waitFor()
    expect(await shown(page)).toEqual([])
    await page.unroute('**/audit?*')
    await history(page).getByRole('button', { name: 'Try again' }).click()
    await untilShown(page, ['refund-2-1-0'])
    await context.close()
  })
})

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()
/** As `datetime-local` takes it, in the time zone of the browser, which is that of the tests. */
function local(time: string): string {
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
