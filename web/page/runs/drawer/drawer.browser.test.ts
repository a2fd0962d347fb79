import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentRunStatus, Step } from '../../../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../../../crds/v1alpha1/resources.ts'
import { clientFor } from '../../../../hack/testing.ts'
import { aRun, operatorClient } from '../../../../operator/testing/world.ts'
import { row, shot } from '../../testing/browser.ts'
import { openRunStage, type RunStage } from '../testing.ts'

let stage: RunStage
beforeAll(async () => {
  const tools = [{ name: 'order_tools.process_refund', when: 'param.amount > 1000' }]
  stage = await openRunStage({
    'order-manager': { tools, message: 'Refunds over 1,000 € need a manager.' },
    pair: { tools, requiredApprovals: 2 },
  })
})
afterAll(async () => {
  await stage?.close()
})

const drawer = (page: Page): Locator => page.getByRole('dialog')
const gated = (order: string) => JSON.stringify({ order, amount: 2400 })
const focused = (page: Page) => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300))

/** A run that has ended with these steps, as the operator would have left it. */
async function anEndedRun(name: string, status: Partial<AgentRunStatus>): Promise<void> {
  const ref = { namespace: stage.namespace, name }
  await clientFor('bob@acme.com').create(
    agentRuns,
    aRun(stage.namespace, name, { agentRef: { name: 'gone' } }),
  )
  const startedAt = '2026-11-22T10:00:00Z'
  const body = { status: { startedAt, finishedAt: startedAt, ...status } }
  await operatorClient().patch(agentRuns, ref, { type: 'merge', body }, { subresource: 'status' })
}

