import { cutBytes, MAX_RESULT_BYTES } from '../../egress/body.ts'
import { describeNetworkError, findCause, neverSent, RedirectRefused } from '../../egress/egress.ts'
import type { ToolOutcome } from '../types.ts'
import type { GivenUp } from './deadline.ts'

/** What a tool answered; `cut`: there was more. */
export const result = (text: string, cut = false): ToolOutcome => ({
  kind: 'Result',
  text: cutBytes(text, MAX_RESULT_BYTES, cut),
  sent: true,
})

/** A refusal before anything was sent. */
export const notSent = (text: string): ToolOutcome => ({ kind: 'Error', text: cutBytes(text), sent: false })

/** An error after the request left, or may have left. */
export const failed = (text: string): ToolOutcome => ({ kind: 'Error', text: cutBytes(text), sent: true })

/** Said of every call whose answer never came. */
export const MAYBE = 'The call may or may not have been executed.'

/** The outcome of a call that was given up. `sent`: whether the request may have left. */
export function gaveUp(tool: string, why: GivenUp, timeoutMs: number, sent: boolean): ToolOutcome {
  const what =
    why === 'TimedOut'
      ? `The tool ${tool} did not answer within ${timeoutMs / 1000} s.`
      : `The call of ${tool} was stopped before its answer came.`
  return sent ? failed(`${what} ${MAYBE}`) : notSent(`${what} The call was not sent.`)
}

/** The outcome of a call whose connection failed. */
export function connectionFailed(tool: string, error: unknown): ToolOutcome {
  const why = describeNetworkError(error)
  if (findCause(error, each => each instanceof RedirectRefused) !== undefined) {
    return failed(`The server of the tool ${tool} ${why}.`)
  }
  return neverSent(error)
    ? notSent(`The tool ${tool} could not be reached: ${why}. The call was not sent.`)
    : failed(`The tool ${tool} did not answer: ${why}. ${MAYBE}`)
}
