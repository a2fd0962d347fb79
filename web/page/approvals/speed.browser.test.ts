import { afterAll, beforeAll, expect, it } from 'vitest'
import { row } from '../testing/browser.ts'
import { measured, NOTICED } from './measuring.ts'
import { openQueueStage, type QueueStage } from './testing.ts'

const MANY = 1000
const STORM = 500

let stage: QueueStage
beforeAll(async () => {
  stage = await openQueueStage()
  await stage.addMany(numbered('order', MANY), aCall)
}, 180_000)
afterAll(() => stage?.close())

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}-1-0`)

const aCall = (i: number) => ({
  params: { order: `ORD-${i}`, amount: (i * 37) % 5000, note: 'charged twice' },
  timeoutSeconds: 3600 + ((i * 7919) % 3600),
  tool: i % 3 === 0 ? 'crm.delete_customer' : 'order_tools.process_refund',
})

it('shows a thousand, draws only those in view, and is scrolled to the end by keys and wheel', async () => {
  const { page, faults, context } = await stage.visit('carol')
  await page.getByText('1,000 waiting').waitFor()
  const result = await measured(page, async () => {
    await page.locator('.queue-frame').hover()
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 900)
    for (let i = 0; i < 40; i++) await page.keyboard.press('j')
  })
  // Wheel and keys without a pause: it is busy, and answers all the same.
  expect(result.longest).toBeLessThan(NOTICED)
  expect(await page.locator('.queue-frame li').count()).toBeLessThan(40)
  await page.locator('.queue-frame [tabindex="0"]').last().focus()
  await page.keyboard.press('End')
  const last = page.locator('.queue-frame li[aria-posinset="1000"]')
  await last.locator('[aria-current]').waitFor()
  expect(await last.getAttribute('aria-setsize')).toBe('1000')
  await expect
    .poll(() => last.locator('.row-open').evaluate(one => one === document.activeElement))
    .toBe(true)
  await page.keyboard.press('ArrowUp')
  await page.locator('.queue-frame li[aria-posinset="999"] [aria-current]').waitFor()
  await page.keyboard.press('Home')
  await page.locator('.queue-frame li[aria-posinset="1"] [aria-current]').waitFor()
  expect(await page.locator('.queue-frame').evaluate(one => one.scrollTop)).toBe(0)
  expect(faults).toEqual([])
  await context.close()
}, 120_000)

it('takes a hundred new ones a second, and has them all', async () => {
  const { page, faults, context } = await stage.visit('carol')
  await page.getByText('1,000 waiting').waitFor()
  await page.mouse.move(900, 500)
  const result = await measured(page, async () => {
    await stage.addMany(numbered('storm', STORM), i => ({ ...aCall(i), timeoutSeconds: 1000 + i }), 100)
    await page.getByText('1,500 waiting').waitFor({ timeout: 60_000 })
  })
  expect(result.longest).toBeLessThan(NOTICED)
  // Of its own computing: what remains is for whoever scrolls and writes.
  expect(result.share).toBeLessThan(0.5)
  await stage.add('nearest-1-0', { order: 'now' }, { timeoutSeconds: 60 })
  // Promised within a second; a machine that does ten other things has three.
  await row(page, 'nearest-1-0').waitFor({ timeout: 3000 })
  expect(faults).toEqual([])
  await context.close()
}, 120_000)
