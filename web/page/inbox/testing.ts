// A browser whose notifications are recorded, and whose tabs are turned away from by hand: a headless one shows none.
import type { Page } from 'playwright-core'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { type Person, signIn } from '../testing/browser.ts'
import { type Answers, type PageStage, refunding } from '../testing/stage.ts'

export interface Shown {
  readonly title: string
  readonly body: string
  readonly tag: string
}

export interface Tab {
  readonly page: Page
  /** What is shown: not closed, and of one tag the last. */
  shown(): Promise<readonly Shown[]>
  /** As if another tab were before somebody's eyes, or this one again. */
  turnAway(away?: boolean): Promise<void>
  /** Clicks the notification of this number. */
  click(number: number): Promise<void>
}

export interface Watcher extends Person {
  /** Another tab of the same browser. */
  tab(path?: string): Promise<Tab>
}

/** What the browser answers when it is asked. */
type Permission = 'granted' | 'denied' | 'default'

/** Somebody's browser with recorded notifications; `permission` from the beginning, `answer` when it is asked. */
export async function watcher(
  stage: PageStage,
  user: string,
  { permission = 'default', answer = 'granted' }: { permission?: Permission; answer?: Permission } = {},
): Promise<Watcher> {
  const person = await stage.browser.person({ viewport: { width: 1360, height: 900 } })
  if (answer === 'granted') await person.context.grantPermissions(['notifications'])
  await person.context.addInitScript(
    ([before, after]) => {
      const shown: unknown[] = []
      class Recorded extends EventTarget {
        // Of all tabs at once, as the browser's own.
        static get permission() {
          return localStorage.getItem('test-permission') ?? before
        }
        static async requestPermission() {
          localStorage.setItem('test-permission', after)
          return after
        }
        onclick: (() => void) | null = null
        closed = false
        constructor(title: string, { body = '', tag = '' } = {}) {
          super()
          shown.push(Object.assign(this, { title, body, tag }))
        }
        close() {
          this.closed = true
        }
      }
      let away = false
      Object.defineProperty(document, 'hidden', { get: () => away })
      Object.defineProperty(document, 'visibilityState', { get: () => (away ? 'hidden' : 'visible') })
      const turn = (to: boolean) => {
        away = to
        document.dispatchEvent(new Event('visibilitychange'))
      }
      Object.assign(window, { Notification: Recorded, inPage: () => ({ shown, turn }) })
    },
    [permission, answer] as const,
  )
  let signedIn = false
  return {
    ...person,
    tab: async (path = 'approvals') => {
      const page = await person.open(`${stage.gateway.url}/projects/${stage.namespace}/${path}`)
      if (signedIn) await page.getByText('Live', { exact: true }).waitFor()
      else await signIn(page, tokenOf(`${user}@acme.com`))
      signedIn = true
      return {
        page,
        shown: () =>
          page.evaluate(() => {
            const open = new Map(inPage().shown.map(each => [each.tag, each]))
            return [...open.values()]
              .filter(({ closed }) => !closed)
              .map(({ title, body, tag }) => ({ title, body, tag }))
          }),
        turnAway: (away = true) => page.evaluate(to => inPage().turn(to), away),
        click: number => page.evaluate(at => inPage().shown[at]?.onclick?.(), number),
      }
    },
  }
}

/** What the script above left in the page. Only to be called there. */
declare function inPage(): {
  shown: (Shown & { closed: boolean; onclick: (() => void) | null })[]
  turn(away: boolean): void
}

/** Calls the tool as often as the input's `times` says, all at once. */
export const refundingOften: Answers = (spoken, results, input) => {
  const { times = 1 } = JSON.parse(input)
  const said = refunding(spoken, results, input)
  if (spoken > 0 || times === 1) return said
  const calls = Array.from({ length: times }, (_, i) => ({
    tool: 'order_tools.process_refund',
    params: { order: `ORD-${i}`, amount: 2000 },
  }))
  return { text: 'I will refund them.', calls }
}
