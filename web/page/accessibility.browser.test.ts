import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenOf } from '../gateway/testing-cluster.ts'
import { troublesByAxe } from './testing/axe.ts'
import { row } from './testing/browser.ts'
import { openPageStage, type PageStage } from './testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({
    'order-manager': {
      message: 'Refunds over 1,000 € need a manager.',
      tools: [{ name: 'order_tools.process_refund', when: 'param.amount > 1000 and not context.is_admin' }],
    },
  })
  await stage.begin('done', { order: 'ORD-0', amount: 1500 })
  await stage.untilRequest('done-1-0')
  const path = `/api/v1/projects/${stage.namespace}/approvals/done-1-0/approve`
  await stage.gateway.as(tokenOf('carol@acme.com')).post(path, { reason: 'charged twice' })
  await stage.untilEnded('done')
  const hostile = {
    note: 'a\u202eb\u200b',
    lines: [{ sku: 'LAMP-3', price: 12000.5 }],
    long: 'x'.repeat(3000),
  }
  await stage.begin('waits', { order: 'ORD-1287', amount: 2400, ...hostile })
  await stage.begin('also', { order: 'ORD-1288', amount: 9000 })
  await stage.untilRequest('waits-1-0')
  await stage.untilRequest('also-1-0')
})
afterAll(() => stage?.close())

const states: readonly (readonly [string, string, (page: Page) => Promise<void>])[] = [
  ['a request', 'approvals/waits-1-0', page => page.locator('article.request').waitFor()],
  [
    'the reason of a rejection',
    'approvals/waits-1-0',
    async page => {
      await page.getByRole('button', { name: 'Reject…' }).click()
      await page.getByLabel('Why is it rejected?').waitFor()
    },
  ],
  [
    'several selected',
    'approvals/waits-1-0',
    async page => {
      await row(page, 'waits-1-0').waitFor()
      await page.getByRole('button', { name: /^select all/ }).click()
      await page.getByRole('toolbar').getByRole('button', { name: 'Approve…' }).click()
      await page.getByRole('dialog').waitFor()
    },
  ],
  [
    'the keys',
    'approvals/waits-1-0',
    async page => {
      await row(page, 'waits-1-0').waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    },
  ],
  ['a run that waits', 'runs/waits', page => page.getByRole('dialog').getByText('waits').first().waitFor()],
  ['a run that ended', 'runs/done', page => page.getByRole('dialog').getByText('Done:').first().waitFor()],
  ['the runs', 'runs', page => page.getByText('waits').first().waitFor()],
  ['the agents', 'agents', page => page.getByText('order_tools.process_refund').first().waitFor()],
  ['the audit log', 'audit', page => page.getByText('process_refund').first().waitFor()],
  ['API keys', 'keys', page => page.getByRole('button', { name: 'Make a key' }).waitFor()],
  ['the notification settings', 'approvals?settings', page => page.getByRole('dialog').waitFor()],
  [
    'the bell',
    'approvals',
    async page => {
      await page.getByRole('button', { name: /unread/i }).click()
      await page.getByText('process_refund').first().waitFor()
    },
  ],
]

const looks = [
  ['light', { viewport: { width: 1360, height: 900 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1360, height: 900 }, colorScheme: 'dark' }],
  ['on a phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
] as const

describe.each(looks)('the page, %s', (_, options) => {
  it('has nothing serious for axe to find, in any of its states', { timeout: 180_000 }, async () => {
    const { page, context, faults } = await stage.visit('carol', 'approvals', options)
    const found: Record<string, readonly string[]> = {}
    for (const [name, path, reach] of states) {
      await page.goto(`${stage.gateway.url}/projects/${stage.namespace}/${path}`)
      await page.getByText('Live', { exact: true }).waitFor()
      if (options.viewport.width < 800 && ['several selected', 'the keys'].includes(name)) continue
      await reach(page).catch(error => {
        throw new Error(`${name} was not reached`, { cause: error })
      })
      const troubles = await troublesByAxe(page)
      if (troubles.length > 0) found[name] = troubles
      if (options.viewport.width < 800) {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        expect(wide, name).toBeLessThanOrEqual(options.viewport.width)
      }
    }
    expect(found).toEqual({})
    expect(faults).toEqual([])
    await context.close()
  })

  it('has nothing serious for axe to find where one signs in', async () => {
    const person = await stage.browser.person(options)
    const page = await person.open(stage.gateway.url)
    await page.getByLabel('Token or API key').fill('two words')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('one line, no spaces').waitFor()
    expect(await troublesByAxe(page)).toEqual([])
    await person.context.close()
  })
})
