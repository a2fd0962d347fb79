import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenOf } from '../gateway/testing-cluster.ts'
import { row, shot, signIn } from './testing/browser.ts'
import { openPageStage, type PageStage } from './testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({
    'order-manager': {
      message: 'Refunds over 1,000 € need a manager.',
      tools: [{ name: 'order_tools.process_refund', when: 'param.amount > 1000' }],
      redact: ['param.card'],
    },
  })
})
afterAll(async () => {
  await stage?.close()
})

const pageOf = (user: string) => stage.visit(user)

describe('a reviewer at the page', () => {
  it('sees a new request without reloading, approves it in place, and the run goes on to its end', async () => {
    const { page, faults, context } = await pageOf('carol')
    await page.getByText('Nothing waits for you').waitFor()
    await shot(page, 'empty')
    await stage.begin('run-1', {
      order: 'ORD-1287',
      amount: 2400,
      card: '4111 1111 1111 1111',
      lines: [{ sku: 'LAMP-3', count: 2 }],
    })
    await stage.untilRequest('run-1-1-0')
    await row(page, 'run-1-1-0').waitFor({ timeout: 1000 })
    expect(await page.title()).toMatch(/^\(1\) /)
    await row(page, 'run-1-1-0').click()
    const request = page.locator('article.request')
    const { spec } = await stage.request('run-1-1-0')
    for (const words of [
      'ORD-1287',
      '2400',
      'LAMP-3',
      'Refunds over 1,000 € need a manager.',
      'param.amount > 1000',
      'bob@acme.com',
      '0 of 1',
      spec.callDigest,
      'redacted',
    ]) {
      expect(await request.innerText()).toContain(words)
    }
    expect(await page.content()).not.toContain('4111')
    await shot(page, 'pending')
    await request.getByRole('button', { name: 'Approve' }).dblclick()
    await page.getByText('run-1-1-0 is Approved.').waitFor()
    await row(page, 'run-1-1-0').waitFor({ state: 'detached' })
    const ended = await stage.untilEnded('run-1')
    expect(ended.status?.phase).toBe('Succeeded')
    const { status } = await stage.request('run-1-1-0')
    expect(status.decisions).toMatchObject([{ reviewer: 'carol@acme.com', verdict: 'Approve' }])
    await page.locator('.history').getByText('carol@acme.com').waitFor()
    await page.goto(`${stage.gateway.url}/projects/${stage.namespace}/runs/run-1`)
    await page.getByRole('dialog').getByText('Done: refunded').first().waitFor()
    expect(await page.getByRole('dialog').innerText()).toMatch(/Approved\s+by\s+carol@acme.com/)
    await shot(page, 'run')
    expect(faults).toEqual([])
    await context.close()
  })

  it('rejects by keys alone, with the reason that is asked for, and the tool is not called', async () => {
    const { page, faults, context } = await pageOf('carol')
    const before = stage.calls().length
    await stage.begin('run-2', { order: 'ORD-2', amount: 5000 })
    await row(page, 'run-2-1-0').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('r')
    await page.getByLabel('Why is it rejected?').fill('not a duplicate')
    await page.keyboard.press('Control+Enter')
    await page.getByText('run-2-1-0 is Rejected.').waitFor()
    await stage.untilEnded('run-2')
    const { status } = await stage.request('run-2-1-0')
    expect(status.decisions).toMatchObject([{ verdict: 'Reject', reason: 'not a duplicate' }])
    expect(stage.calls().length).toBe(before)
    expect(faults).toEqual([])
    await context.close()
  })

  it('is shown hostile parameters as what they are: nothing runs, and what is invisible is said', async () => {
    const { page, faults, context } = await pageOf('carol')
    await stage.begin('run-3', {
      amount: 1001,
      note: '<script>alert(1)</script><img src=x onerror="alert(2)">',
      link: '[click](javascript:alert(3)) https://evil.example/',
      account: 'DE\u202e0012\u200b34',
      '__proto__ \u2066': 'key',
      long: 'x'.repeat(60_000),
    })
    await row(page, 'run-3-1-0').waitFor()
    await row(page, 'run-3-1-0').click()
    const params = page.getByLabel('Parameters', { exact: true })
    const shown = await params.innerText()
    expect(shown).toContain('<script>alert(1)</script><img src=x onerror="alert(2)">')
    expect(shown).toContain('[click](javascript:alert(3)) https://evil.example/')
    expect(shown).toMatch(/DE\s*U\+202E\s*0012\s*U\+200B\s*34/)
    expect(shown).toMatch(/U\+2066/)
    expect(shown).toContain('show all 60,000 characters')
    expect(await params.locator('script, img, a').count()).toBe(0)
    await shot(page, 'hostile')
    expect(faults).toEqual([])
    await context.close()
  })

  it('decides in one of two tabs, and the other says so and lets the request go', async () => {
    const [first, second] = await Promise.all([pageOf('carol'), pageOf('alice')])
    await stage.begin('run-4', { order: 'ORD-4', amount: 3000 })
    for (const { page } of [first, second]) await row(page, 'run-4-1-0').click()
    await first.page.getByRole('button', { name: 'Approve' }).click()
    await first.page.getByText('run-4-1-0 is Approved.').waitFor()
    await second.page.getByText('run-4-1-0 was settled elsewhere: Approved.').waitFor()
    await row(second.page, 'run-4-1-0').waitFor({ state: 'detached' })
    expect((await stage.untilEnded('run-4')).status?.phase).toBe('Succeeded')
    expect((await stage.request('run-4-1-0')).status.decisions).toHaveLength(1)
    await first.context.close()
    await second.context.close()
  })

  it('says when a wrong credential is given, and when the connection is lost', async () => {
    const person = await stage.browser.person()
    const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/approvals`)
    await page.getByLabel('Token or API key').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/token/i).nth(1).waitFor()
    await page.getByLabel('Token or API key').fill('')
    await signIn(page, tokenOf('carol@acme.com'))
    await stage.begin('run-5', { order: 'ORD-5', amount: 3000 })
    await row(page, 'run-5-1-0').click()
    await page.route('**/api/**', route => route.abort())
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('It is not known whether your decision arrived.').waitFor()
    await page.unroute('**/api/**')
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('run-5-1-0 is Approved.').waitFor()
    await person.context.close()
  })

  it('is loaded with less than 200 KB of script, from its own files alone', async () => {
    const person = await stage.browser.person()
    const page = await person.context.newPage()
    const sizes: Promise<number>[] = []
    const hosts = new Set<string>()
    page.on('response', answer => {
      hosts.add(new URL(answer.url()).origin)
      if (!answer.url().endsWith('.js')) return
      sizes.push(
        answer
          .request()
          .sizes()
          .then(({ responseBodySize }) => responseBodySize),
      )
    })
    await page.goto(stage.gateway.url)
    await page.getByLabel('Token or API key').waitFor()
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(200_000)
    expect([...hosts]).toEqual([stage.gateway.url])
    await person.context.close()
  })

  it('reads agents, runs and the audit log, in the dark and on a phone', async () => {
    const person = await stage.browser.person({
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      hasTouch: true,
    })
    const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/agents`)
    await signIn(page, tokenOf('carol@acme.com'))
    await page.getByText('waits if').waitFor()
    await shot(page, 'phone-agents')
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await page.getByRole('link', { name: 'run-1', exact: true }).waitFor()
    await shot(page, 'phone-runs')
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page
      .getByRole('cell', { name: /^(Action )?approved$/ })
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'Approvals' }).click()
    await shot(page, 'phone-list')
    await row(page, 'run-3-1-0').tap()
    await page.getByRole('button', { name: 'Reject…' }).waitFor()
    await shot(page, 'phone-request')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    expect(person.faults).toEqual([])
    await person.context.close()
  })
})
