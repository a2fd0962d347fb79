import type { Run, Step } from '../../api/types.ts'
import { stateWords } from '../timeline/words.ts'

/** What a trace adds up to. */
export interface Counts {
  readonly turns: number
  readonly calls: number
  /** `4 answered, 1 rejected`; empty without calls. */
  readonly callWords: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** Answers for which the provider counted no tokens: the sums are without them. */
  readonly uncounted: number
}

export function countsOf(steps: readonly Step[]): Counts {
  const byState = new Map<string, number>()
  const counts = { turns: 0, calls: 0, inputTokens: 0, outputTokens: 0, uncounted: 0 }
  for (const { type, usage, state } of steps) {
    if (type === 'Model') {
      counts.turns++
      counts.inputTokens += usage?.inputTokens ?? 0
      counts.outputTokens += usage?.outputTokens ?? 0
      if (usage?.inputTokens === undefined && usage?.outputTokens === undefined) counts.uncounted++
    } else if (state !== undefined) {
      counts.calls++
      byState.set(stateWords[state], (byState.get(stateWords[state]) ?? 0) + 1)
    }
  }
  const callWords = [...byState].map(([words, count]) => `${count} ${words}`).join(', ')
  return { ...counts, callWords }
}

/** In milliseconds. */
export interface Times {
  readonly whole: number
  readonly waited: number
  readonly worked: number
}

/** How long a run has taken up to now, and how much of it people were waited for; undefined before it started. */
export function timesOf(run: Run, now: number): Times | undefined {
  const { startedAt, finishedAt, waitedSeconds = 0, awaitingSince } = run
  if (startedAt === undefined) return undefined
  const end = finishedAt === undefined ? now : Date.parse(finishedAt)
  const whole = Math.max(0, end - Date.parse(startedAt))
  const open = awaitingSince === undefined ? 0 : Math.max(0, end - Date.parse(awaitingSince))
  const waited = Math.min(whole, waitedSeconds * 1000 + open)
  return { whole, waited, worked: whole - waited }
}
