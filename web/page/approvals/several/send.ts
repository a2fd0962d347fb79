import type { Api } from '../../api/client.ts'
import { Refused } from '../../api/client.ts'
import { chunksOf, type Wish } from './chunks.ts'
import type { Answer } from './outcome.ts'

/** How far it is, and what came of it. */
export interface Sent {
  readonly answers: readonly Answer[]
  /** Names of those that were never sent, or whose answer was lost. */
  readonly open: readonly string[]
  /** Why it stopped before its end, for people. */
  readonly stopped: string | undefined
}

/** A gateway that is busy is asked again after these times. */
const AGAIN_MS = [1000, 2000, 4000]

/** Decides several, a hundred at a time; `progress` hears of each hundred. Stops where no answer comes, or when told to. */
export async function sendAll(
  api: Api,
  project: string,
  wishes: readonly Wish[],
  progress: (answers: readonly Answer[]) => void,
  stop: AbortSignal,
): Promise<Sent> {
  const answers: Answer[] = []
  const openFrom = (count: number) => wishes.slice(count).map(({ name }) => name)
  for (const decisions of chunksOf(wishes)) {
    if (stop.aborted) return { answers, open: openFrom(answers.length), stopped: 'You stopped it.' }
    try {
      const { items } = await sendChunk(api, project, decisions, stop)
      answers.push(...items)
      progress(items)
    } catch (error) {
      const { message } = error as Error
      const unknown = !(error instanceof Refused) || error.status >= 500
      const stopped = unknown
        ? `${message} It is not known whether the last ${decisions.length} arrived. Decide them again: the same decision twice does no harm.`
        : message
      return { answers, open: openFrom(answers.length), stopped }
    }
  }
  return { answers, open: [], stopped: undefined }
}

async function sendChunk(
  api: Api,
  project: string,
  decisions: readonly Wish[],
  stop: AbortSignal,
): Promise<{ items: readonly Answer[] }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await api.post(`/projects/${project}/approvals/decide`, { decisions })
    } catch (error) {
      const busy = error instanceof Refused && (error.status === 429 || error.status === 503)
      const wait = AGAIN_MS[attempt]
      if (!busy || wait === undefined || stop.aborted) throw error
      await new Promise(done => setTimeout(done, wait))
    }
  }
}
