import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shot } from '../../testing/browser.ts'
import { openRunStage, type RunStage, refund } from '../testing.ts'

let stage: RunStage
beforeAll(async () => {
  const tools = [{ name: 'order_tools.process_refund', when: 'param.amount > 1000' }]
  stage = await openRunStage({
    'order-manager': { tools, message: 'Refunds over 1,000 € need a manager.' },
    patient: { tools, onRejection: 'Continue' },
    hasty: { tools, onRejection: 'Continue', timeoutSeconds: 30 },
  })
  // It takes its 30 seconds while the others are looked at.
  await stage.ask('lapses', JSON.stringify({ order: 'ORD-9', amount: 9000 }), { agent: 'hasty' })
})
afterAll(async () => {
  await stage?.close()
})

const drawer = (page: Page): Locator => page.getByRole('dialog')
const call = (page: Page, params: string): Locator =>
  drawer(page)
    .getByRole('article', { name: 'Call of order_tools.process_refund' })
    .filter({ hasText: params })

describe('the timeline of a run', () => {
  it('shows beside the call who approved it, by which way, why, and how long it waited', async () => {
    await stage.ask('good', JSON.stringify({ order: 'ORD-1', amount: 2400 }))
    await stage.settle('good-1-0', 'carol', 'approve', 'I checked the invoice')
    await stage.untilEnded('good')
    const { page, faults, context } = await stage.visit('alice', 'runs/good')
    const one = call(page, 'ORD-1')
    await expect.poll(() => one.innerText()).toMatch(/Approved after waiting [\s\S]+good-1-0/)
    const said = await one.innerText()
    expect(said).toMatch(/Approved by carol@acme\.com\s+via Token/)
    for (const words of ['I checked the invoice', '2400', 'Answer', 'refunded']) expect(said).toContain(words)
    const verdict = one.locator('.verdict')
    const { requestedAt, decidedAt } = (await stage.request('good-1-0')).status
    expect(requestedAt).toBeDefined()
    expect(await verdict.locator('time').getAttribute('datetime')).toBe(
      (await stage.request('good-1-0')).status.decisions[0]?.decidedAt,
    )
    expect(decidedAt).toBeDefined()
    expect(await verdict.locator('[title^="from "]').getAttribute('title')).toMatch(/^from .+ to .+/)
    const totals = drawer(page).getByRole('region', { name: 'Totals' })
    expect(await totals.innerText()).toMatch(/waited for people[\s\S]+worked[\s\S]+in all/)
    expect(await totals.innerText()).toMatch(/Turns\s+2[\s\S]+Tool calls\s+1 1 answered[\s\S]+2 in, 2 out/)
    await shot(page, 'run-drawer')
    expect(faults).toEqual([])
    await context.close()
  })

  it('says of a rejected call that it was not made, what the agent was told, and whether the run ended with it', async () => {
    for (const agent of ['order-manager', 'patient']) {
      const input = JSON.stringify({ order: `ORD-${agent}`, amount: 3000 })
      await stage.ask(`no-${agent}`, input, { agent })
      await stage.settle(`no-${agent}-1-0`, 'carol', 'reject', 'not a duplicate')
      await stage.untilEnded(`no-${agent}`)
    }
    const { page, context } = await stage.visit('alice', 'runs/no-order-manager')
    await drawer(page).getByText('A reviewer said no, so it was not called.').waitFor()
    expect(await call(page, 'ORD-order-manager').innerText()).toMatch(
      /Rejected after waiting[\s\S]+Rejected by carol@acme\.com\s+via Token[\s\S]+not a duplicate/,
    )
    const failure = drawer(page).getByRole('region', { name: 'Why it failed' })
    expect(await failure.innerText()).toMatch(
      /Approval Rejected[\s\S]*carol@acme\.com rejected[\s\S]*This agent ends with a rejection\. Go on/,
    )
    await page.goto(`${stage.gateway.url}/projects/${stage.namespace}/runs/no-patient`)
    const told = call(page, 'ORD-patient')
    await expect.poll(() => told.innerText()).toMatch(/What the agent was told\s+This call was not executed/)
    expect(await failure.count()).toBe(0)
    expect(stage.calls()).not.toContainEqual(expect.objectContaining({ amount: 3000 }))
    await context.close()
  })

  it('shows the calls of a turn side by side, each with its own end', async () => {
    stage.script('three at once', (spoken, results) =>
      spoken === 0
        ? {
            text: 'Three refunds.',
            calls: [
              refund({ order: 'SMALL', amount: 10 }),
              refund({ order: 'LARGE', amount: 5000 }),
              refund({ order: 'BROKEN', amount: 1, trouble: 'the order desk is closed' }),
            ],
          }
        : { text: `Done: ${results.length}` },
    )
    await stage.ask('three', 'three at once', { agent: 'patient' })
    await stage.untilRequest('three-1-1')
    const { page, context } = await stage.visit('alice', 'runs/three')
    await drawer(page).getByText('3 calls, made side by side').waitFor()
    await expect.poll(() => call(page, 'SMALL').innerText()).toMatch(/SUCCEEDED[\s\S]+refunded/i)
    await expect
      .poll(() => call(page, 'BROKEN').innerText())
      .toMatch(/FAILED[\s\S]+answered with an error[\s\S]+the order desk is closed/i)
    expect(await call(page, 'LARGE').innerText()).toContain('Waits for people')
    const [small, broken] = await Promise.all(
      ['SMALL', 'BROKEN'].map(order => call(page, order).boundingBox()),
    )
    // The one that waits takes the whole width; the others stand beside each other where there is room.
    expect(small?.width).toBeLessThan(500)
    expect(broken?.width).toBeLessThan(500)
    await stage.settle('three-1-1', 'bob', 'approve')
    await drawer(page).locator('[data-turn="2"]').getByText('Done: 3').waitFor()
    await shot(page, 'run-parallel')
    const tops = await Promise.all(['SMALL', 'LARGE'].map(order => call(page, order).boundingBox()))
    expect(tops[0]?.y).toBe(tops[1]?.y)
    await context.close()
  })

  it('grows while the model works, and says that it does', async () => {
    const turn = Promise.withResolvers<void>()
    stage.script('think hard', async (spoken, results) => {
      if (spoken === 0) return { text: 'First a small one.', calls: [refund({ order: 'ORD-7', amount: 7 })] }
      await turn.promise
      return { text: `I thought: ${results.join()}` }
    })
    const { page, context } = await stage.visit('carol', 'runs')
    await stage.ask('thinks', 'think hard', { agent: 'patient' })
    await page.getByRole('link', { name: 'thinks', exact: true }).click()
    await drawer(page).getByText('First a small one.').waitFor()
    await call(page, 'ORD-7').getByText('refunded').waitFor()
    await drawer(page)
      .getByText(/The model is at work/)
      .waitFor()
    expect(await drawer(page).locator('.turn').count()).toBe(1)
    turn.resolve()
    await drawer(page).locator('[data-turn="2"]').getByText('I thought: refunded').waitFor()
    await drawer(page).getByText('SUCCEEDED').first().waitFor()
    expect(await drawer(page).getByText('The model is at work').count()).toBe(0)
    await context.close()
  })

  it('says of a call that nobody decided in time that it was not made', async () => {
    await stage.untilEnded('lapses')
    const { page, context } = await stage.visit('carol', 'runs/lapses')
    await drawer(page).getByText('Nobody approved it in time, so it was not called.').waitFor()
    expect(await call(page, 'ORD-9').innerText()).toMatch(/Expired after waiting (29|3\d) s/)
    expect(stage.calls()).not.toContainEqual(expect.objectContaining({ amount: 9000 }))
    await context.close()
  })
})
