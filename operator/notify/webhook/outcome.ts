import { retryAfterSeconds } from '../../egress/retry-after.ts'
import { cutText } from '../../policy/json.ts'
import { SCRUBBED } from '../../policy/scrub.ts'
import { visible } from '../../policy/visible.ts'
import type { Outcome } from '../types.ts'

/** What a receiver answered. */
export interface Answer {
  /** Of the URL: the one part of it that may be shown. */
  readonly host: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The beginning of its body, as `saidOf` gives it. */
  readonly said: string | undefined
}

/** Most characters of a body that are shown. */
const SHOWN = 200

/** Whether the same message may be taken later. */
const mayPass = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599)

/** What became of a message that was answered. @param now milliseconds, for a Retry-After in the form of a date */
export function outcomeOf({ host, status, headers, said }: Answer, now: () => number): Outcome {
  if (status >= 200 && status <= 299) return { state: 'Sent' }
  const error = `${host} answered HTTP ${status}${said === undefined ? '' : `: ${said}`}`
  if (!mayPass(status)) return { state: 'Failed', error }
  const seconds = retryAfterSeconds(headers, now)
  return {
    state: 'Retrying',
    error,
    ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
    ...(status === 429 ? { wholeLane: true } : {}),
  }
}

/**
 * The beginning of a body that was written for people, on one line. Undefined for anything else: a page of HTML says
 * nothing here. What is secret about the request is taken out, as some servers repeat what they were asked.
 */
export function saidOf(type: string, body: string, secrets: readonly string[]): string | undefined {
  const mime = type.split(';')[0]?.trim().toLowerCase() ?? ''
  const plain = mime === 'text/plain' || /^application\/(?:[\w.+-]+\+)?json$/.test(mime)
  // Slack calls its plain words HTML.
  if (!plain && !(mime === 'text/html' && !body.includes('<'))) return undefined
  const line = visible(without(body, secrets).replace(/\s+/g, ' ').trim())
  return line === '' ? undefined : cutText(line, SHOWN)
}

/** Short parts are words like "api" that say nothing. */
const SHORTEST = 6

const without = (text: string, secrets: readonly string[]): string =>
  [...new Set(secrets)]
    .filter(secret => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, SCRUBBED), text)
