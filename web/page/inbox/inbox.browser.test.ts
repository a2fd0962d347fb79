import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'
import { refundingOften, type Tab, watcher } from './testing.ts'

// Several browsers at once, each of which signs in.
vi.setConfig({ testTimeout: 150_000 })

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {} }, refundingOften)
})
afterAll(async () => {
  await stage?.close()
})

const bell = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
const news = (page: Page) => page.getByRole('dialog', { name: 'What is new' })
/** Starts a run that asks for something, and resolves when it waits. */
const request = async (run: string, times = 1) => {
  await stage.begin(run, { order: 'ORD-1287', amount: 2400, times })
  await stage.untilRequest(`${run}-1-${times - 1}`)
  return `${run}-1-0`
}
/** Says, at the bell, that all that came so far is seen. */
const seeAll = async (page: Page) => {
  await bell(page, /unread/).click()
  await bell(page, 'Nothing unread').waitFor()
  await page.keyboard.press('Escape')
  await news(page).waitFor({ state: 'detached' })
}

describe('the bell', () => {
  it('says that there is nothing yet, and what will come', async () => {
    const { page, context } = await stage.visit('alice')
    await bell(page, 'Nothing unread').click()
    await news(page).getByText('Nothing yet.').waitFor()
    expect(await news(page).getByRole('button', { name: 'Mark all as read' }).isDisabled()).toBe(true)
    await shot(page, 'bell-empty')
    await context.close()
  })

  it('counts a request on all devices of a person, and what is opened on one goes away on the others', async () => {
    const [desk, phone, other] = await Promise.all([
      stage.visit('carol', 'runs'),
      stage.visit('carol', 'runs', { viewport: { width: 390, height: 844 } }),
      stage.visit('alice', 'runs'),
    ])
    const name = await request('run-1')
    for (const { page } of [desk, phone, other]) await bell(page, '1 unread').waitFor()
    await bell(desk.page, '1 unread').click()
    const item = news(desk.page).getByRole('link')
    await item.waitFor()
    const words = await item.innerText()
    for (const word of ['New', 'order_tools.process_refund', 'asked for by order-manager']) {
      expect(words).toContain(word)
    }
    await shot(desk.page, 'bell')
    await bell(desk.page, 'Nothing unread').waitFor()
    await bell(phone.page, 'Nothing unread').waitFor()
    // What was new when it was opened is still said to be.
    expect(await item.innerText()).toContain('New')
    expect(await bell(other.page, '1 unread').count()).toBe(1)
    await item.click()
    await desk.page.waitForURL(`**/approvals/${name}`)
    await news(desk.page).waitFor({ state: 'detached' })

    await bell(phone.page, 'Nothing unread').click()
    const box = await news(phone.page).boundingBox()
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(390)
    expect(await news(phone.page).getByRole('link').innerText()).not.toContain('New')
    await shot(phone.page, 'bell-phone')
    // Somebody else's mark is theirs.
    await other.page.reload()
    await bell(other.page, '1 unread').waitFor()
    for (const { context, faults } of [desk, phone, other]) {
      expect(faults).toEqual([])
      await context.close()
    }
  })

  it('tells whoever started a run of its verdict, and does not count what one decided oneself', async () => {
    const dark = { viewport: { width: 1360, height: 900 }, colorScheme: 'dark' } as const
    const [bob, alice] = await Promise.all([stage.visit('bob', 'runs', dark), stage.visit('alice')])
    await seeAll(bob.page)
    await seeAll(alice.page)
    const name = await request('run-2')
    await bell(bob.page, '1 unread').waitFor()
    await bell(alice.page, '1 unread').waitFor()
    await alice.page.locator(`[data-name="${name}"]`).click()
    await alice.page.getByRole('button', { name: /^Approve/ }).click()
    await bell(alice.page, 'Nothing unread').waitFor()
    await bell(bob.page, '2 unread').click()
    const verdict = news(bob.page).getByRole('link').first()
    await verdict.getByText('verdict on your run run-2').waitFor()
    expect(await verdict.innerText()).toMatch(/approved/i)
    await shot(bob.page, 'bell-dark')
    await Promise.all([bob, alice].map(({ context }) => context.close()))
  })

  it('works by keyboard alone, and decides nothing by the keys that are pressed in it', async () => {
    const { page, context } = await stage.visit('carol', 'approvals')
    const name = await request('run-3')
    await page.locator(`[data-name="${name}"]`).click()
    await bell(page, /unread/).focus()
    await page.keyboard.press('Enter')
    await news(page).waitFor()
    await page.keyboard.press('a')
    await bell(page, 'Nothing unread').waitFor()
    await page.keyboard.press('Escape')
    await news(page).waitFor({ state: 'detached' })
    expect(await bell(page, 'Nothing unread').evaluate(it => it === document.activeElement)).toBe(true)
    expect((await stage.request(name)).status.decisions).toEqual([])
    await context.close()
  })
})

