import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import { agentRuns, agents } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { aRun } from '../../../operator/testing/world.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {}, 'stock-keeper': {} })
  await stage.begin('good', { order: 'ORD-1', amount: 2400 })
  await stage.begin('bad', { order: 'ORD-2', amount: 7 }, 'stock-keeper')
  await stage.begin('waits', { order: 'ORD-3', amount: 9 })
  await decide('good-1-0', 'approve')
  await decide('bad-1-0', 'reject')
  await stage.untilRequest('waits-1-0')
  await anAgentThatIsNotReady('typo')
  await Promise.all(['good', 'bad'].map(name => stage.untilEnded(name)))
})
afterAll(async () => {
  await stage?.close()
})

async function decide(name: string, verb: 'approve' | 'reject') {
  await stage.untilRequest(name)
  const path = `/api/v1/projects/${stage.namespace}/approvals/${name}/${verb}`
  const { status } = await stage.gateway
    .as(tokenOf('carol@acme.com'))
    .post(path, { reason: 'not a duplicate' })
  expect(status).toBe(200)
}

/** An agent as the first one, with a gate that names no tool: it is not ready, and its runs wait. */
async function anAgentThatIsNotReady(name: string): Promise<void> {
  const { spec } = await adminClient().get(agents, { namespace: stage.namespace, name: 'order-manager' })
  const approval = {
    ...spec.approval,
    tools: [{ name: 'order_tools.proces_refund' }],
  } as typeof spec.approval
  const metadata = { name, namespace: stage.namespace }
  await adminClient().create(agents, { metadata, spec: { ...spec, approval } } as Agent)
}

const table = (page: Page): Locator => page.getByRole('table', { name: 'Runs' })
const rowOf = (page: Page, run: string): Locator =>
  table(page)
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name: run, exact: true }) })
const names = async (page: Page) => await table(page).locator('tbody td:first-child').allInnerTexts()
const untilNames = (page: Page, expected: readonly string[]) =>
  expect.poll(async () => (await names(page)).toSorted()).toEqual(expected.toSorted())

