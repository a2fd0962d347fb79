// A real Chromium for tests of the page.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** The path of a Chromium or Chrome: `CHROMIUM_PATH`, or the first on the PATH. Throws, saying how to get one. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const given = env.CHROMIUM_PATH
  if (given !== undefined && given !== '') {
    if (existsSync(given)) return given
    throw new Error(`CHROMIUM_PATH names ${given}, which does not exist`)
  }
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  const found = folders
    .flatMap(folder => names.map(name => join(folder, name)))
    .find(path => existsSync(path))
  if (found !== undefined) return found
  throw new Error(
    'The tests of the page need Chromium or Chrome, and none was found. On Debian and Ubuntu: apt-get install chromium. ' +
      'Elsewhere install it as you like, and name it in CHROMIUM_PATH.',
  )
}

export type BrowserOptions = Parameters<Awaited<ReturnType<typeof chromium.launch>>['newContext']>[0]

/** A person's browser: nothing of what others did in theirs. `faults` collects what its pages complained of. */
export interface Person {
  readonly context: BrowserContext
  readonly faults: readonly string[]
  open(url: string): Promise<Page>
}

export interface TestBrowser {
  person(options?: BrowserOptions): Promise<Person>
  close(): Promise<void>
}

/** Starts the browser, headless, with a profile of its own. */
export async function startBrowser(): Promise<TestBrowser> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-browser-'))
  const browser = await chromium.launch({
    executablePath: findChromium(),
    headless: true,
    env: { ...process.env, HOME: home },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A host that is not this machine, as far as the browser can tell.
      '--host-resolver-rules=MAP gateway.test 127.0.0.1',
    ],
  })
  return {
    async person(options) {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(20_000)
      const faults: string[] = []
      return {
        context,
        faults,
        async open(url) {
          const page = await context.newPage()
          page.on('pageerror', error => faults.push(String(error)))
          page.on('console', message => {
            // Refusals of the policy come as errors, too; answers that are refusals are said by the page itself.
            if (message.type() === 'error' && !/the server responded with a status/.test(message.text())) {
              faults.push(message.text())
            }
          })
          page.on('dialog', dialog => {
            faults.push(`dialog: ${dialog.message()}`)
            void dialog.dismiss()
          })
          await page.goto(url)
          return page
        },
      }
    },
    async close() {
      await browser.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Signs in on an open page. */
export async function signIn(page: Page, credential: string): Promise<void> {
  await page.getByLabel('Token or API key').fill(credential)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Live', { exact: true }).waitFor()
}

/** The row of a request among those that wait. */
export const row = (page: Page, request: string): Locator => page.locator(`[data-name="${request}"]`)

/** Takes a picture for the docs where `COUNTERSIGN_SCREENSHOTS` names a folder. */
export async function shot(page: Page, name: string): Promise<void> {
  const to = process.env.COUNTERSIGN_SCREENSHOTS
  if (to !== undefined) await page.screenshot({ path: join(to, `${name}.png`), animations: 'disabled' })
}
