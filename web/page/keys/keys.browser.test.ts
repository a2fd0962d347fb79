import { exec } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { shot, signIn } from '../testing/browser.ts'
import { openPageStage, type PageStage, refunding } from '../testing/stage.ts'

const inShell = promisify(exec)

let stage: PageStage
let path: string
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {}, 'stock-keeper': {} }, refunding, [
    { group: 'night-shift', role: 'Member' },
  ])
  path = `/api/v1/projects/${stage.namespace}`
})
afterAll(async () => {
  await stage?.close()
})

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

/** Makes a key at the page; returns it as it was shown. */
async function make(page: Page, name: string, choose: (form: ReturnType<typeof dialog>) => Promise<void>) {
  await page.getByRole('button', { name: 'Make a key' }).click()
  const form = dialog(page, 'Make an API key')
  await form.getByLabel('What it is for').fill(name)
  await choose(form)
  await form.getByRole('button', { name: 'Make the key' }).dblclick()
  const shown = dialog(page, 'Your new key')
  await shown.waitFor()
  const [key = '', line = ''] = await shown.locator('.to-copy code').allInnerTexts()
  return { key, line, shown }
}

const rowOf = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

describe('API keys', () => {
  it('are made, shown this once, used, and refused once they are revoked', async () => {
    const { page, faults, context } = await stage.visit('carol', 'keys')
    await page.getByText('There is no key of yours').waitFor()
    await shot(page, 'keys-empty')
    const { key, line, shown } = await make(page, 'nightly refunds', async form => {
      await form.getByLabel('Works for').selectOption('7 days')
    })
    expect(key).toMatch(/^csk_[a-z0-9]{16}_\w+$/)
    const { stdout } = await inShell(line)
    expect(JSON.parse(stdout)).toEqual({ items: [] })
    await shown.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByText('It cannot be shown again').waitFor()
    expect(await page.content()).not.toContain(key)
    const row = rowOf(page, 'nightly refunds')
    await row.getByText('carol@acme.com').waitFor()
    expect(await row.count()).toBe(1)
    const { items } = (await stage.gateway.as(key).get(`${path}/apikeys`)).body
    const inDays = (Date.parse(items[0].expiresAt) - Date.parse(items[0].createdAt)) / 86_400_000
    expect(inDays).toBeCloseTo(7, 3)
    await row.getByRole('button', { name: /^Revoke nightly refunds/ }).click()
    const sure = dialog(page, 'Revoke this key?')
    await sure.getByText('nightly refunds').waitFor()
    await sure.getByRole('button', { name: 'Keep it' }).click()
    expect((await stage.gateway.as(key).get(`${path}/approvals`)).status).toBe(200)
    await row.getByRole('button', { name: /^Revoke nightly refunds/ }).click()
    await sure.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByText(/“nightly refunds” \([a-z0-9]{16}\) is revoked/).waitFor()
    await row.waitFor({ state: 'detached' })
    expect((await stage.gateway.as(key).get(`${path}/approvals`)).status).toBe(401)
    expect(faults).toEqual([])
    await context.close()
  })

  it('are narrowed as one asks: to reading, to agents, to a time of one’s own', async () => {
    const { page, context } = await stage.visit('carol', 'keys')
    const { key, shown } = await make(page, 'stock report', async form => {
      await form.getByLabel('Works for').selectOption('Another time…')
      const count = form.getByLabel('How long')
      await count.fill('400')
      await form.getByText('a year (365 days) at most').waitFor()
      await count.fill('2')
      await form.getByLabel('It only reads').check()
      await form.getByLabel('Only for these agents').click()
      await page.getByRole('option', { name: 'stock-keeper' }).click()
      await page.keyboard.press('Escape')
    })
    await shown.getByRole('button', { name: 'I have kept it' }).click()
    const row = rowOf(page, 'stock report')
    await row.getByText('read only').waitFor()
    await row.getByText('for the agent stock-keeper').waitFor()
    const asKey = stage.gateway.as(key)
    expect((await asKey.get(`${path}/agents`)).body.items.map((one: { name: string }) => one.name)).toEqual([
      'stock-keeper',
    ])
    expect((await asKey.post(`${path}/runs`, { agent: 'stock-keeper', input: '{}' })).status).toBe(403)
    await context.close()
  })

  it('of everybody are seen and revoked by an owner, and by no other member', async () => {
    const [alice, bob] = await Promise.all([stage.visit('alice', 'keys'), stage.visit('bob', 'keys')])
    const made = await stage.gateway
      .as(tokenOf('carol@acme.com'))
      .post(`${path}/apikeys`, { name: 'made elsewhere' })
    expect(made.status).toBe(201)
    // It comes by itself.
    await rowOf(alice.page, 'made elsewhere').getByText('carol@acme.com').waitFor()
    await bob.page.getByText('There is no key of yours').waitFor()
    expect(await rowOf(bob.page, 'made elsewhere').count()).toBe(0)
    await rowOf(alice.page, 'made elsewhere')
      .getByRole('button', { name: /^Revoke/ })
      .click()
    const sure = dialog(alice.page, 'Revoke this key?')
    await sure.getByText('carol@acme.com').waitFor()
    await sure.getByRole('button', { name: 'Revoke it' }).click()
    await rowOf(alice.page, 'made elsewhere').waitFor({ state: 'detached' })
    expect((await stage.gateway.as(made.body.key).get('/api/v1/me')).status).toBe(401)
    await alice.context.close()
    await bob.context.close()
  })

  it('are refused in the words of the gateway to a member through a group', async () => {
    const person = await stage.browser.person()
    const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/keys`)
    await signIn(page, tokenOf('dave@acme.com'))
    await page.getByRole('button', { name: 'Make a key' }).click()
    const form = dialog(page, 'Make an API key')
    await form.getByRole('button', { name: 'Make the key' }).click()
    await form.getByText('Give it a name').waitFor()
    await form.getByLabel('What it is for').fill('mine')
    await form.getByRole('button', { name: 'Make the key' }).click()
    await form
      .getByRole('alert')
      .getByText(/spec\.members/)
      .waitFor()
    await person.context.close()
  })
})
