import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentRuns } from '../../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../../hack/testing.ts'
import { shot } from '../../testing/browser.ts'
import { openRunStage, type RunStage, refund } from '../testing.ts'

let stage: RunStage
beforeAll(async () => {
  const tools = [{ name: 'order_tools.process_refund', when: 'param.amount > 1000 and not context.is_admin' }]
  stage = await openRunStage({ 'order-manager': { tools } })
})
afterAll(async () => {
  await stage?.close()
})

const drawer = (page: Page): Locator => page.getByRole('dialog')
const specs = async () => {
  const { items } = await adminClient().listAll(agentRuns, { namespace: stage.namespace })
  return items.map(({ spec, metadata }) => ({ ...spec, name: metadata.name }))
}
const shownRun = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? ''

describe('an ended run', () => {
  it('that asks is answered by one run that goes on with it, however often the button is pressed', async () => {
    stage.script('Refund it?', () => ({ text: 'I found two orders.\n\nWhich of them do you mean?' }))
    stage.script('The first one.', () => ({ text: 'Then I am done.' }))
    await stage.ask('asks', 'Refund it?')
    await stage.untilEnded('asks')
    const { page, faults, context } = await stage.visit('carol', 'runs/asks')
    const box = page.getByLabel('Answer, and go on with this conversation')
    await box.fill('The first one.')
    await shot(page, 'run-answer')
    await drawer(page).getByRole('button', { name: 'Send the answer' }).dblclick()
    await drawer(page).locator('[data-turn="1"]').getByText('Then I am done.').waitFor()
    const name = shownRun(page)
    expect(name).not.toBe('asks')
    const started = (await specs()).filter(({ continueFrom }) => continueFrom?.name === 'asks')
    expect(started).toMatchObject([
      { name, agentRef: { name: 'order-manager' }, input: 'The first one.', requestedBy: 'carol@acme.com' },
    ])
    // Back along the conversation, and forward again.
    await drawer(page).getByRole('link', { name: 'asks' }).click()
    await drawer(page).getByText('Went on in').waitFor()
    expect(await box.count()).toBe(0)
    await drawer(page).getByRole('link', { name }).click()
    await drawer(page).getByText('Then I am done.').first().waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('that says nothing to answer has the box tucked away, and finds the run of an answer that was lost', async () => {
    await stage.ask('done', JSON.stringify({ order: 'A', amount: 1 }), { context: { is_admin: true } })
    await stage.untilEnded('done')
    stage.script('And now?', () => ({ text: 'Nothing.' }))
    const { page, context } = await stage.visit('alice', 'runs/done')
    const send = drawer(page).getByRole('button', { name: 'Send the answer' })
    const open = drawer(page).getByRole('button', { name: 'Answer, and go on with this conversation…' })
    await open.waitFor()
    expect(await send.count()).toBe(0)
    await open.click()
    await page.locator('textarea:focus').waitFor()
    await page.keyboard.type('And now?')
    // The run is started, and nobody hears of it.
    await page.route('**/runs', async route => {
      await route.fetch()
      await route.abort()
    })
    await send.click()
    await drawer(page).getByText('It is not known whether a run was started.').waitFor()
    await page.unroute('**/runs')
    await send.click()
    await expect.poll(() => shownRun(page)).toMatch(/^run-/)
    const started = (await specs()).filter(({ continueFrom }) => continueFrom?.name === 'done')
    expect(started).toMatchObject([{ input: 'And now?', context: { is_admin: true } }])
    await context.close()
  })

  it('that failed is started again with the same input and context, after the calls that ran were shown', async () => {
    const input = 'two refunds'
    stage.script(input, (spoken, results) =>
      spoken === 0
        ? { calls: [refund({ order: 'SMALL', amount: 10 })] }
        : spoken === 1
          ? { calls: [refund({ order: 'LARGE', amount: 5000 })] }
          : { text: `Done: ${results.join()}` },
    )
    const given = { is_admin: false, customer: { id: 'C-7', amounts: [1.5, 9007199254740991] }, no: null }
    await stage.ask('fails', input, { context: given })
    await stage.settle('fails-2-0', 'carol', 'reject', 'not now')
    await stage.untilEnded('fails')
    const { page, faults, context } = await stage.visit('alice', 'runs/fails')
    await drawer(page).getByRole('button', { name: 'Start it again…' }).click()
    const asked = drawer(page).getByRole('region', { name: 'Start it again' })
    const said = await asked.innerText()
    expect(said).toMatch(/Nothing that ran is undone\. This call already ran[\s\S]+order SMALL[\s\S]*ran/)
    expect(said).not.toContain('LARGE')
    expect(said).toContain('The context of this run goes with it, unchanged.')
    await shot(page, 'run-again')
    await asked.getByRole('button', { name: 'Start it again' }).dblclick()
    await expect.poll(() => shownRun(page)).not.toBe('fails')
    const name = shownRun(page)
    await stage.settle(`${name}-2-0`, 'carol', 'approve')
    await drawer(page).locator('[data-turn="3"]').getByText('Done: refunded').waitFor()
    const started = (await specs()).filter(spec => spec.input === input && spec.name !== 'fails')
    expect(started).toMatchObject([{ name, agentRef: { name: 'order-manager' }, context: given }])
    expect(started[0]?.continueFrom).toBeUndefined()
    expect(faults).toEqual([])
    await context.close()
  })

  it('is started again without its context by those who may not set one, but only where they choose so', async () => {
    const { page, context } = await stage.visit('carol', 'runs/fails')
    await drawer(page).getByRole('button', { name: 'Start it again…' }).click()
    const asked = drawer(page).getByRole('region', { name: 'Start it again' })
    await asked.getByText('without it other calls may be stopped, or fewer').waitFor()
    const start = asked.getByRole('button', { name: 'Start it again' })
    expect(await start.isDisabled()).toBe(true)
    await asked.getByLabel('Start without the context').check()
    await start.click()
    await expect.poll(() => shownRun(page)).not.toBe('fails')
    const name = shownRun(page)
    const { spec } = await stage.run(name)
    expect(spec).toMatchObject({ input: 'two refunds', requestedBy: 'carol@acme.com' })
    expect(spec.context).toBeUndefined()
    await context.close()
  })
})
