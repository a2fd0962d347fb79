import { describe, expect, it } from 'vitest'
import { aNotice, aTest } from '../testing.ts'
import { slackMessage, slackTest } from './slack.ts'
import { check, DECEIVING, LINK, objects, words } from './testing.ts'

describe('Slack', () => {
  it('shows a request', () => {
    const message = slackMessage(aNotice())
    expect(words(message)).toMatchInlineSnapshot(`
      "Approval wanted: order_tools.process_refund
      Project:
      shop
      Agent:
      order-manager
      Run:
      order-run-7
      Started by:
      bob@acme.com
      Decisions:
      0 of 1 approvals
      If rejected:
      the agent is told and goes on
      Expires:
      This action requires manager approval.
      Parameters
      {
        "order_id": "ORD-1287",
        "amount": 2400,
        "card": (redacted)
      }
      Why it waits
      gate order_tools.process_refund of agent order-manager
          when param.amount > 1000
          which holds:
            param.amount = 2400
      Open the request"
    `)
    expect(message).toMatchObject({
      text: 'Approval wanted: order_tools.process_refund',
      blocks: [
        { type: 'header' },
        { type: 'rich_text' },
        { type: 'rich_text', elements: [{ type: 'rich_text_quote' }] },
        { type: 'rich_text', elements: [{}, { type: 'rich_text_preformatted' }] },
        { type: 'rich_text', elements: [{}, { type: 'rich_text_preformatted' }] },
        { type: 'actions', elements: [{ type: 'button', url: LINK }] },
      ],
    })
    const dates = [...objects(message)].filter(({ type }) => type === 'date')
    expect(dates).toMatchObject([{ timestamp: Date.parse('2026-11-23T11:00:00Z') / 1000 }])
  })

  it('keeps to its limits, and nothing of a request is a mention, a link or markup', () => {
    check(notice => {
      const message = slackMessage(notice) as { text: string; blocks: object[] }
      const json = JSON.stringify(message)
      expect(Buffer.byteLength(json)).toBeLessThan(13_000)
      expect(json.isWellFormed()).toBe(true)
      expect(message.blocks.length).toBeLessThanOrEqual(50)
      expect(message.text).not.toMatch(/[<>]/)
      expect(message).toMatchObject({
        mrkdwn: false,
        parse: 'none',
        unfurl_links: false,
        unfurl_media: false,
      })
      for (const one of objects(message)) {
        if (one.type === 'header') expect((one.text as { text: string }).text.length).toBeLessThanOrEqual(150)
        if ('text' in one && typeof one.text === 'string' && one !== message) {
          expect(one.text).not.toBe('')
          expect(one.text).not.toMatch(DECEIVING)
          expect(['text', 'plain_text']).toContain(one.type)
        }
        if ('emoji' in one) expect(one.emoji).toBe(false)
        if ('url' in one) expect(one.url).toBe(LINK)
        expect(one.type).not.toBe('mrkdwn')
        expect(['user', 'usergroup', 'broadcast', 'channel', 'link', 'emoji']).not.toContain(one.type)
      }
    })
  })

  it('has no button where the page is unknown or its address too long', () => {
    for (const url of [undefined, `https://approvals.example.com/${'x'.repeat(3000)}`]) {
      expect(JSON.stringify(slackMessage(aNotice({ url })))).not.toContain('"button"')
    }
  })

  it('shows a test', () => {
    expect(JSON.stringify(slackTest(aTest))).toContain('Asked for by alice@acme.com')
  })
})
