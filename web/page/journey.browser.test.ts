import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../hack/testing.ts'
import { tokenOf } from '../gateway/testing-cluster.ts'
import { openPageStage, type PageStage } from './testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': { onRejection: 'Continue' } })
})
afterAll(() => stage?.close())

const stored = async (name: string) =>
  (await adminClient().get(approvalRequests, { namespace: stage.namespace, name })).status
const waiting = async () =>
  (await adminClient().list(approvalRequests, { namespace: stage.namespace })).items.length

/** What has the focus, in words: its role or tag, and its name. */
const focus = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const now = document.activeElement
    if (now === null || now === document.body) return 'nothing'
    const label = document.querySelector(`label[for="${now.id}"]`)?.textContent
    const name = now.getAttribute('aria-label') ?? label ?? now.textContent ?? ''
    return `${now.getAttribute('role') ?? now.tagName.toLowerCase()} ${name.trim().slice(0, 60)}`.trim()
  })
const focused = (page: Page, what: string | RegExp) =>
  typeof what === 'string'
    ? expect.poll(() => focus(page)).toBe(what)
    : expect.poll(() => focus(page)).toMatch(what)
/** Presses Tab (or another key) until this has the focus. */
async function walk(page: Page, to: RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = []
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press(key)
    seen.push(await focus(page))
    if (to.test(seen.at(-1) ?? '')) return
  }
  throw new Error(`${key} does not lead to ${to}, but to ${seen.join(' | ')}`)
}

it('a day’s work is done without a mouse: signed in, looked at, approved, rejected, set, signed out', async () => {
  for (const name of ['one', 'two', 'three']) await stage.begin(name, { order: name })
  await eventually(async () => (await waiting()) === 3)
  const person = await stage.browser.person({ viewport: { width: 1360, height: 900 } })
  const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/approvals`)
  const { keyboard } = page
  const shown = () => page.url().split('/approvals/')[1] ?? ''

  await focused(page, 'input Token or API key')
  await keyboard.insertText(tokenOf('carol@acme.com'))
  await keyboard.press('Enter')
  await page.getByText('Live', { exact: true }).waitFor()
  await expect.poll(shown).not.toBe('')
  await focused(page, /^main/)

  const first = shown()
  await keyboard.press('j')
  await expect.poll(shown).not.toBe(first)
  await keyboard.press('k')
  await expect.poll(shown).toBe(first)
  await focused(page, /^main/)

  // The run, and back to where one was.
  const run = first.replace(/-1-0$/, '')
  await walk(page, new RegExp(`^a ${run}$`))
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await focused(page, `span Run ${run}`)
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await focused(page, `a ${run}`)

  await keyboard.press('a')
  await page.getByText(`${first} is Approved.`).waitFor()
  expect((await stored(first)).decisions).toMatchObject([{ reviewer: 'carol@acme.com', via: 'Web' }])
  await focused(page, `a ${run}`)

  await keyboard.press('j')
  await expect.poll(shown).not.toBe(first)
  // What had the focus went with the request: it is on the next one.
  await focused(page, 'h2 order_tools.process_refund')
  const rejected = shown()
  await keyboard.press('r')
  await focused(page, 'textarea Why is it rejected?')
  await keyboard.type('not a duplicate')
  await keyboard.press('Control+Enter')
  await page.getByText(`${rejected} is Rejected.`).waitFor()
  expect((await stored(rejected)).decisions).toMatchObject([{ verdict: 'Reject', reason: 'not a duplicate' }])
  await focused(page, 'h2 order_tools.process_refund')

  await walk(page, /^button You: carol@acme\.com$/, 'Shift+Tab')
  await keyboard.press('Enter')
  await walk(page, /Notification settings/, 'ArrowDown')
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Notification settings' }).waitFor()
  await focused(page, 'button Close the notification settings')
  await keyboard.press('Escape')
  await focused(page, 'button You: carol@acme.com')

  await keyboard.press('Enter')
  await walk(page, /^menuitem Sign out$/, 'ArrowDown')
  await keyboard.press('Enter')
  await focused(page, 'input Token or API key')
  expect(person.faults).toEqual([])
  await person.context.close()
})
