import type { Step } from '../../api/types.ts'

/** One answer of the model with the calls that it asked for: those were made side by side. */
export interface Turn {
  readonly number: number
  /** Absent where the trace holds calls alone. */
  readonly answer: Step | undefined
  readonly calls: readonly Step[]
  /** The same as long as there is nothing new to draw: steps only move forward. */
  readonly mark: string
}

export function turnsOf(steps: readonly Step[]): readonly Turn[] {
  const turns = new Map<number, { answer: Step | undefined; calls: Step[] }>()
  for (const step of steps) {
    const number = step.type === 'Model' ? (step.turn ?? 0) : Number.parseInt(step.id ?? '0', 10)
    const turn = turns.get(number) ?? { answer: undefined, calls: [] }
    turns.set(number, turn)
    if (step.type === 'Model') turn.answer = step
    else turn.calls.push(step)
  }
  return [...turns].map(([number, { answer, calls }]) => ({
    number,
    answer,
    calls,
    mark: [answer === undefined ? 'without' : 'with', ...calls.map(markOf)].join(' '),
  }))
}

const markOf = ({ state, approvalRequest, approval, startedAt, finishedAt, result }: Step): string =>
  [state, approvalRequest, approval?.verdict, startedAt, finishedAt, result?.length].join('/')

/** Whether a call has come to its end. */
export const isOver = ({ state }: Step): boolean =>
  state !== 'Pending' && state !== 'AwaitingApproval' && state !== 'Executing'

/**
 * Whether the model is at work on its next answer, and since when where the trace says so; undefined while it is not its
 * turn: the run has ended or waits, or a call of the last turn is not over.
 */
export function modelAtWork(
  run: { readonly phase: string; readonly startedAt?: string | undefined },
  turns: readonly Turn[],
): { readonly since: string | undefined } | undefined {
  if (run.phase !== 'Running') return undefined
  const last = turns.at(-1)
  if (last === undefined) return { since: run.startedAt }
  if (last.calls.length === 0 || !last.calls.every(isOver)) return undefined
  // A call that was not made has no times.
  const ends = last.calls.flatMap(({ finishedAt }) => (finishedAt === undefined ? [] : [finishedAt]))
  return { since: ends.sort().at(-1) }
}
