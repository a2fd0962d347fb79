import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../../crds/v1alpha1/common.ts'
import type { Notice } from '../../types.ts'
import { aNotice, aTest } from '../testing.ts'
import { pagerDutyEvent, pagerDutyTest } from './pagerduty.ts'
import { slackMessage, slackTest } from './slack.ts'
import { teamsMessage, teamsTest } from './teams.ts'

const URL = 'https://approvals.example.com/projects/shop/approvals/order-run-7-1-0'

/** Every object in a message, with the one that it stands in. */
function* objects(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Record<string, unknown>
  for (const inner of Object.values(value)) yield* objects(inner)
}

/** What a message says, a line for each text in it. */
const words = (message: object): string =>
  [...objects(message)]
    .flatMap(({ type, text, codeSnippet }) => (type === undefined ? [] : [text, codeSnippet]))
    .filter(each => typeof each === 'string')
    .map(each => each.trim())
    .join('\n')

const hostile = fc.constantFrom(
  '<!channel>',
  '<@U0123456>',
  '@here',
  '<https://evil.test|open>',
  'https://evil.test/',
  '*bold* _it_ ~no~ `code`',
  '[open](https://evil.test)',
  '**x** # h\n- [ ] y',
  '<at>alice</at>',
  '{{DATE(2026-11-23T10:00:00Z, SHORT)}}',
  '{{{{TIME(2026-11-23T10:00:00Z)}}',
  `\${evil}`,
  '\u202e\u200b',
  '\ud800',
  '"\\\u0000',
  '🙂'.repeat(400),
  '\u0001'.repeat(1000),
  '\n'.repeat(500),
  'あ'.repeat(4000),
  '&<>'.repeat(2000),
)
const text = (limit: number) =>
  fc
    .array(fc.oneof(hostile, fc.string({ unit: 'binary' })), { maxLength: 6 })
    .map(parts => parts.join('').slice(0, limit))
const name = text(256).map(value => value || 'x')
const params = fc.dictionary(name, fc.oneof(text(20_000), fc.jsonValue() as fc.Arbitrary<JsonValue>), {
  maxKeys: 6,
})
const decisions = fc.array(
  fc.record({
    reviewer: name,
    verdict: fc.constantFrom('Approve' as const, 'Reject' as const),
    reason: text(4096),
    via: fc.constant('Web' as const),
  }),
  { maxLength: 20 },
)
const gates = fc.array(
  fc.record({
    name,
    from: fc.constantFrom('Agent' as const, 'Project' as const),
    when: text(2000),
    outcome: fc.constantFrom('Always', 'ConditionTrue', 'ConditionUnknown', 'ToolChanged'),
    detail: text(1024),
    values: params,
  }),
  { minLength: 1, maxLength: 20 },
)
const notices: fc.Arbitrary<Notice> = fc
  .record({
    event: fc.constantFrom('Requested', 'Reminded', 'Escalated', 'Decided', 'Expired', 'Cancelled'),
    spec: fc.record({ tool: name, params, message: text(1024), requestedBy: name, gates }),
    status: fc.record({
      phase: fc.constantFrom('Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled'),
      decisions,
      message: text(4096),
    }),
  })
  .map(changes => aNotice(changes as never))

const check = (property: (notice: Notice) => void) =>
  fc.assert(fc.property(notices, property), { numRuns: 150 })

/** Characters that would turn, hide or break what is shown. */
const DECEIVING = /\p{Cf}|(?!\n)\p{Cc}/u

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
        { type: 'actions', elements: [{ type: 'button', url: URL }] },
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
        if ('url' in one) expect(one.url).toBe(URL)
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
          content: { type: 'AdaptiveCard', version: '1.5', actions: [{ type: 'Action.OpenUrl', url: URL }] },
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
          expect(one).toMatchObject({ type: 'Action.OpenUrl', url: URL })
        }
      }
    })
  })

  it('shows a test', () => {
    expect(JSON.stringify(teamsTest(aTest))).toContain('alice@acme.com')
  })
})

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
})

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
