import type { Step } from '../../api/types.ts'

type State = NonNullable<Step['state']>

/** `2 answered, 1 rejected`. */
export const stateWords: Readonly<Record<State, string>> = {
  Pending: 'not begun',
  AwaitingApproval: 'waiting',
  Executing: 'being called',
  Succeeded: 'answered',
  Failed: 'failed',
  Rejected: 'rejected',
  Expired: 'expired',
  Cancelled: 'cancelled',
  Unknown: 'unknown',
  NotExecuted: 'not executed',
}

/** The operator's own words for a call that was approved and is another one now. */
const CHANGED = /no longer those that were approved/

/** What became of a call, in a sentence; undefined where its state says it all. */
export function explained(step: Step): string | undefined {
  switch (step.state) {
    case 'Pending':
      return 'It has not begun.'
    case 'Failed':
      return step.startedAt === undefined
        ? 'It was refused before it was called, so the tool did nothing.'
        : 'The tool was called and answered with an error. What it did before that, only the tool knows.'
    case 'Rejected':
      return 'A reviewer said no, so it was not called.'
    case 'Expired':
      return 'Nobody approved it in time, so it was not called.'
    case 'Cancelled':
      return 'Its request was cancelled, so it was not called.'
    case 'Unknown':
      return 'It may or may not have run: the operator stopped after the call was begun and before its answer was recorded. It is not called again. Look into the records of the tool itself before you rely on either.'
    case 'NotExecuted':
      if (CHANGED.test(step.result ?? '')) {
        return 'It was approved, but when it was to be called the tool, its schema or its parameters were no longer what was approved (CallChanged). What nobody approved is not called.'
      }
      return step.approval?.verdict === 'Approved'
        ? 'It was approved, and not called all the same: the run ended first, or its tool was gone.'
        : 'It was not called: the run ended first, or its tool was gone.'
    default:
      return undefined
  }
}

/** What the text at the end of a call is. */
export function resultTitle({ state }: Step): string {
  if (state === 'Succeeded') return 'Answer'
  if (state === 'Failed') return 'Error'
  return 'What the agent was told'
}
