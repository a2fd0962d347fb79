import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { row, signIn } from '../testing/browser.ts'
import { openPageStage, type PageStage, refunding } from '../testing/stage.ts'

let stage: PageStage
let place: string
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {} }, refunding, [{ group: 'night-shift', role: 'Member' }])
  place = `${stage.gateway.url}/projects/${stage.namespace}/approvals`
})
afterAll(async () => {
  await stage?.close()
})

const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor()
const field = (page: Page) => page.getByLabel('Token or API key')
const token = (person: string) => tokenOf(`${person}@acme.com`)
const base = () => `/api/v1/projects/${stage.namespace}`

async function wait(run: string): Promise<string> {
  await stage.begin(run, { order: run })
  await stage.untilRequest(`${run}-1-0`)
  return `${run}-1-0`
}

/** A key of carol's, and its end. */
async function aKey() {
  const as = stage.gateway.as(token('carol'))
  const { status, body } = await as.post(`${base()}/apikeys`, { name: 'test', expiresInSeconds: 200 })
  expect(status).toBe(201)
  const revoke = async () => {
    expect((await as.send('DELETE', `${base()}/apikeys/${body.id}`)).status).toBe(204)
  }
  return { key: String(body.key), revoke }
}

/** Keeps the page from reading, so that the next decision is what finds out about its session; undone by what it gives. */
async function holdReads(page: Page): Promise<() => Promise<void>> {
  const reads = (route: Route) => (route.request().method() === 'GET' ? route.abort() : route.continue())
  await page.route('**/api/v1/projects/**', reads)
  return () => page.unroute('**/api/v1/projects/**', reads)
}

/** Ends the session, which the next decision finds out. */
async function signOutUnseen(page: Page): Promise<() => Promise<void>> {
  const readAgain = await holdReads(page)
  await page.context().clearCookies()
  return readAgain
}

