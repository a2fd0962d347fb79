import type { Notice, TestNotice, Webhook } from '../types.ts'
import { genericRequest } from './formats/generic.ts'
import { genericOf, genericTest } from './formats/generic-payload.ts'
import { pagerDutyEvent, pagerDutyTest } from './formats/pagerduty.ts'
import { slackMessage, slackTest } from './formats/slack.ts'
import { teamsMessage, teamsTest } from './formats/teams.ts'
import type { Target } from './target.ts'

/** What is posted. */
export interface Posted {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A message in the form that a webhook wants. @param now milliseconds: when it is sent */
export type Message = (format: Webhook['format'], target: Target, now: number) => Posted

/** What is sent of a notice. */
export const messageOf =
  (notice: Notice): Message =>
  (format, target, now) => {
    switch (format) {
      case 'Generic':
        return genericRequest(genericOf(notice), target.signingKeys, now)
      case 'Slack':
        return json(notice.id, now, slackMessage(notice))
      case 'Teams':
        return json(notice.id, now, teamsMessage(notice))
      case 'PagerDuty':
        return json(notice.id, now, pagerDutyEvent(notice, target.routingKey))
    }
  }

/** What is sent of a test. @param at milliseconds: when it was asked for */
export const testMessage =
  (notice: TestNotice, at: number): Message =>
  (format, target, now) => {
    switch (format) {
      case 'Generic':
        return genericRequest(genericTest(notice, at), target.signingKeys, now)
      case 'Slack':
        return json(notice.id, now, slackTest(notice))
      case 'Teams':
        return json(notice.id, now, teamsTest(notice))
      case 'PagerDuty':
        return json(notice.id, now, pagerDutyTest(notice, target.routingKey))
    }
  }

/** The id goes with every format: a relay may drop by it what comes twice. */
const json = (id: string, now: number, body: unknown): Posted => ({
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1000)),
  },
  body: JSON.stringify(body),
})