describe('the drawer of a run', () => {
  it('opens from a row, closes by going back and by Esc, and gives the focus back each time', async () => {
    await stage.ask('first', gated('ORD-1'))
    await stage.untilRequest('first-1-0')
    const { page, faults, context } = await stage.visit('carol', 'runs?agent=order-manager')
    const link = page.getByRole('link', { name: 'first', exact: true })
    await link.focus()
    await page.keyboard.press('Enter')
    await drawer(page).getByText('Turn 1').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/projects/${stage.namespace}/runs/first`)
    await expect.poll(() => focused(page)).toContain('run-drawer-title')
    await page.goBack()
    await drawer(page).waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toContain('runs/first')
    await page.keyboard.press('Enter')
    await drawer(page).getByText('Turn 1').waitFor()
    await page.keyboard.press('Escape')
    await drawer(page).waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toContain('runs/first')
    // Going back does not open it again, and the list is filtered as before.
    expect(new URL(page.url()).search).toBe('?agent=order-manager')
    await page.goForward()
    await drawer(page).getByText('Turn 1').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('is there under its own address, over any page, and closes to that page', async () => {
    const { page, context } = await stage.visit('carol', 'audit?run=first')
    await drawer(page).getByText('Turn 1').waitFor()
    await drawer(page).getByRole('button', { name: 'Close the run' }).click()
    await drawer(page).waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe(`/projects/${stage.namespace}/audit`)
    await expect.poll(() => focused(page)).toMatch(/^<main/)
    await page.goto(`${stage.gateway.url}/projects/${stage.namespace}/runs/nothing`)
    await drawer(page).getByText('This run cannot be read.').waitFor()
    await context.close()
  })

  it('stays open over the approvals when there comes something to choose beneath it', async () => {
    const { page, context } = await stage.visit('carol', 'approvals?run=first')
    await drawer(page).getByText('Turn 1').waitFor()
    await row(page, 'first-1-0').waitFor({ state: 'attached' })
    expect(await drawer(page).getByText('Turn 1').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await drawer(page).waitFor({ state: 'detached' })
    await page.locator('article.request').getByText('ORD-1').first().waitFor()
    await context.close()
  })

  it('decides a call that waits, with everything in view that the decision needs', async () => {
    const { page, faults, context } = await stage.visit('carol', 'approvals')
    await row(page, 'first-1-0').click()
    await page.getByRole('link', { name: 'first', exact: true }).click()
    const call = drawer(page).locator('.call')
    await call.getByRole('button', { name: 'Approve' }).waitFor()
    const said = await call.innerText()
    for (const words of [
      'Waits for people',
      'left',
      '2400',
      'ORD-1',
      'Refunds over 1,000 € need a manager.',
    ]) {
      expect(said).toContain(words)
    }
    expect(said).toContain('param.amount > 1000')
    await shot(page, 'run-waiting')
    await call.getByRole('button', { name: 'Approve' }).dblclick()
    await drawer(page).getByText('first-1-0 is Approved.').waitFor()
    await drawer(page).locator('[data-turn="2"]').getByText('Done: refunded').waitFor()
    await expect.poll(() => call.innerText()).toMatch(/Approved by carol@acme\.com\s+via Web/)
    expect((await stage.request('first-1-0')).status.decisions).toHaveLength(1)
    // The page beneath takes it for one's own.
    expect(await page.getByText('was settled elsewhere').count()).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })

  it('keeps a reason that is being written when Esc is pressed, and rejects with it', async () => {
    await stage.ask('second', gated('ORD-2'))
    await stage.untilRequest('second-1-0')
    const { page, context } = await stage.visit('carol', 'runs/second')
    const call = drawer(page).locator('.call')
    await call.getByRole('button', { name: 'Reject…' }).click()
    await page.getByLabel('Why is it rejected?').fill('charged once')
    await page.keyboard.press('Escape')
    await call.getByRole('button', { name: 'Reject…' }).click()
    expect(await page.getByLabel('Why is it rejected?').inputValue()).toBe('charged once')
    await call.getByRole('button', { name: 'Reject with this reason' }).click()
    await drawer(page).getByRole('region', { name: 'Why it failed' }).getByText('charged once').waitFor()
    expect(stage.calls()).not.toContainEqual(expect.objectContaining({ order: 'ORD-2' }))
    await context.close()
  })

  it('counts the approvals of a call that needs two, and is told at once of one that was given elsewhere', async () => {
    await stage.ask('both', gated('ORD-3'), { agent: 'pair' })
    await stage.untilRequest('both-1-0')
    const { page, context } = await stage.visit('carol', 'runs/both')
    await drawer(page).getByText('0 of 2 approvals').waitFor()
    await stage.settle('both-1-0', 'alice', 'approve', 'fine with me')
    await drawer(page).getByText('1 of 2 approvals').waitFor()
    await drawer(page).getByText('fine with me').waitFor()
    await drawer(page).getByRole('button', { name: 'Approve' }).click()
    await drawer(page).locator('[data-turn="2"]').waitFor()
    await context.close()
  })

  it('cancels a run that waits: its request is cancelled, and the tool is not called', async () => {
    await stage.ask('stop', gated('ORD-4'))
    await stage.untilRequest('stop-1-0')
    const { page, context } = await stage.visit('alice', 'runs/stop')
    await drawer(page).getByRole('button', { name: 'Cancel the run…' }).click()
    await drawer(page).getByText('The open request is cancelled with it, and its call is not made.').waitFor()
    await drawer(page).getByRole('button', { name: 'Yes, end this run' }).dblclick()
    await drawer(page).getByText('Its request was cancelled, so it was not called.').waitFor()
    expect((await stage.untilEnded('stop')).status?.phase).toBe('Cancelled')
    expect((await stage.request('stop-1-0')).status.phase).toBe('Cancelled')
    expect(await drawer(page).getByText('The run was cancelled.').count()).toBe(1)
    expect(stage.calls()).not.toContainEqual(expect.objectContaining({ order: 'ORD-4' }))
    await context.close()
  })

  it('says plainly that a run had ended before it was cancelled, and who may cancel', async () => {
    await stage.ask('late', gated('ORD-5'))
    await stage.untilRequest('late-1-0')
    const { page, context } = await stage.visit('alice', 'runs/late')
    await drawer(page).getByRole('button', { name: 'Cancel the run…' }).click()
    // Nothing of what happens is heard.
    await page.route('**/runs/late', route => route.abort())
    await stage.settle('late-1-0', 'carol', 'reject', 'no')
    await stage.untilEnded('late')
    await drawer(page).getByRole('button', { name: 'Yes, end this run' }).click()
    await drawer(page).getByText('It was too late to cancel it: the run had ended.').waitFor()
    await context.close()
    await stage.ask('waits', gated('ORD-6'))
    const member = await stage.visit('carol', 'runs/waits')
    await drawer(member.page).getByText('Admins and owners may cancel it; you may not.').waitFor()
    expect(await drawer(member.page).getByRole('button', { name: 'Cancel the run…' }).count()).toBe(0)
    await member.context.close()
  })

  it('explains calls whose outcome is unknown, and calls that changed', async () => {
    const call = (index: number, changes: Partial<Step>): Step => ({
      type: 'ToolCall',
      id: `1.${index}`,
      tool: 'shop.refund',
      params: {},
      ...changes,
    })
    const approval = { verdict: 'Approved', reviewers: ['carol@acme.com'], waitedSeconds: 312 } as const
    await anEndedRun('crashed', {
      phase: 'Failed',
      failure: {
        reason: 'OutcomeUnknown',
        message: 'the operator stopped while shop.refund was being called',
      },
      steps: [
        { type: 'Model', turn: 1, text: 'Two.', toolCalls: ['1.0', '1.1'] },
        call(0, { state: 'Unknown', startedAt: '2026-11-22T10:00:00Z' }),
        call(1, {
          state: 'NotExecuted',
          approvalRequest: 'crashed-1-1',
          approval: { ...approval, reviewers: ['carol@acme.com'] },
          result:
            'This call was not executed: the tool, its schema or its parameters are no longer those that were approved. Ask again if it is still needed.',
        }),
      ],
    })
    const { page, context } = await stage.visit('carol', 'runs/crashed')
    await drawer(page)
      .getByText(/It may or may not have run: the operator stopped/)
      .waitFor()
    await drawer(page)
      .getByText(/no longer what was approved \(CallChanged\)/)
      .waitFor()
    await drawer(page)
      .getByText(/Look into the records of the tool itself first/)
      .waitFor()
    // The request is gone, and the trace says who and how long.
    expect(await drawer(page).innerText()).toMatch(
      /Approved after waiting 5 min 12 s[\s\S]+by carol@acme\.com/,
    )
    await context.close()
  })

  it('shows a run of 200 turns at once, and scrolls to its end', async () => {
    const steps = Array.from({ length: 200 }, (_, i): Step[] => [
      {
        type: 'Model',
        turn: i + 1,
        text: `Thought ${i + 1}: ${'words and more words. '.repeat(30)}`,
        toolCalls: [`${i + 1}.0`, `${i + 1}.1`],
        usage: { inputTokens: 1000 + i, outputTokens: 100 },
        durationSeconds: 1.5,
      },
      ...[0, 1].map(
        (index): Step => ({
          type: 'ToolCall',
          id: `${i + 1}.${index}`,
          tool: 'shop.lookup',
          params: { order: `ORD-${i}`, lines: [{ sku: 'LAMP-3', count: 2 }], note: 'x'.repeat(300) },
          state: 'Succeeded',
          startedAt: '2026-11-22T10:00:00Z',
          finishedAt: '2026-11-22T10:00:02Z',
          result: 'y'.repeat(900),
        }),
      ),
    ]).flat()
    await anEndedRun('long', { phase: 'Succeeded', turns: 200, steps, output: 'At last.' })
    const { page, context } = await stage.visit('carol', 'runs')
    const link = page.getByRole('link', { name: 'long', exact: true })
    await link.waitFor()
    // From the click to when the first turns have been painted, and to when all of them are there.
    const { first, all } = await link.evaluate(
      element =>
        new Promise<{ first: number; all: number }>(resolve => {
          const begun = performance.now()
          const until = (turn: number, then: (ms: number) => void): void => {
            if (document.querySelector(`[data-turn="${turn}"]`) === null) {
              requestAnimationFrame(() => until(turn, then))
            } else requestAnimationFrame(() => setTimeout(() => then(performance.now() - begun)))
          }
          ;(element as HTMLElement).click()
          until(1, first => until(195, all => resolve({ first, all })))
        }),
    )
    const ms = `${Math.round(first)} ms, all of it in ${Math.round(all)} ms`
    console.info(`a run of 200 turns and 400 calls was there in ${ms}`)
    expect(first).toBeLessThan(10_000)
    const last = drawer(page).locator('[data-turn="200"]')
    await last.scrollIntoViewIfNeeded()
    await last.getByText('Thought 200').waitFor()
    expect(await drawer(page).getByRole('region', { name: 'Totals' }).innerText()).toMatch(
      /400 400 answered[\s\S]+219,900 in, 20,000 out/,
    )
    await context.close()
  })

  it('is as light as its page in the light and dark in the dark, and fits a phone', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const options = { viewport: { width: 390, height: 844 }, colorScheme, hasTouch: true }
      const { page, faults, context } = await stage.visit('alice', 'runs/waits', options)
      const call = drawer(page).locator('.call')
      await call.getByRole('button', { name: 'Approve' }).waitFor()
      const colours = await page.evaluate(() => {
        const content = document.querySelector('.run-drawer') as Element
        const card = document.createElement('i')
        card.setAttribute('class', 'run-drawer')
        content.append(card)
        const wanted = getComputedStyle(document.documentElement).getPropertyValue('--card')
        card.style.backgroundColor = wanted
        const pair = [getComputedStyle(content).backgroundColor, getComputedStyle(card).backgroundColor]
        card.remove()
        return pair
      })
      expect(colours[0]).toBe(colours[1])
      const widest = await drawer(page).evaluate(element => element.scrollWidth - element.clientWidth)
      expect(widest).toBeLessThanOrEqual(0)
      await drawer(page).getByRole('button', { name: 'Go to it' }).click()
      await expect.poll(() => focused(page)).toContain('class="call"')
      await shot(page, `phone-run-${colorScheme}`)
      expect(faults).toEqual([])
      await context.close()
    }
  })
})
