import { expect, it } from 'vitest'
import { aNotice } from '../testing.ts'
import { pagerDutyEvent } from './pagerduty.ts'
import { slackMessage } from './slack.ts'
import { teamsMessage } from './teams.ts'

it('a redacted value is no more than that in every chat', () => {
  const request = aNotice()
  for (const message of [slackMessage(request), teamsMessage(request), pagerDutyEvent(request, 'key')]) {
    expect(JSON.stringify(message)).toContain('(redacted)')
    expect(JSON.stringify(message)).not.toContain('hmac-sha256')
  }
})

it('how it ended is said, by whom and why', () => {
  const notice = aNotice({
    event: 'Decided',
    status: {
      phase: 'Rejected',
      decisions: [{ reviewer: 'alice@acme.com', verdict: 'Reject', reason: 'not a duplicate', via: 'Web' }],
      message: 'alice@acme.com rejected it: not a duplicate',
    },
  })
  for (const message of [slackMessage(notice), teamsMessage(notice)]) {
    const json = JSON.stringify(message)
    expect(json).toContain('Rejected: order_tools.process_refund')
    expect(json).toContain('alice@acme.com rejected: not a duplicate')
    expect(json).not.toContain('Expires')
  }
})

it('a long list of parameters is cut with a mark', () => {
  const notice = aNotice({ spec: { params: { note: 'x'.repeat(20_000) } } })
  for (const message of [slackMessage(notice), teamsMessage(notice)]) {
    expect(JSON.stringify(message)).toContain('cut here: the page shows all of it')
  }
})