describe('the runs page', () => {
  it('says of each run who started it, what it waits for with the way there, and why it failed', async () => {
    const { page, faults, context } = await stage.visit('carol', 'runs')
    await untilNames(page, ['good', 'bad', 'waits'])
    expect(await rowOf(page, 'good').innerText()).toMatch(
      /SUCCEEDED[\s\S]*bob@acme\.com[\s\S]*ORD-1[\s\S]*took/i,
    )
    expect(await rowOf(page, 'bad').innerText()).toMatch(
      /FAILED[\s\S]*Approval rejected: carol@acme\.com rejected order_tools\.process_refund: not a duplicate/i,
    )
    expect(await rowOf(page, 'waits').innerText()).toMatch(/AWAITING APPROVAL[\s\S]*waits for waits-1-0/i)
    await shot(page, 'runs')
    await rowOf(page, 'waits').getByRole('link', { name: 'waits-1-0' }).click()
    await page.getByRole('article').getByText('ORD-3').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('is filtered by phase and agent, in its address', async () => {
    const { page, faults, context } = await stage.visit('carol', 'runs')
    await page.getByRole('combobox', { name: 'Phase' }).selectOption('Failed')
    await untilNames(page, ['bad'])
    expect(new URL(page.url()).search).toBe('?phase=Failed')
    await page.getByRole('combobox', { name: 'Agent' }).fill('order-manager')
    await page.getByRole('combobox', { name: 'Agent' }).press('Enter')
    await page.getByText('Nothing matches these filters.').waitFor()
    await page.getByRole('combobox', { name: 'Phase' }).selectOption('any')
    await untilNames(page, ['good', 'waits'])
    // The drawer opens over the filtered list, and leaves it filtered.
    await page.getByRole('link', { name: 'good', exact: true }).click()
    await page.getByRole('dialog').getByText('Done: refunded').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await untilNames(page, ['good', 'waits'])
    expect(new URL(page.url()).search).toBe('?agent=order-manager')
    expect(faults).toEqual([])
    await context.close()
  })

  it('follows what happens without being read anew', async () => {
    const { page, faults, context } = await stage.visit('alice', 'runs')
    await rowOf(page, 'waits').getByText('Awaiting Approval').waitFor()
    await stage.begin('later', { order: 'ORD-4' })
    await rowOf(page, 'later').getByText('waits for').waitFor()
    await decide('later-1-0', 'approve')
    await rowOf(page, 'later').getByText('Succeeded').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('is read by pages without an end, and says of runs that cannot start what they wait for', async () => {
    const { namespace } = stage
    const many = Array.from({ length: 65 }, (_, i) => `many-${String(i).padStart(2, '0')}`)
    await Promise.all(
      many.map(name =>
        adminClient().create(agentRuns, aRun(namespace, name, { agentRef: { name: 'typo' } })),
      ),
    )
    const { page, faults, context } = await stage.visit('carol', 'runs?agent=typo')
    await expect.poll(async () => (await names(page)).length).toBe(30)
    const more = page.getByRole('button', { name: 'Show more' })
    await more.click()
    await expect.poll(async () => (await names(page)).length).toBe(60)
    await more.click()
    await untilNames(page, many)
    await more.waitFor({ state: 'detached' })
    await adminClient().delete(agentRuns, { namespace, name: 'many-01' })
    await rowOf(page, 'many-01').waitFor({ state: 'detached' })
    await rowOf(page, 'many-00').getByText('no tool is named order_tools.proces_refund').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })
})

describe('starting a run', () => {
  const runsOf = async (input: string) => {
    const { items } = await adminClient().listAll(agentRuns, { namespace: stage.namespace })
    return items.filter(({ spec }) => spec.input === input)
  }

  it('by a double click starts one, with its context, and opens it', async () => {
    const { page, faults, context } = await stage.visit('alice', 'runs')
    await page.getByRole('button', { name: 'Start a run' }).click()
    const form = page.getByRole('dialog')
    await form.getByRole('combobox', { name: 'Agent' }).selectOption('stock-keeper')
    const input = JSON.stringify({ order: 'ORD-10', amount: 3 })
    await form.getByLabel(/^Input/).fill(input)
    await form.getByLabel(/^Context/).fill('[1]')
    await form.getByRole('button', { name: 'Start the run' }).click()
    await form.getByText('The context must be a JSON object').waitFor()
    await form.getByLabel(/^Context/).fill('{"is_admin": true, "n": 12345678901234567890}')
    await form.getByRole('button', { name: 'Start the run' }).click()
    await form.getByRole('alert').filter({ hasText: 'context' }).waitFor()
    expect(await runsOf(input)).toEqual([])
    await form.getByLabel(/^Context/).fill('{"is_admin": true}')
    await shot(page, 'start-run')
    await form.getByRole('button', { name: 'Start the run' }).dblclick()
    await page.getByRole('dialog').getByText('order_tools.process_refund').first().waitFor()
    const [run, second] = await runsOf(input)
    expect(second).toBeUndefined()
    expect(page.url()).toContain(`/runs/${run?.metadata.name}`)
    expect(run?.spec).toMatchObject({
      agentRef: { name: 'stock-keeper' },
      context: { is_admin: true },
      requestedBy: 'alice@acme.com',
    })
    await stage.untilRequest(`${run?.metadata.name}-1-0`)
    expect(await runsOf(input)).toHaveLength(1)
    expect(faults).toEqual([])
    await context.close()
  })

  it('again after the answer was lost finds the run that was started', async () => {
    const { page, context } = await stage.visit('bob', 'runs?agent=stock-keeper')
    await page.getByRole('button', { name: 'Start a run' }).click()
    const form = page.getByRole('dialog')
    await expect.poll(() => form.getByRole('combobox', { name: 'Agent' }).inputValue()).toBe('stock-keeper')
    const input = JSON.stringify({ order: 'ORD-11', amount: 3 })
    await form.getByLabel(/^Input/).fill(input)
    await page.route('**/runs', async route => {
      await route.fetch()
      await route.abort()
    })
    await form.getByRole('button', { name: 'Start the run' }).click()
    await form.getByText('It is not known whether the run was started.').waitFor()
    expect(await runsOf(input)).toHaveLength(1)
    await page.unroute('**/runs')
    await form.getByRole('button', { name: 'Start the run' }).click()
    await page.getByRole('dialog').getByText('order_tools.process_refund').first().waitFor()
    expect(await runsOf(input)).toHaveLength(1)
    await context.close()
  })

  it('offers a context to nobody who may not give one, and warns of an agent that is not ready', async () => {
    const { page, faults, context } = await stage.visit('carol', 'runs?agent=typo')
    await page.getByRole('button', { name: 'Start a run' }).click()
    const form = page.getByRole('dialog')
    await form.getByText('It is not ready: its run waits until it is.').waitFor()
    expect(await form.getByLabel(/^Context/).count()).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })
})