describe('notifications of the browser', () => {
  const toggle = (page: Page) => page.getByLabel('Tell me in this browser when the tab is in the background')
  /** Switches them on in an open bell. */
  const switchOn = async ({ page }: Tab) => {
    await bell(page, /unread/i).click()
    await toggle(page).check()
    await page.keyboard.press('Escape')
    await news(page).waitFor({ state: 'detached' })
  }

  it('are asked for by a click alone, come for a page that is in the background, and open the request', async () => {
    const person = await watcher(stage, 'carol')
    const tab = await person.tab('runs')
    await tab.turnAway()
    await request('run-4')
    await bell(tab.page, '1 unread').waitFor()
    await tab.turnAway(false)
    await switchOn(tab)
    await seeAll(tab.page)
    await request('run-5')
    await bell(tab.page, '1 unread').waitFor()
    await tab.turnAway()
    const name = await request('run-6')
    await expect.poll(tab.shown).toHaveLength(1)
    const [told] = await tab.shown()
    expect(told?.title).toBe('order-manager asks to call order_tools.process_refund')
    expect(JSON.stringify(told)).not.toMatch(/ORD-1287|2400/)
    await tab.click(0)
    await tab.page.waitForURL(`**/approvals/${name}`)
    expect(await tab.page.evaluate(() => JSON.stringify(localStorage))).toContain(
      '"countersign-notify":"true"',
    )
    expect(person.faults).toEqual([])
    await person.context.close()
  })

  it('are one for many requests, and one for all tabs', async () => {
    const person = await watcher(stage, 'carol')
    const [first, second] = [await person.tab('runs'), await person.tab('runs')]
    await switchOn(first)
    await seeAll(first.page)
    for (const tab of [first, second]) await tab.turnAway()
    await request('run-7', 12)
    const told = async () => (await Promise.all([first.shown(), second.shown()])).flat()
    await expect.poll(async () => (await told()).map(({ title }) => title)).toEqual(['12 requests wait'])
    // The one that told is closed: the other tells from now on.
    const [speaker, silent] = (await first.shown()).length > 0 ? [first, second] : [second, first]
    await speaker.page.close()
    await request('run-8')
    await expect.poll(async () => (await silent.shown()).length).toBe(1)
    await person.context.close()
  })

  it('do not come while the page is before somebody in another tab', async () => {
    const person = await watcher(stage, 'carol')
    const [hidden, seen] = [await person.tab('runs'), await person.tab('runs')]
    await switchOn(seen)
    await seeAll(seen.page)
    await hidden.turnAway()
    await request('run-9')
    await bell(seen.page, '1 unread').waitFor()
    await bell(hidden.page, '1 unread').waitFor()
    await seen.turnAway()
    await request('run-10')
    const told = async () => (await Promise.all([hidden.shown(), seen.shown()])).flat()
    await expect.poll(async () => (await told()).length).toBe(1)
    await person.context.close()
  })

  it('that the browser blocks are said to be, and the switch stays off', async () => {
    const blocked = await watcher(stage, 'alice', { permission: 'denied' })
    const tab = await blocked.tab('runs')
    await bell(tab.page, /unread/i).click()
    await news(tab.page).getByText('This browser blocks notifications of this page.').waitFor()
    expect(await toggle(tab.page).isChecked()).toBe(false)
    const refused = await watcher(stage, 'alice', { answer: 'default' })
    const other = await refused.tab('runs')
    await bell(other.page, /unread/i).click()
    await toggle(other.page).click()
    await news(other.page).getByText('The browser was not allowed to notify.').waitFor()
    expect(await toggle(other.page).isChecked()).toBe(false)
    await Promise.all([blocked.context.close(), refused.context.close()])
  })
})
