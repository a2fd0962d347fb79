import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, testNamespace } from '../../../hack/testing.ts'
import { bindRole, tokenOf } from '../../gateway/testing-cluster.ts'
import { row, shot, signIn } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
/** Another project of carol's. */
let other: string
const alice: Member = { user: 'alice@acme.com', role: 'Owner' }
const bob: Member = { user: 'bob@acme.com', role: 'Member' }
const carol: Member = { user: 'carol@acme.com', role: 'Member' }

/** A project that no operator looks after: its roles are bound here. */
async function aProject(prefix: string): Promise<string> {
  const namespace = await testNamespace(prefix)
  await adminClient().create(projects, {
    metadata: { name: 'project', namespace },
    spec: { members: [alice, carol] },
  })
  await bindRole(namespace, 'member', 'carol@acme.com')
  return namespace
}

const setMembers = (...members: readonly Member[]) =>
  adminClient().patch(
    projects,
    { namespace: stage.namespace, name: 'project' },
    { type: 'merge', body: { spec: { members } } },
  )

beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {} })
  other = await aProject('other')
})
afterAll(async () => {
  await stage?.close()
})

describe('the frame of the page', () => {
  it('leads to another project, and finds one among many by its name', async () => {
    const { page, context, faults } = await stage.visit('carol', 'runs')
    await page.getByLabel('Project').selectOption(other)
    await page.waitForURL(`**/projects/${other}/runs`)
    await page.getByText('Live', { exact: true }).waitFor()
    const many = await Promise.all(Array.from({ length: 12 }, (_, i) => aProject(`many-${i}`)))
    await page.reload()
    const field = page.locator('input').and(page.getByLabel('Project'))
    await field.fill('many-7')
    const option = page.getByRole('listbox').getByRole('option')
    await option.getByText(many[7] ?? '').waitFor()
    expect(await option.count()).toBe(1)
    await option.click()
    await page.waitForURL(`**/projects/${many[7]}/runs`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.goBack()
    await page.waitForURL(`**/projects/${other}/runs`)
    expect(faults).toEqual([])
    await context.close()
  })

  it('says that a right was lost, hides what it showed, and shows it again when the right is back', async () => {
    const { page, context } = await stage.visit('carol')
    await stage.begin('lost-1', { order: 'ORD-4711' })
    await stage.untilRequest('lost-1-1-0')
    await row(page, 'lost-1-1-0').waitFor()
    await page.getByText('ORD-4711').first().waitFor()
    await setMembers(alice, bob)
    await page.getByRole('heading', { name: `You may not see ${stage.namespace} any more` }).waitFor()
    expect(await page.content()).not.toContain('ORD-4711')
    expect(await page.title()).toBe('Countersign')
    await page.getByRole('main').getByRole('link', { name: other }).waitFor()
    await shot(page, 'right-lost')
    await setMembers(alice, bob, carol)
    // By itself: the button is for who does not want to wait.
    await row(page, 'lost-1-1-0').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await context.close()
  })

  it('says that a project or a page does not exist, and leads back', async () => {
    const { page, context } = await stage.visit('carol')
    await page.goto(`${stage.gateway.url}/projects/nowhere/approvals`)
    await page.getByRole('heading', { name: 'There is no project nowhere for you' }).waitFor()
    await page.getByRole('main').getByRole('link', { name: stage.namespace }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.goto(`${stage.gateway.url}/projects/${stage.namespace}/refunds`)
    await page.getByRole('heading', { name: 'There is no page “refunds”' }).waitFor()
    await page.getByRole('main').getByRole('link').click()
    await page.waitForURL(`**/projects/${stage.namespace}/approvals**`)
    await context.close()
  })

  it('says since when it is disconnected, and tries again when it is told to', async () => {
    const { page, context } = await stage.visit('carol')
    await page.route('**/events', route => route.abort())
    await page.reload()
    await page.getByText('Disconnected.', { exact: true }).waitFor()
    await page.getByText(/^Since \d/).waitFor()
    const again = page.waitForRequest('**/events')
    await page.getByRole('button', { name: 'Try now' }).click()
    await again
    await page.unroute('**/events')
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.getByText('Disconnected.').count()).toBe(0)
    await context.close()
  })

  it('keeps a fault to the part where it is, and repeats nothing of what was being shown', async () => {
    const { page, context, faults } = await stage.visit('carol', 'runs')
    await page.route('**/agents?*', route =>
      route.fulfill({ json: { items: [{ name: { '4111 1111': 'x' } }] } }),
    )
    await page.getByRole('link', { name: 'Agents' }).click()
    await page.getByRole('heading', { name: 'The Agents cannot be shown' }).waitFor()
    await shot(page, 'fault')
    expect(await page.content()).not.toContain('4111 1111')
    expect(faults).toEqual(['A part of the page failed.'])
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByRole('heading', { name: 'Audit log' }).waitFor()
    await page.unroute('**/agents?*')
    await page.getByRole('link', { name: 'Agents' }).click()
    await page.getByText('Looks after the orders of the shop.').waitFor()
    await context.close()
  })

  it('says of a part that could not be loaded that it is that part alone', async () => {
    const person = await stage.browser.person()
    await person.context.route(/assets\/audit-.*\.js/, route => route.abort())
    const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/audit`)
    await signIn(page, tokenOf('carol@acme.com'))
    await page.getByRole('heading', { name: 'The Audit log cannot be shown' }).waitFor()
    await page.getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('heading', { name: 'Runs' }).waitFor()
    await person.context.unrouteAll()
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByRole('button', { name: 'Reload the page' }).click()
    await page.getByRole('heading', { name: 'Audit log', exact: true }).waitFor()
    await person.context.close()
  })

  it('has who one is, the colours and the settings in a menu that keys reach, on a phone as well', async () => {
    const { page, context, faults } = await stage.visit('carol', 'approvals', {
      viewport: { width: 390, height: 844 },
    })
    const open = async () => {
      await page.getByRole('button', { name: 'You: carol@acme.com' }).focus()
      await page.keyboard.press('Enter')
      await page.getByText(/^With a session until /).waitFor()
    }
    await open()
    const dark = page.getByRole('menuitemradio', { name: 'Dark' })
    await dark.press('Enter')
    expect(await dark.getAttribute('aria-checked')).toBe('true')
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await page.getByRole('menuitem', { name: 'Notification settings' }).press('Enter')
    await page.waitForURL('**?settings')
    expect(faults).toEqual([])
    await context.close()
  })
})
