import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { operator, tokenOf } from '../../gateway/testing-cluster.ts'
import { row } from '../testing/browser.ts'
import { openQueueStage, type QueueStage } from './testing.ts'

let stage: QueueStage
/** Somebody writes a reason, until the time is over: half a minute, in which all else is tried. */
let late: Awaited<ReturnType<QueueStage['visit']>>
beforeAll(async () => {
  stage = await openQueueStage()
  await stage.add('expiring-1-0', { order: 'ORD-9' }, { timeoutSeconds: 30 })
  late = await stage.visit('carol', 'approvals/expiring-1-0')
  await request(late.page).getByRole('button', { name: 'Reject…' }).click()
  await late.page.getByLabel('Why is it rejected?').fill('I was about to say why')
  // When the words come, by the clock of this machine.
  await late.page.evaluate(() => {
    const seen = new MutationObserver(() => {
      if (!document.body.innerText.includes('Its time ran out')) return
      Object.assign(globalThis, { ranOutAt: Date.now() })
      seen.disconnect()
    })
    seen.observe(document.body, { subtree: true, childList: true })
  })
})
afterAll(() => stage?.close())

const request = (page: Page) => page.locator('article.request')
const approve = (page: Page) => request(page).getByRole('button', { name: /^Approve/ })
const made = async (name: string) =>
  (await adminClient().get(approvalRequests, { namespace: stage.namespace, name })).metadata
const stored = async (name: string) =>
  (await adminClient().get(approvalRequests, { namespace: stage.namespace, name })).status
/** Decides as somebody else does, elsewhere. */
const elsewhere = async (user: string, name: string, verb: 'approve' | 'reject', reason?: string) => {
  const path = `/api/v1/projects/${stage.namespace}/approvals/${name}/${verb}`
  const answer = await stage.gateway
    .as(tokenOf(`${user}@acme.com`))
    .post(path, reason === undefined ? {} : { reason })
  expect(answer.status).toBe(200)
}
/** How often the page sends a decision. */
const posts = (page: Page): string[] => {
  const sent: string[] = []
  page.on('request', one => {
    if (one.method() === 'POST' && one.url().includes('/approvals/')) sent.push(one.url())
  })
  return sent
}

