import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, cluster } from '../../../hack/testing.ts'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage, refunding } from '../testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {}, 'stock-keeper': {} }, refunding, [
    { group: 'night-shift', role: 'Member' },
  ])
})
afterAll(async () => {
  await stage?.close()
})
const ref = () => ({ namespace: stage.namespace, name: 'project' })
const stored = async () => (await adminClient().get(projects, ref())).spec.notifications
const set = (notifications: object | null) =>
  adminClient().patch(projects, ref(), { type: 'merge', body: { spec: { notifications } } })
beforeEach(() => set(null))

const open = async (
  user: string,
  { prepare }: { readonly prepare?: (page: Page) => Promise<unknown> } = {},
) => {
  const person = await stage.visit(user, 'approvals?settings')
  await prepare?.(person.page)
  if (prepare !== undefined) await person.page.reload()
  const drawer = person.page.getByRole('dialog', { name: 'Notification settings' })
  await drawer.getByRole('heading', { name: 'Who hears now' }).waitFor()
  return { ...person, drawer }
}
const heard = (page: Page, agent: string) => page.locator(`[data-agent="${agent}"]`)

describe('notification settings', () => {
  it('are set by an owner, seen at once by a member, who may only read them', async () => {
    const alice = await open('alice')
    const carol = await open('carol')
    await carol.drawer.getByText('Owners and admins of the project change them').waitFor()
    await carol.drawer.getByText('alice@acme.com, Owner').waitFor()
    expect(await carol.drawer.getByRole('button', { name: 'Save' }).count()).toBe(0)
    expect(await carol.drawer.locator('input').count()).toBe(0)
    await heard(carol.page, 'stock-keeper').getByText('night-shift').first().waitFor()

    await alice.drawer.getByRole('button', { name: 'Add a route' }).click()
    const route = alice.drawer.getByRole('group', { name: 'Route 1' })
    await route.getByLabel('Agents').fill('order-*')
    await route.getByLabel('Agents').press('Enter')
    await route.getByLabel('Members').click()
    await alice.page.getByRole('option', { name: 'bob@acme.com' }).click()
    // Reckoned before it is saved.
    await alice.drawer.getByRole('heading', { name: 'Who would hear, once this is saved' }).waitFor()
    await heard(alice.page, 'order-manager').getByText('night-shift').first().waitFor({ state: 'detached' })
    expect(await stored()).toBeUndefined()
    await alice.drawer.getByRole('button', { name: 'Save' }).dblclick()
    await alice.drawer.getByText('Saved. It holds from now on.').waitFor()
    expect(await stored()).toEqual({ routes: [{ agents: ['order-*'], members: ['bob@acme.com'] }] })

    await carol.drawer.getByText('Of order-*: bob@acme.com').waitFor()
    await heard(carol.page, 'order-manager').getByText('night-shift').first().waitFor({ state: 'detached' })
    await heard(carol.page, 'stock-keeper').getByText('night-shift').first().waitFor()
    expect([...alice.faults, ...carol.faults]).toEqual([])
    await alice.context.close()
    await carol.context.close()
  })

  it('say where nobody would hear, whom no e-mail reaches, and what is not ready in this installation', async () => {
    const { page, drawer, faults, context } = await open('alice', {
      prepare: page =>
        page.route('**/notifications/preview**', async route => {
          const answer = await route.fetch()
          const preview = await answer.json()
          preview.channels.email = { ...preview.channels.email, delivers: false, problem: 'No mail server.' }
          preview.channels.webhooks.problem = 'The Secret of chat is missing.'
          await route.fulfill({ response: answer, json: preview })
        }),
    })
    await drawer.getByText('Not ready: nothing is sent. No mail server.').waitFor()
    // What is ready changes without the settings: the operator writes it to the Project.
    const asked = page.waitForRequest(one => one.url().includes('/notifications/preview'))
    await adminClient().patch(projects, ref(), {
      type: 'merge',
      body: { metadata: { annotations: { note: 'changed' } } },
    })
    await asked
    await drawer.getByText('Not all of it is ready. The Secret of chat is missing.').waitFor()
    await heard(page, 'order-manager').getByText('not ready').waitFor()
    await heard(page, 'order-manager').getByText('No e-mail reaches').waitFor()
    await drawer.getByLabel('In the page').click()
    await heard(page, 'order-manager').getByText('Nobody hears of it').waitFor()
    await drawer.getByLabel('By e-mail').click()
    await heard(page, 'stock-keeper').getByText('neither e-mail nor the page tells of it').waitFor()
    await drawer.getByLabel('In the page').click()
    await heard(page, 'stock-keeper').getByText('Nobody hears of it').waitFor({ state: 'detached' })
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Saved.').waitFor()
    expect(await stored()).toEqual({ email: { enabled: false } })
    expect(faults).toEqual([])
    // Some may be under way.
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await context.close()
  })

  it('are tried for what is saved, with what became of it in words', async () => {
    await set({ webhooks: [{ name: 'chat', format: 'Slack', urlSecretRef: { name: 'chat', key: 'url' } }] })
    const answers: { readonly status: number; readonly json: object }[] = []
    const asked: unknown[] = []
    const { drawer, faults, context } = await open('alice', {
      // What the operator does with it is tried where the gateway is, and the operator.
      prepare: page =>
        page.route('**/notifications/test', async route => {
          asked.push(route.request().postDataJSON())
          await route.fulfill(answers.shift() ?? { status: 500 })
        }),
    })
    const at = new Date().toISOString()
    const chat = { channel: 'Webhook', target: 'chat' }
    const webhook = drawer.getByRole('group', { name: 'Webhook chat' })
    const button = webhook.getByRole('button', { name: 'Test chat' })
    answers.push({ status: 200, json: { ...chat, state: 'Sent', message: 'hooks.acme.com took it.', at } })
    await button.click()
    await webhook.getByText('hooks.acme.com took it.').waitFor()
    expect(await webhook.getByRole('status').innerText()).toMatch(/^Sent /)
    answers.push({
      status: 200,
      json: { ...chat, state: 'Failed', message: 'The connection was refused.', at },
    })
    await button.click()
    await webhook.getByText('The connection was refused.').waitFor()
    expect(await webhook.getByRole('status').innerText()).toMatch(/^Not sent /)
    answers.push({ status: 503, json: { code: 'TestUnanswered', detail: 'The operator did not say.' } })
    await button.click()
    await webhook.getByText('The operator did not say.').waitFor()
    expect(await button.evaluate(element => element === document.activeElement)).toBe(true)
    expect(asked).toEqual([chat, chat, chat])

    await webhook.getByLabel('Format').selectOption('Teams')
    await webhook.getByText('Save first: what is saved is what is tried.').waitFor()
    expect(await button.isDisabled()).toBe(true)
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Saved.').waitFor()
    expect(await button.isDisabled()).toBe(false)
    // Nobody of this project has an address.
    await drawer.getByText('The Project has no address for you.').waitFor()
    expect(await drawer.getByRole('button', { name: 'Send me a test e-mail' }).isDisabled()).toBe(true)
    expect(asked).toHaveLength(3)
    expect(faults).toEqual([])
    await context.close()
  })

  it('are tried by the operator, whose words stand there', async () => {
    await set({ webhooks: [{ name: 'chat', format: 'Slack', urlSecretRef: { name: 'chat', key: 'url' } }] })
    const { drawer, faults, context } = await open('alice')
    const webhook = drawer.getByRole('group', { name: 'Webhook chat' })
    await webhook.getByRole('button', { name: 'Test chat' }).click()
    await webhook.getByText(/^Sent /).waitFor()
    const { status } = await adminClient().get(projects, ref())
    expect(status?.notificationTest).toMatchObject({ channel: 'Webhook', target: 'chat', state: 'Sent' })
    await webhook.getByText(status?.notificationTest?.message ?? 'nothing').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('are tried in this browser', async () => {
    const { page, drawer, faults, context } = await open('alice', {
      prepare: page =>
        page.addInitScript(() => {
          const shown: string[] = []
          class Fake {
            static permission = 'default'
            static async requestPermission() {
              Fake.permission = 'granted'
              return Fake.permission
            }
            constructor(title: string) {
              shown.push(title)
            }
          }
          Object.assign(window, { shown, Notification: Fake })
        }),
    })
    await drawer.getByRole('button', { name: 'Show a browser notification' }).click()
    await drawer.getByText('Shown.').waitFor()
    expect(await page.evaluate('window.shown')).toEqual(['This is how you are told of a request'])
    // To try it is not to wish for it.
    expect(await page.evaluate(() => localStorage.getItem('countersign-notify'))).toBeNull()
    await page.evaluate(`window.Notification.permission = 'denied'`)
    await drawer.getByRole('button', { name: 'Show a browser notification' }).click()
    await drawer.getByText('This browser blocks notifications of this page.').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('that somebody else saved meanwhile are not written over: what both changed is kept, or one’s own dropped', async () => {
    const { drawer, context } = await open('alice')
    await drawer.getByLabel('By e-mail').click()
    await set({ webhooks: [{ name: 'chat', format: 'Slack', urlSecretRef: { name: 'chat', key: 'url' } }] })
    await drawer.getByText('Somebody else saved these settings').waitFor()
    await drawer.getByText('added the webhook chat').waitFor()
    expect(await drawer.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await drawer.getByRole('button', { name: 'Put mine onto theirs' }).click()
    await drawer.getByRole('group', { name: 'Webhook chat' }).waitFor()
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Saved.').waitFor()
    expect(await stored()).toMatchObject({ email: { enabled: false }, webhooks: [{ name: 'chat' }] })

    await drawer.getByLabel('In the page').click()
    await set({ email: { enabled: true } })
    await drawer.getByText('turned e-mail on').waitFor()
    await drawer.getByRole('button', { name: 'Drop mine' }).click()
    await drawer.getByText('Nothing is changed.').waitFor()
    expect(await drawer.getByLabel('In the page').isChecked()).toBe(true)
    expect(await drawer.getByLabel('By e-mail').isChecked()).toBe(true)
    await context.close()
  })

  it('are refused by the gateway where it was not told of the other’s in time', async () => {
    const { page, drawer, context } = await open('alice')
    await drawer.getByLabel('By e-mail').click()
    // Whatever the page reads is older than what is written.
    const held = Promise.withResolvers<void>()
    await page.route('**/notifications', async route => {
      if (route.request().method() === 'GET') await held.promise
      await route.continue()
    })
    await set({ inApp: { enabled: false } })
    const answered = page.waitForResponse(answer => answer.request().method() === 'PUT')
    await drawer.getByRole('button', { name: 'Save' }).click()
    expect((await answered).status()).toBe(409)
    held.resolve()
    await drawer.getByText('turned telling in the page off').waitFor()
    expect(await stored()).toEqual({ inApp: { enabled: false } })
    await context.close()
  })

  it('that are changed on while they are saved are not lost', async () => {
    const { page, drawer, context } = await open('alice')
    const held = Promise.withResolvers<void>()
    await page.route('**/notifications', async route => {
      if (route.request().method() === 'PUT') await held.promise
      await route.continue()
    })
    await drawer.getByLabel('By e-mail').click()
    const answered = page.waitForResponse(answer => answer.request().method() === 'PUT')
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByLabel('In the page').click()
    held.resolve()
    await answered
    expect(await stored()).toEqual({ email: { enabled: false } })
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Saved.').waitFor()
    expect(await stored()).toEqual({ email: { enabled: false }, inApp: { enabled: false } })
    await context.close()
  })

  it('are refused at the field that is wrong, and saved once it is right; the command makes the Secret', async () => {
    const { page, drawer, faults, context } = await open('alice')
    await drawer.getByRole('button', { name: 'Add a webhook' }).click()
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Give it a name.').waitFor()
    const webhook = drawer.getByRole('group', { name: 'Webhook' })
    await webhook.getByLabel('Name', { exact: true }).fill('chat')
    await webhook.getByLabel('Secret with the URL').fill('My Secret')
    await drawer.getByRole('button', { name: 'Save' }).click()
    await webhook.getByText('A Secret is named with small letters').waitFor()
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')))
      .toBe('true')
    expect(await webhook.getByLabel('Secret with the URL').getAttribute('aria-invalid')).toBe('true')
    expect(await stored()).toBeUndefined()
    await webhook.getByLabel('Secret with the URL').fill('chat')
    await webhook.getByLabel('Secret with the signing key').fill('chat')
    await webhook.getByLabel('Signing key’s key in it').fill('signing')
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Saved.').waitFor()
    expect(await stored()).toEqual({
      webhooks: [
        {
          name: 'chat',
          format: 'Generic',
          urlSecretRef: { name: 'chat', key: 'url' },
          signingKeySecretRef: { name: 'chat', key: 'signing' },
        },
      ],
    })
    await webhook.getByText('How to make the Secret').click()
    await shell(await webhook.locator('pre').innerText(), 'https://hooks.acme.com:8443/T/0\n')
    const path = `/api/v1/namespaces/${stage.namespace}/secrets/chat`
    const secret = (await adminClient().raw({ method: 'GET', path })) as {
      metadata: object
      data: Record<string, string>
    }
    expect(secret.metadata).toMatchObject({
      labels: { 'countersign.dev/use': 'true' },
      annotations: { 'countersign.dev/hosts': 'hooks.acme.com' },
    })
    expect(atob(secret.data.url ?? '')).toBe('https://hooks.acme.com:8443/T/0')
    expect(atob(atob(secret.data.signing ?? ''))).toHaveLength(32)
    expect(faults).toEqual([])
    await context.close()
  })

  it('that are not saved are asked about before they are dropped, and kept where one goes back', async () => {
    const { page, drawer, faults, context } = await open('alice')
    await drawer.getByLabel('By e-mail').click()
    await page.keyboard.press('Escape')
    const asked = page.getByRole('dialog', { name: 'Your notification settings are not saved' })
    await asked.getByRole('button', { name: 'Go back to them' }).click()
    expect(await drawer.getByLabel('By e-mail').isChecked()).toBe(false)
    await drawer.getByRole('button', { name: 'Close the notification settings' }).click()
    await asked.getByRole('button', { name: 'Drop the changes' }).click()
    await asked.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'You: alice@acme.com' }).click()
    await page.getByRole('menuitem', { name: 'Notification settings' }).click()
    await drawer.getByText('Nothing is changed.').waitFor()
    expect(await drawer.getByLabel('By e-mail').isChecked()).toBe(true)
    expect(await stored()).toBeUndefined()
    expect(faults).toEqual([])
    await context.close()
  })

  it('are set with the keyboard alone', async () => {
    const { page, drawer, faults, context } = await open('alice')
    const press = (...keys: string[]) =>
      keys.reduce((all, key) => all.then(() => page.keyboard.press(key)), Promise.resolve())
    const tabTo = async (name: string) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        if (
          await drawer.getByRole('button', { name, exact: true }).evaluate(e => e === document.activeElement)
        )
          return
      }
      throw new Error(`Tab does not lead to ${name}`)
    }
    await tabTo('Add a route')
    await press('Enter', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab')
    await page.keyboard.type('stock-keeper,')
    await press('Tab')
    await page.keyboard.type('night')
    await press('ArrowDown', 'Enter', 'Escape')
    await tabTo('Save')
    await press('Enter')
    await drawer.getByText('Saved.').waitFor()
    expect(await stored()).toEqual({ routes: [{ agents: ['stock-keeper'], members: ['night-shift'] }] })
    await press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
      .toBe('You: alice@acme.com')
    expect(faults).toEqual([])
    await context.close()
  })

  it('look as the docs show them', async () => {
    await set({
      routes: [{ agents: ['order-*'], members: ['bob@acme.com', 'night-shift'] }],
      webhooks: [{ name: 'chat', format: 'Slack', urlSecretRef: { name: 'chat', key: 'url' } }],
    })
    const { page, drawer, context } = await open('alice')
    await drawer.getByRole('group', { name: 'Webhook chat' }).waitFor()
    await shot(page, 'notification-settings')
    await context.close()
  })
})

/** Runs lines in bash with the test's cluster, and types `typed`. */
async function shell(lines: string, typed: string): Promise<void> {
  const { kubectl, kubeconfig } = cluster()
  const script = `kubectl() { ${JSON.stringify(kubectl)} "$@"; }\n${lines}`
  const bash = spawn('bash', ['-ec', script], { env: { ...process.env, KUBECONFIG: kubeconfig } })
  let said = ''
  bash.stderr.on('data', data => {
    said += String(data)
  })
  bash.stdin.end(typed)
  const [code] = await once(bash, 'close')
  if (code !== 0) throw new Error(said)
}
