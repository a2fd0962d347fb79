import { describe, expect, it } from 'vitest'
import { aNotice, aTest } from '../testing.ts'
import { pagerDutyEvent, pagerDutyTest } from './pagerduty.ts'
import { check, DECEIVING } from './testing.ts'

describe('PagerDuty', () => {
  it('shows a request', () => {
    expect(pagerDutyEvent(aNotice(), 'key')).toMatchInlineSnapshot(`
      {
        "client": "Countersign",
        "client_url": "https://approvals.example.com/projects/shop/approvals/order-run-7-1-0",
        "dedup_key": "countersign-11111111-2222-3333-4444-555555555555",
        "event_action": "trigger",
        "links": [
          {
            "href": "https://approvals.example.com/projects/shop/approvals/order-run-7-1-0",
            "text": "Open the request",
          },
        ],
        "payload": {
          "class": "approval",
          "component": "order-manager",
          "custom_details": {
            "Agent": "order-manager",
            "Decisions": "0 of 1 approvals",
            "Expires": "2026-11-23T11:00:00.000Z",
            "If rejected": "the agent is told and goes on",
            "Message": "This action requires manager approval.",
            "Parameters": "{
        "order_id": "ORD-1287",
        "amount": 2400,
        "card": (redacted)
      }",
            "Project": "shop",
            "Run": "order-run-7",
            "Started by": "bob@acme.com",
            "Why it waits": "  gate order_tools.process_refund of agent order-manager
          when param.amount > 1000
          which holds:
            param.amount = 2400",
          },
          "group": "shop",
          "severity": "warning",
          "source": "shop",
          "summary": "Approval wanted: order_tools.process_refund (shop/order-manager)",
          "timestamp": "2026-11-23T10:00:00Z",
        },
        "routing_key": "key",
      }
    `)
  })

  it.each([
    ['Requested', 'trigger', 'warning'],
    ['Reminded', 'trigger', 'warning'],
    ['Escalated', 'trigger', 'critical'],
    ['Decided', 'resolve', undefined],
    ['Expired', 'resolve', undefined],
    ['Cancelled', 'resolve', undefined],
  ] as const)('is told of %s by %s, of one alert', (event, action, severity) => {
    const sent = pagerDutyEvent(aNotice({ event }), 'key') as { payload?: { severity: string } }
    expect(sent).toMatchObject({
      event_action: action,
      dedup_key: 'countersign-11111111-2222-3333-4444-555555555555',
      routing_key: 'key',
    })
    expect(sent.payload?.severity).toBe(severity)
  })

  it('is given no key that there is not', () => {
    expect(pagerDutyEvent(aNotice(), undefined)).not.toHaveProperty('routing_key')
    expect(pagerDutyTest(aTest, undefined)).not.toHaveProperty('routing_key')
  })

  it('keeps to its limits', () => {
    check(notice => {
      const event = pagerDutyEvent(notice, 'key') as { dedup_key: string; payload?: { summary: string } }
      expect(event.dedup_key.length).toBeLessThanOrEqual(255)
      expect(event.payload?.summary.length ?? 0).toBeLessThanOrEqual(1024)
      expect(event.payload?.summary ?? '').not.toMatch(DECEIVING)
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(512 * 1024)
    })
  })

  it('cuts what is long, with a mark', () => {
    const spec = { params: { note: '\u0001'.repeat(10_000) } }
    const event = pagerDutyEvent(aNotice({ spec }), 'key') as {
      payload: { custom_details: Record<string, string> }
    }
    const { Parameters = '' } = event.payload.custom_details
    expect(Buffer.byteLength(JSON.stringify(Parameters))).toBeLessThanOrEqual(32_768 + 2)
    expect(Parameters).toContain('cut here: the page shows all of it')
  })
})