describe('one decision', () => {
  it('says who may decide, why one may not, and by whom one of two approvals is there, as it happens', async () => {
    const spec = { requiredApprovals: 2, allowSelfApproval: false }
    await stage.add('two-1-0', { order: 'ORD-2' }, spec)
    const [bob, carol] = await Promise.all([
      stage.visit('bob', 'approvals/two-1-0'),
      stage.visit('carol', 'approvals/two-1-0'),
    ])
    await request(bob.page).getByText('You started this run, and its agent wants somebody else').waitFor()
    expect(await approve(bob.page).isDisabled()).toBe(true)
    await bob.page.keyboard.press('a')
    const reviewers = request(carol.page).locator('.reviewers')
    await reviewers.getByText('alice@acme.com').waitFor()
    const said = await reviewers.innerText()
    expect(said).toMatch(/alice@acme\.com\s+Owner/)
    expect(said).toMatch(/bob@acme\.com\s+Member\s+may not: started the run/)
    expect(said).toMatch(/carol@acme\.com\s+\(you\) Member/)
    await request(carol.page).getByText('0 of 2').waitFor()
    await elsewhere('alice', 'two-1-0', 'approve')
    await request(carol.page).getByText('1 of 2').waitFor()
    expect(await reviewers.innerText()).toMatch(/alice@acme\.com\s+Owner\s+has approved/)
    await approve(carol.page).click()
    await carol.page.getByText('two-1-0 is Approved.').waitFor()
    expect((await stored('two-1-0')).decisions.map(({ reviewer }) => reviewer)).toEqual([
      'alice@acme.com',
      'carol@acme.com',
    ])
    expect([...bob.faults, ...carol.faults]).toEqual([])
    await Promise.all([bob.context.close(), carol.context.close()])
  })

  it('keeps the reason that is being written when somebody else decides, and says who did', async () => {
    await stage.add('overtaken-1-0', { order: 'ORD-3' })
    const { page, context } = await stage.visit('carol', 'approvals/overtaken-1-0')
    const sent = posts(page)
    await request(page).getByRole('button', { name: 'Reject…' }).click()
    await page.getByLabel('Why is it rejected?').fill('not a duplicate')
    await elsewhere('alice', 'overtaken-1-0', 'approve')
    await page.getByText('alice@acme.com approved it while you were writing.').waitFor()
    expect(await page.getByLabel('Your reason, not sent').inputValue()).toBe('not a duplicate')
    await page.keyboard.press('Control+Enter')
    expect(sent).toEqual([])
    await context.close()
  })

  it('decides once, however often and by whatever it is pressed', async () => {
    const { page, context } = await stage.visit('carol')
    const sent = posts(page)
    const once = async (name: string, press: () => Promise<void>) => {
      await stage.add(name, { order: name })
      await row(page, name).locator('.row-open').click()
      await page.waitForURL(new RegExp(`${name}$`))
      await approve(page).and(page.locator('[aria-disabled=false]')).waitFor()
      sent.length = 0
      await press()
      await page.getByText(`${name} is Approved.`).waitFor()
      expect(sent).toHaveLength(1)
      expect((await stored(name)).decisions).toHaveLength(1)
    }
    await once('twice-1-0', () => approve(page).dblclick())
    await once('held-1-0', async () => {
      // A key that is held down: the browser says so of all but the first.
      for (let i = 0; i < 8; i++) await page.keyboard.down('a')
      await page.keyboard.up('a')
    })
    await once('enter-1-0', async () => {
      await approve(page).focus()
      for (let i = 0; i < 8; i++) await page.keyboard.down('Enter')
      await page.keyboard.up('Enter')
    })
    await once('many-1-0', () =>
      page.evaluate(() => {
        const button = document.querySelector<HTMLElement>('.approve')
        for (let i = 0; i < 5; i++) {
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }))
          button?.click()
        }
      }),
    )
    await context.close()
  })

  it('takes no key for a request that has only just come into view, nor while somebody writes', async () => {
    await stage.add('first-1-0', { order: 'ORD-5' }, { timeoutSeconds: 600 })
    await stage.add('second-1-0', { order: 'ORD-6' }, { timeoutSeconds: 610 })
    const { page, context } = await stage.visit('carol', 'approvals/first-1-0')
    await approve(page).and(page.locator('[aria-disabled=false]')).waitFor()
    const sent = posts(page)
    // In one go, as a hand that slips: the next, and at once `a`.
    await page.evaluate(async () => {
      const press = (key: string) =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      press('j')
      await new Promise(done => setTimeout(done, 50))
      press('a')
    })
    await page.waitForURL(/second-1-0$/)
    await page.getByLabel('Filter what waits').focus()
    await page.keyboard.press('a')
    expect(await page.getByLabel('Filter what waits').inputValue()).toBe('a')
    expect(sent).toEqual([])
    for (const name of ['first-1-0', 'second-1-0']) expect((await stored(name)).decisions).toEqual([])
    await context.close()
  })

  it('says when the right is lost, when the gateway is busy or away, and lets one decide again', async () => {
    await stage.add('trouble-1-0', { order: 'ORD-7' })
    const { page, context } = await stage.visit('carol', 'approvals/trouble-1-0')
    const answers = (status: number, code: string, detail: string) =>
      page.route('**/trouble-1-0/approve', route =>
        route.fulfill({
          status,
          contentType: 'application/problem+json',
          body: JSON.stringify({ code, title: code, detail }),
        }),
      )
    const told = request(page).getByRole('alert')
    await answers(403, 'Forbidden', 'carol@acme.com may not.')
    await approve(page).click()
    await expect.poll(() => told.innerText()).toBe('You may not decide this. carol@acme.com may not.')
    await page.unroute('**/trouble-1-0/approve')
    await answers(429, 'RateLimited', 'You send too much.')
    await approve(page).click()
    await expect.poll(() => told.innerText()).toMatch(/You send too much\. Your decision was not taken/)
    await page.unroute('**/trouble-1-0/approve')
    await answers(503, 'Unavailable', 'The API server did not answer.')
    await approve(page).click()
    await expect
      .poll(() => told.innerText())
      .toMatch(/did not answer\. It is not known whether your decision arrived/)
    await page.unroute('**/trouble-1-0/approve')
    // It arrives, and its answer is lost.
    await page.route('**/trouble-1-0/approve', async route => {
      await route.fetch()
      await route.abort()
    })
    await approve(page).click()
    await request(page).getByText('Approved', { exact: true }).first().waitFor()
    expect((await stored('trouble-1-0')).decisions).toHaveLength(1)
    await context.close()
  })

  it('decides nothing where another call waits under the name, and shows that one', async () => {
    const digest = `sha256:${'c'.repeat(64)}`
    await stage.add('renamed-1-0', { order: 'old' })
    const { page, context } = await stage.visit('carol', 'approvals/renamed-1-0')
    await approve(page).and(page.locator('[aria-disabled=false]')).waitFor()
    // Another one takes its name just as the decision is on its way.
    await page.route('**/renamed-1-0/approve', async route => {
      await operator().delete(approvalRequests, { namespace: stage.namespace, name: 'renamed-1-0' })
      await stage.add('renamed-1-0', { order: 'the other' }, { callDigest: digest })
      await route.continue()
    })
    await approve(page).click()
    await page.getByText('The call that waits as renamed-1-0 has another callDigest').first().waitFor()
    await request(page).getByText('the other').waitFor()
    expect((await stored('renamed-1-0')).decisions).toEqual([])
    await context.close()
  })

  it('took its buttons away at the very second in which the time was over, and kept the reason that was being written', async () => {
    const { page, faults, context } = late
    await page.getByText('Its time ran out while you were writing.').waitFor({ timeout: 40_000 })
    const { creationTimestamp = '' } = await made('expiring-1-0')
    const ranOutAt = await page.evaluate(() => (globalThis as unknown as { ranOutAt: number }).ranOutAt)
    // By the gateway's clock, of which a page knows whole seconds.
    expect(Math.abs(ranOutAt - Date.parse(creationTimestamp) - 30_000)).toBeLessThan(2500)
    expect(await page.getByLabel('Your reason, not sent').inputValue()).toBe('I was about to say why')
    expect(
      await request(page)
        .getByRole('button', { name: /^(Approve|Reject)/ })
        .count(),
    ).toBe(0)
    await page.getByRole('button', { name: 'Let it go' }).click()
    await page.getByText('Its time is over.').waitFor()
    expect((await stored('expiring-1-0')).decisions).toEqual([])
    expect(faults).toEqual([])
    await context.close()
  })

  it('lets a decided request leave both of two browsers', async () => {
    await stage.add('both-1-0', { order: 'ORD-8' })
    const [one, two] = await Promise.all([stage.visit('carol'), stage.visit('alice')])
    await Promise.all([row(one.page, 'both-1-0').waitFor(), row(two.page, 'both-1-0').waitFor()])
    await row(one.page, 'both-1-0').locator('.row-open').click()
    await approve(one.page).click()
    await Promise.all([
      row(one.page, 'both-1-0').waitFor({ state: 'detached' }),
      row(two.page, 'both-1-0').waitFor({ state: 'detached' }),
    ])
    await Promise.all([one.context.close(), two.context.close()])
  })
})
