import type { InboxItem } from '../api/types.ts'
import { go, type Place } from '../router.ts'
import type { OneTab } from './one-tab.ts'
import { foundImpossible, isOn } from './wish.ts'
import { askingWords, waitingWords } from './words.ts'

/** What comes in so short a time is told together. */
const TOGETHER_MS = 1000
/** So many are told one by one in so long a time; more are one. */
const ONE_BY_ONE = 5
const WITHIN_MS = 10_000

/** Tells of requests in notifications of the browser, while the page is in the background. */
export class Telling {
  readonly #project: string
  readonly #tab: OneTab
  #ended = false
  #batch: InboxItem[] = []
  #waiting = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The last ones that were told one by one, and when. */
  #told: { readonly at: number; readonly shown: Notification | undefined }[] = []

  constructor(project: string, tab: OneTab) {
    this.#project = project
    this.#tab = tab
  }

  /** These have come in; so many wait in all. */
  readonly arrived = async (items: readonly InboxItem[], waiting: number): Promise<void> => {
    // Of this moment: what came while the page was before somebody's eyes they have seen.
    if (!isOn() || !(await this.#tab.mayTell())) return
    if (this.#ended) return
    this.#batch.push(...items)
    this.#waiting = waiting
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#tell()
    }, TOGETHER_MS)
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#tab.end()
  }

  async #tell(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    if (!isOn() || !(await this.#tab.mayTell())) return
    const now = performance.now()
    this.#told = this.#told.filter(({ at }) => now - at < WITHIN_MS)
    if (this.#told.length + batch.length > ONE_BY_ONE) {
      // It says what they said.
      for (const { shown } of this.#told) shown?.close()
      this.#show(waitingWords(Math.max(this.#waiting, batch.length)), 'many', {
        project: this.#project,
        section: 'approvals',
      })
      return
    }
    for (const item of batch) {
      const place = { project: this.#project, section: 'approvals', name: item.approval.name } as const
      this.#told.push({ at: now, shown: this.#show(askingWords(item), item.id, place) })
    }
  }

  #show(title: string, tag: string, place: Place): Notification | undefined {
    try {
      const shown = new Notification(title, {
        body: `In the project ${this.#project}`,
        tag: `countersign ${this.#project} ${tag}`,
        icon: '/icon.svg',
      })
      shown.onclick = () => {
        shown.close()
        window.focus()
        go(place)
      }
      return shown
    } catch {
      foundImpossible()
      return undefined
    }
  }
}
