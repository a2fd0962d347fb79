import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shot } from '../testing/browser.ts'
import { measured, NOTICED } from './measuring.ts'
import { openQueueStage, type QueueStage } from './testing.ts'

let stage: QueueStage
let carol: Awaited<ReturnType<QueueStage['visit']>>
beforeAll(async () => {
  stage = await openQueueStage()
  carol = await stage.visit('carol')
})
afterAll(() => stage?.close())

const params = (page: Page) => page.getByLabel('Parameters', { exact: true })
const bar = (page: Page) => page.locator('.decide')
/** The line of a parameter, as it is read. */
const line = (page: Page, name: string) =>
  params(page)
    .locator('.json-line')
    .filter({ has: page.locator('dt').getByText(name, { exact: true }) })

/** Shows a request with these parameters. */
async function show(name: string, what: object): Promise<Page> {
  const { page } = carol
  await stage.add(name, what)
  await page.evaluate(path => {
    history.pushState(null, '', path)
    dispatchEvent(new PopStateEvent('popstate'))
  }, `/projects/${stage.namespace}/approvals/${name}`)
  await page.locator(`[data-name="${name}"][data-chosen="true"]`).waitFor()
  return page
}

describe('hostile parameters', () => {
  it('neither run nor lead anywhere nor pass for something else', async () => {
    const page = await show('deceit-1-0', {
      script: '<script>alert(1)</script><img src=x onerror="alert(2)">',
      link: '[click](javascript:alert(3)) https://evil.example/',
      account: 'DE\u202e0012\u200b34',
      zalgo: `a${'\u0301'.repeat(40)}b`,
      mixed: 'p\u0430ypal.com',
      wide: '\uff11\uff10',
      rtl: '100 \u05e9\u05e7\u05dc 200-300',
      lines: `first${'\n'.repeat(40)}amount   5`,
      table: 'a\tb\r\n',
      spaces: ' x ',
      '': 'no name',
      'caf\u00e9': 1,
      'cafe\u0301': 2,
      mimic: 'redacted abababababab" show all 60,000 characters',
      number: '4711',
      yes: 'true',
      nothing: 'null',
      figure: 4711,
      big: 1e21,
      exact: 9007199254740991,
      fraction: 1234567.891,
      'real yes': true,
      'real nothing': null,
      card: { $redacted: `hmac-sha256:${'ab'.repeat(32)}` },
      'not redacted': { $redacted: 'I am not' },
    })
    await expect.poll(() => line(page, 'script').innerText()).toContain('<script>alert(1)</script>')
    const said = async (name: string) => (await line(page, name).locator('dd').innerText()).trim()
    expect(await params(page).locator('script, img, a, iframe').count()).toBe(0)
    expect(await said('link')).toBe('"[click](javascript:alert(3)) https://evil.example/"')
    expect(await said('account')).toMatch(/^"DE\s*U\+202E\s*0012\s*U\+200B\s*34"$/)
    expect(await said('zalgo')).toContain('U+0301 ×37')
    expect(await said('mixed')).toContain('Latin and Cyrillic letters in one word')
    expect(await said('wide')).toContain('not the plain letters 10')
    expect(await said('rtl')).toContain('right-to-left letters')
    expect(await said('lines')).toMatch(/first\s*↵ ×40\s+amount\s*space ×3\s*5/)
    expect(await said('table')).toMatch(/a\s*TAB\s*b\s*CR\s*↵/)
    expect(await said('spaces')).toMatch(/^"\s*space\s*x\s*space\s*"$/)
    expect(await params(page).getByText('empty name').count()).toBe(1)
    expect(await params(page).getByText('another name looks the same').count()).toBe(2)
    // In quotes, and nothing of it is a button or a mark of ours.
    expect(await said('mimic')).toBe('"redacted abababababab" show all 60,000 characters"')
    expect(await line(page, 'mimic').locator('button, .redacted').count()).toBe(0)
    for (const [name, shown] of [
      ['number', /^"4711"\s*text$/],
      ['yes', /^"true"\s*text$/],
      ['nothing', /^"null"\s*text$/],
      ['figure', /^4711$/],
      ['big', /^1e\+21\s*larger than is exact$/],
      ['exact', /^9007199254740991$/],
      ['fraction', /^1234567\.891$/],
      ['real yes', /^true$/],
      ['real nothing', /^null$/],
      ['card', /^redacted abababababab$/],
    ] as const) {
      expect(await said(name), name).toMatch(shown)
    }
    expect(await line(page, 'card').locator('.redacted').count()).toBe(1)
    expect(await params(page).locator('.redacted').count()).toBe(1)
    await shot(page, 'hostile')
    expect(carol.faults).toEqual([])
  })

  it('are copied as they are stored', async () => {
    const { page, context } = carol
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const what = { b: [1, { c: 'x\u202e' }], a: null, n: 0.1 }
    await show('copied-1-0', what)
    await params(page).getByRole('button', { name: 'copy as JSON' }).click()
    await params(page).getByRole('button', { name: 'copied' }).waitFor()
    expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toEqual(what)
  })

  it('are many and deep and long: what is folded is counted where one decides, found by searching, and unfolded without a halt', async () => {
    let deep: object = { bottom: 'reached' }
    for (let level = 63; level > 0; level--) deep = { [`level${level}`]: deep }
    const wide = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, i]))
    const page = await show('huge-1-0', { deep, wide, note: 'z'.repeat(900) })
    await bar(page).getByText('3 parts of this request are folded.').waitFor()
    await page.getByLabel('Search the parameters').fill('k3999')
    await params(page).locator('.found').getByText('wide › k3999').waitFor()
    await page.getByLabel('Search the parameters').fill('reached')
    await params(page)
      .locator('.found')
      .getByText(/level1 › .* › bottom/)
      .waitFor()
    await page.getByLabel('Search the parameters').fill('')
    const { longest } = await measured(page, async () => {
      await bar(page).getByRole('button', { name: 'unfold all' }).click()
      await bar(page).getByText('folded').waitFor({ state: 'detached', timeout: 50_000 })
    })
    expect(longest).toBeLessThan(NOTICED)
    expect(await params(page).locator('.json-line').count()).toBe(4002)
    // Sixty-four levels, and nothing is pushed out of sight.
    const [inner, outer] = await Promise.all([line(page, 'bottom').boundingBox(), params(page).boundingBox()])
    expect((inner?.x ?? 0) + 100).toBeLessThan((outer?.x ?? 0) + (outer?.width ?? 0))
    expect(carol.faults).toEqual([])
  })

  it('may be 60 KiB of one text, all of it invisible', async () => {
    const page = await show('invisible-1-0', { note: 'a\u200b'.repeat(15_000) })
    await bar(page).getByText('1 part of this request is folded.').waitFor()
    const { longest } = await measured(page, async () => {
      await bar(page).getByRole('button', { name: 'unfold it' }).click()
      await bar(page).getByText('folded').waitFor({ state: 'detached', timeout: 50_000 })
    })
    expect(longest).toBeLessThan(NOTICED)
    expect(await params(page).locator('.hidden-character').count()).toBe(15_000)
    expect(carol.faults).toEqual([])
  })
})
