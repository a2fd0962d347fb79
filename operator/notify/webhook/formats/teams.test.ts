import { describe, expect, it } from 'vitest'
import { aNotice, aTest } from '../testing.ts'
import { teamsMessage, teamsTest } from './teams.ts'
import { check, DECEIVING, LINK, objects, words } from './testing.ts'

describe('Teams', () => {
  it('shows a request', () => {
    const message = teamsMessage(aNotice())
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
      **Expires:** {{DATE(2026-11-23T11:00:00Z, SHORT)}} {{TIME(2026-11-23T11:00:00Z)}}
      This action requires manager approval.
      Parameters
      {
        "order_id": "ORD-1287",
        "amount": 2400,
        "card": (redacted)
      }
      This app cannot show it: open the request.
      Why it waits
      gate order_tools.process_refund of agent order-manager
          when param.amount > 1000
          which holds:
            param.amount = 2400
      This app cannot show it: open the request."
    `)
    expect(message).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: { type: 'AdaptiveCard', version: '1.5', actions: [{ type: 'Action.OpenUrl', url: LINK }] },
        },
      ],
    })
  })

  it('keeps to its size, and nothing of a request is Markdown, a function or a mention', () => {
    check(notice => {
      const message = teamsMessage(notice)
      const json = JSON.stringify(message)
      expect(Buffer.byteLength(json)).toBeLessThan(28 * 1024)
      expect(json.isWellFormed()).toBe(true)
      for (const one of objects(message)) {
        if (one.type === 'TextBlock') {
          expect(one.text).toBe(
            '**Expires:** {{DATE(2026-11-23T11:00:00Z, SHORT)}} {{TIME(2026-11-23T11:00:00Z)}}',
          )
        }
        if (one.type === 'TextRun') {
          expect(one.text).not.toMatch(/\{\{|\n/)
          expect(one.text).not.toBe('')
        }
        const shown = one.type === 'TextRun' ? one.text : one.type === 'CodeBlock' ? one.codeSnippet : ''
        expect(shown).not.toMatch(DECEIVING)
        expect(one.type).not.toBe('FactSet')
        expect(one).not.toHaveProperty('entities')
        if (one.type !== undefined && String(one.type).startsWith('Action.')) {
          expect(one).toMatchObject({ type: 'Action.OpenUrl', url: LINK })
        }
      }
    })
  })

  it('shows a test', () => {
    expect(JSON.stringify(teamsTest(aTest))).toContain('alice@acme.com')
  })
})