describe('signing in', () => {
  it('is done once: a reload and a second tab need nothing, and the credential is kept nowhere', async () => {
    const { page, context, faults } = await stage.visit('carol')
    await page.reload()
    await live(page)
    const second = await context.newPage()
    await second.goto(place)
    await live(second)
    const [cookie, ...others] = await context.cookies()
    expect(others).toEqual([])
    expect(cookie).toMatchObject({
      name: '__Host-countersign',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
      path: '/',
      domain: '127.0.0.1',
    })
    const kept = await page.evaluate(async () =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        document.cookie,
        await indexedDB.databases(),
        await caches.keys(),
        location.href,
        history.state,
        document.documentElement.outerHTML,
      ]),
    )
    expect(kept).not.toContain(token('carol'))
    expect(decodeURIComponent(cookie?.value ?? '')).not.toContain(token('carol'))
    expect(faults).toEqual([])
    await context.close()
  })

  it('is undone in all tabs at once, also for what is sent afterwards', async () => {
    const { page, context } = await stage.visit('carol')
    const second = await context.newPage()
    await second.goto(place)
    await live(second)
    await page.getByRole('button', { name: 'You: carol@acme.com' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await field(page).waitFor()
    await second.getByText('You signed out in another tab.').waitFor()
    expect(await context.cookies()).toEqual([])
    expect(await second.content()).not.toContain(stage.namespace)
    await page.reload()
    await field(page).waitFor()
    await signIn(second, token('carol'))
    // The first one hears of it.
    await live(page)
    await context.close()
  })

  it('says it when the gateway cannot be told of the end, and does not pretend it', async () => {
    const { page, context } = await stage.visit('carol')
    await page.route('**/api/v1/session', route => route.abort())
    await page.getByRole('button', { name: 'You: carol@acme.com' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('dialog', { name: 'You are still signed in' }).waitFor()
    await context.close()
  })

  it('is asked for again over the page, where what was written is still there and then counts once', async () => {
    const { key, revoke } = await aKey()
    const person = await stage.browser.person()
    const page = await person.open(place)
    await signIn(page, key)
    const request = await wait('again-1')
    await row(page, request).click()
    await page.getByRole('button', { name: 'Reject…' }).click()
    const reason = page.getByLabel('Why is it rejected?')
    await reason.fill('The order was never paid, see ticket 4711.')
    await revoke()
    const dialog = page.getByRole('dialog', { name: 'You are signed out' })
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.getByLabel('Token or API key').fill(token('carol'))
    await dialog.getByRole('button', { name: 'Sign in and go on' }).click()
    await dialog.waitFor({ state: 'detached' })
    await live(page)
    expect(await reason.inputValue()).toBe('The order was never paid, see ticket 4711.')
    await page.getByRole('button', { name: 'Reject with this reason' }).click()
    await stage.untilEnded('again-1')
    expect((await stage.request(request)).status.decisions).toMatchObject([
      { reviewer: 'carol@acme.com', verdict: 'Reject', via: 'Web', reason: expect.stringContaining('4711') },
    ])
    const decided = (await stage.audit()).filter(
      entry => entry.approvalRequest === request && entry.action === 'ApprovalRejected',
    )
    expect(decided).toHaveLength(1)
    await person.context.close()
  })

  it('does not send later what was refused because one was signed out', async () => {
    const { page, context } = await stage.visit('carol')
    const request = await wait('late-1')
    await row(page, request).click()
    await page.getByRole('button', { name: 'Approve' }).and(page.locator('[aria-disabled=false]')).waitFor()
    const readAgain = await signOutUnseen(page)
    await page.getByRole('button', { name: 'Approve' }).click()
    const dialog = page.getByRole('dialog', { name: 'You are signed out' })
    await dialog.waitFor()
    await readAgain()
    await dialog.getByLabel('Token or API key').fill(token('carol'))
    await dialog.getByRole('button', { name: 'Sign in and go on' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('You were signed out, so nothing was done.').waitFor()
    expect((await stage.request(request)).status.decisions).toEqual([])
    await page.getByRole('button', { name: 'Approve' }).click()
    await stage.untilEnded('late-1')
    expect((await stage.request(request)).status.decisions).toHaveLength(1)
    await context.close()
  })

  it('gives somebody else a clean page', async () => {
    const { page, context } = await stage.visit('carol')
    const request = await wait('else-1')
    await row(page, request).click()
    await page.getByRole('button', { name: 'Reject…' }).click()
    await page.getByLabel('Why is it rejected?').fill('what carol thought')
    const readAgain = await signOutUnseen(page)
    await page.getByRole('button', { name: 'Reject with this reason' }).click()
    const dialog = page.getByRole('dialog', { name: 'You are signed out' })
    await dialog.waitFor()
    await readAgain()
    await dialog.getByLabel('Token or API key').fill(token('alice'))
    await dialog.getByRole('button', { name: 'Sign in and go on' }).click()
    await page.getByRole('button', { name: 'You: alice@acme.com' }).waitFor()
    await row(page, request).click()
    expect(await page.content()).not.toContain('what carol thought')
    expect(await page.getByLabel('Why is it rejected?').count()).toBe(0)
    expect((await stage.request(request)).status.decisions).toEqual([])
    await context.close()
  })

  it('decides nothing as one who signed in meanwhile, unheard', async () => {
    const [{ page, context }, alices] = await Promise.all([stage.visit('carol'), stage.visit('alice')])
    const request = await wait('unheard-1')
    await row(page, request).click()
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    // As another tab would have done, had its word been lost.
    const readAgain = await holdReads(page)
    await context.addCookies(await alices.context.cookies())
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'You: alice@acme.com' }).waitFor()
    await readAgain()
    expect((await stage.request(request)).status.decisions).toEqual([])
    await alices.context.close()
    await context.close()
  })

  it('is renewed while somebody is at the page, and only then', async () => {
    const person = await stage.browser.person()
    const page = await person.context.newPage()
    await page.clock.install()
    await page.goto(place)
    await signIn(page, token('carol'))
    const asks = /\/api\/v1\/session$/
    // They clicked to sign in: that counts at the end of the minute.
    const first = page.waitForResponse(asks)
    await page.clock.fastForward('01:01')
    await first
    const asked: string[] = []
    page.on('request', sent => {
      if (asks.test(sent.url())) asked.push(sent.method())
    })
    await page.clock.fastForward('10:00')
    await live(page)
    expect(asked).toEqual([])
    const [before] = await person.context.cookies()
    const renewed = page.waitForResponse(asks)
    await page.mouse.move(200, 300)
    expect((await renewed).status()).toBe(200)
    const [after] = await person.context.cookies()
    expect(after?.value).not.toBe(before?.value)
    await person.context.close()
  })

  it('says some minutes before that it ends, and lets one sign in again before it does', async () => {
    const { key } = await aKey()
    const person = await stage.browser.person()
    const page = await person.open(place)
    await signIn(page, key)
    await page.getByText('You are signed out at').waitFor()
    await page.getByRole('button', { name: 'Sign in again' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByLabel('Token or API key').fill(token('carol'))
    await dialog.getByRole('button', { name: 'Sign in again' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.getByText('You are signed out at').count()).toBe(0)
    await person.context.close()
  })
})

describe('without a session', () => {
  it('a member through a group decides with a token in the memory of the tab, and is told what that means', async () => {
    const person = await stage.browser.person()
    const page = await person.open(place)
    await signIn(page, token('dave'))
    const notice = page.getByText('You are signed in in this tab alone.')
    await notice.waitFor()
    await page.getByText('No project names dave@acme.com as a user.').waitFor()
    expect(await person.context.cookies()).toEqual([])
    const request = await wait('group-1')
    await row(page, request).click()
    await page.getByRole('button', { name: 'Approve' }).click()
    await stage.untilEnded('group-1')
    expect((await stage.request(request)).status.decisions).toMatchObject([
      { reviewer: 'dave@acme.com', verdict: 'Approve', via: 'Token' },
    ])
    await page.reload()
    await field(page).waitFor()
    await person.context.close()
  })

  it('a browser that keeps no cookie, over plain http from elsewhere, works so as well', async () => {
    const person = await stage.browser.person()
    const page = await person.open(place.replace('127.0.0.1', 'gateway.test'))
    await signIn(page, token('carol'))
    await page.getByText('You are signed in in this tab alone.').waitFor()
    expect(await person.context.cookies()).toEqual([])
    await person.context.close()
  })
})

describe('a page of somebody else', () => {
  // Another port of the same host: for cookies the same site, so that the browser sends them.
  it('decides nothing with the session of whoever looks at it', async () => {
    const { page, context } = await stage.visit('carol')
    const request = await wait('foreign-1')
    const approve = `${stage.gateway.url}${base()}/approvals/${request}/approve`
    const foreign = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/html')
      answer.end(
        `<form method="post" enctype="text/plain" action="${approve}"><input name='{"reason":"' value='"}'></form>`,
      )
    })
    await new Promise<void>(done => foreign.listen(0, '127.0.0.1', done))
    const evil = await context.newPage()
    await evil.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}`)
    await evil.evaluate(async url => {
      const init = { method: 'POST', credentials: 'include', body: '{}' } as const
      // The answers are kept from this page; that they were asked for is what counts.
      const ask = (more: RequestInit) => fetch(url, { ...init, ...more }).catch(() => {})
      await ask({ mode: 'no-cors' })
      await ask({ mode: 'cors', headers: { 'content-type': 'text/plain' } })
      // This one the browser asks leave for first, and is given none.
      await ask({ mode: 'cors', headers: { 'content-type': 'application/json' } })
      document.querySelector('form')?.submit()
    }, approve)
    await evil.waitForURL(approve)
    // Without the cookie it were 401: it was there each time, and refused for where it came from.
    const answers = () =>
      stage.gateway
        .log()
        .split('\n')
        .filter(line => line.includes(request) && line.includes('"method":"POST"'))
        .map(line => JSON.parse(line).status)
    await expect.poll(answers).toEqual([403, 403, 403])
    expect((await stage.request(request)).status.decisions).toEqual([])
    await page.bringToFront()
    await row(page, request).click()
    await page.getByRole('button', { name: 'Approve' }).click()
    await stage.untilEnded('foreign-1')
    foreign.close()
    await context.close()
  })
})

describe('what goes wrong at the door', () => {
  it('is said in the words of the gateway, and whoever guesses is told how long to wait', async () => {
    const person = await stage.browser.person()
    const page = await person.open(place)
    await field(page).fill('two words')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('one line, no spaces').waitFor()
    await field(page).fill(`csk_${'a'.repeat(16)}_${'b'.repeat(52)}`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This API key is not accepted.').waitFor()
    const guess = async () => (await stage.gateway.as('guessed').get('/api/v1/me')).status
    for (let i = 0; i < 100 && (await guess()) !== 429; i++);
    await field(page).fill('guessed')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Too many credentials that are not valid').waitFor()
    const held = page.getByRole('button', { name: /^Again in \d+ s$/ })
    expect(await held.isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await person.context.close()
  })

  it('is said when the gateway is silent, and gone when it answers', async () => {
    const { page, context } = await stage.visit('carol')
    await page.route('**/api/**', route => route.abort())
    await page.reload()
    await page.getByRole('heading', { name: 'The gateway does not answer' }).waitFor()
    await page.unroute('**/api/**')
    await page.getByRole('button', { name: 'Try now' }).click()
    await live(page)
    await context.close()
  })
})
