import { describe, expect, test } from 'vitest'
import { aNotice, aRequest, NOW } from '../../../testing/mail.ts'
import { noticeId } from '../../notice.ts'
import type { Notice } from '../../types.ts'
import { composeNotices, composeTest } from './compose.ts'
import { encodedSize } from './composed.ts'

const letter = {
  from: { address: 'countersign@acme.com', name: 'Countersign' },
  address: 'alice@acme.com',
  name: 'Alice',
  now: NOW,
}
const compose = (...notices: [Notice, ...Notice[]]) => composeNotices(letter, 'alice@acme.com', notices)
/** What a person sees of HTML. */
const seen = (html: string): string =>
  html
    .replace(/^[\s\S]*<body[^>]*>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
const both = ({ text, html }: { text: string; html: string }) => [text.replace(/\s+/g, ' '), seen(html)]
const size = ({ text, html }: { text: string; html: string }) => encodedSize(text) + encodedSize(html)

const rejected = aRequest(
  {},
  {
    phase: 'Rejected',
    decisions: [{ reviewer: 'carol@acme.com', verdict: 'Reject', reason: 'Not a duplicate.', via: 'Web' }],
  },
)
const approved = aRequest(
  {},
  { phase: 'Approved', decisions: [{ reviewer: 'carol@acme.com', verdict: 'Approve', via: 'Web' }] },
)

test.each<[Notice['event'], ReturnType<typeof aRequest>, string, string]>([
  [
    'Requested',
    aRequest(),
    'Approval wanted',
    'It waits until somebody decides, and expires if nobody does.',
  ],
  ['Reminded', aRequest(), 'Reminder: approval wanted', 'It was asked for 5 minutes ago and still waits.'],
  ['Escalated', aRequest(), 'Escalated: approval wanted', 'is not decided yet, so that you are asked now.'],
  ['Decided', rejected, 'Rejected', 'was rejected and is not made. The run fails.'],
  ['Decided', approved, 'Approved', 'was approved. The agent goes on with it.'],
  [
    'Expired',
    aRequest({}, { phase: 'Expired' }),
    'Expired',
    'was decided by nobody in time and is not made.',
  ],
  ['Cancelled', aRequest({}, { phase: 'Cancelled' }), 'Cancelled', 'was cancelled before it was decided'],
])('%s says in its subject and its first words what it is', (event, request, title, words) => {
  const mail = compose(aNotice(request, { event }))
  expect(mail.subject).toBe(`${title}: order_tools.process_refund (order-manager in shop)`)
  for (const body of both(mail)) {
    expect(body).toContain(words)
    expect(body).toContain('order-run, started by bob@acme.com')
  }
})

test('a mail that asks holds what a reviewer needs', () => {
  const request = aRequest({
    params: { order_id: 'ORD-1287', amount: 2400, card: { $redacted: `hmac-sha256:${'ab'.repeat(32)}` } },
    message: 'This action requires\nmanager approval.',
    requiredApprovals: 2,
    onRejection: 'Continue',
  })
  for (const body of both(compose(aNotice(request)))) {
    for (const words of [
      '"order_id": "ORD-1287"',
      '"amount": 2400',
      '"card": (redacted)',
      'What reads (redacted), without quotes, is hidden from everybody but the tool.',
      'This action requires',
      'gate order_tools.process_refund of agent order-manager when param.amount > 1000 which holds: param.amount = 2400',
      '0 of 2 given; one rejection is enough to reject',
      'the agent is told why and goes on',
      '2026-11-23 04:00 UTC, 55 minutes after this was sent',
      'Opening the link decides nothing. You decide in the page, signed in as yourself.',
      'kubectl approve refund-1-0 -n shop',
      "kubectl reject refund-1-0 -n shop --reason '...'",
      request.spec.callDigest,
      'as a member of the project shop',
    ]) {
      expect(body).toContain(words)
    }
    expect(body).not.toContain('hmac-sha256')
    expect(body).not.toContain('Addresses in the parameters')
  }
})

test('why a condition could not be evaluated, and that a tool changed, is told', () => {
  const gates = [
    {
      name: 'order_tools.*',
      from: 'Project',
      when: 'param.n > 1',
      outcome: 'ConditionUnknown',
      detail: 'param.n is missing',
    },
    { name: '*', from: 'Agent', outcome: 'ToolChanged', detail: 'its schema changed' },
  ] as const
  for (const body of both(compose(aNotice(aRequest({ gates: [...gates] }))))) {
    expect(body).toContain(
      'gate order_tools.* of the project when param.n > 1 which could not be evaluated: param.n is missing',
    )
    expect(body).toContain(
      'gate * of agent order-manager: the tool is not the one that was accepted: its schema changed',
    )
  }
})

test('how it ended is told with who decided and why', () => {
  for (const body of both(compose(aNotice(rejected, { event: 'Decided' })))) {
    expect(body).toContain('carol@acme.com rejected: Not a duplicate.')
    expect(body).not.toContain('kubectl approve')
  }
})

test('without an address of the page the terminal is the way', () => {
  const mail = compose(aNotice(aRequest(), { url: undefined }))
  expect(mail.html).not.toContain('<a ')
  for (const body of both(mail)) {
    expect(body).not.toContain('Open the request')
    expect(body).toContain('kubectl approve refund-1-0 -n shop')
  }
})

test('what follows stands beneath the mail of the request itself', () => {
  const request = aRequest()
  const root = noticeId(request, { event: 'Requested', channel: 'Email', target: 'alice@acme.com' })
  const first = compose(aNotice(request, { id: root }))
  expect(first).toMatchObject({ messageId: `<${root}@acme.com>`, references: undefined })
  for (const event of ['Reminded', 'Escalated', 'Decided'] as const) {
    const mail = compose(aNotice(request, { id: 'msg_other', event }))
    expect(mail).toMatchObject({ messageId: '<msg_other@acme.com>', references: `<${root}@acme.com>` })
  }
})

describe('what somebody else wrote', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><a href="https://evil.example">Open the request</a>',
    '</pre></div><h1>Approved</h1>',
    '&lt;b&gt;',
  ]

  test.each(hostile)('is never markup: %s', text => {
    const request = aRequest({
      tool: text,
      params: { [text]: text },
      message: text,
      requestedBy: text,
      gates: [
        {
          name: text,
          from: 'Agent',
          when: text,
          outcome: 'ConditionTrue',
          detail: text,
          values: { [text]: text },
        },
      ],
    })
    const { html } = compose(aNotice(request))
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag))
    expect([...tags].sort()).toEqual(
      [
        'a',
        'blockquote',
        'body',
        'div',
        'h1',
        'h2',
        'head',
        'html',
        'meta',
        'p',
        'pre',
        'table',
        'td',
        'th',
        'title',
        'tr',
      ].sort(),
    )
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      'https://page.acme.com/projects/shop/approvals/refund-1-0',
    ])
    const attributes = [...html.matchAll(/<[a-z0-9]+\s([^<>]*)>/gi)].flatMap(([, inside = '']) =>
      [...inside.matchAll(/([^\s=]+)="[^"]*"/g)].map(([, name]) => name),
    )
    expect([...new Set(attributes)].sort()).toEqual([
      'charset',
      'content',
      'href',
      'lang',
      'name',
      'scope',
      'style',
    ])
    expect(seen(html)).toContain(JSON.stringify(text).replace(/\s+/g, ' '))
  })

  test.each([
    ['turned round', 'a\u202eb', 'a\\u202eb'],
    ['of no width', 'a\u200bb', 'a\\u200bb'],
    ['a control', 'a\u0007b', 'a\\u0007b'],
    ['a blank letter', 'a\u3164b', 'a\\u3164b'],
  ])('is shown with what deceives written out: %s', (_, text, shown) => {
    const request = aRequest({ tool: text, params: { [text]: 1 }, message: text, requestedBy: text })
    const mail = compose(aNotice(request))
    for (const body of both(mail)) expect(body).toContain(shown)
    expect([mail.subject, mail.text, mail.html].join('')).not.toContain(text)
  })

  test('cannot pass for our own words: each line of it is marked', () => {
    const request = aRequest({ message: 'Fine.\n\nFrom a terminal:\n\n    kubectl approve other -n shop' })
    const { text } = compose(aNotice(request))
    for (const line of text.split('\n')) {
      if (line.includes('other -n shop')) expect(line).toBe('  |     kubectl approve other -n shop')
    }
    expect(text).toContain('  | From a terminal:')
  })

  test('that holds addresses is told of', () => {
    const request = aRequest({ params: { note: 'see https://evil.example' } })
    for (const body of both(compose(aNotice(request)))) {
      expect(body).toContain('Addresses in the parameters come from the agent: open none from here.')
    }
  })

  test('stands in no subject: neither parameters, nor messages, nor reasons', () => {
    const request = aRequest({ params: { a: 'planted' }, message: 'planted', requestedBy: 'planted' })
    for (const event of ['Requested', 'Decided'] as const) {
      expect(compose(aNotice(request, { event })).subject).not.toContain('planted')
    }
  })
})

describe('what is long', () => {
  test('is cut with a mark that says how much', () => {
    const request = aRequest({
      params: { note: 'x'.repeat(5000), list: Array.from({ length: 500 }, (_, i) => i) },
    })
    for (const body of both(compose(aNotice(request)))) {
      expect(body).toMatch(/x… \(3,0\d\d more characters; the page shows all\)/)
      expect(body).toMatch(/… \(30\d more lines; the page shows all\)/)
    }
    const { text } = compose(aNotice(request, { url: undefined }))
    expect(text).toContain('more lines; kubectl approvals refund-1-0 shows all)')
  })

  const gate = {
    name: '*',
    from: 'Agent',
    when: '\u202e'.repeat(2000),
    outcome: 'ConditionTrue',
    detail: '語'.repeat(1024),
    values: { 'param.a': '"&<語'.repeat(64) },
  } as const
  test.each([
    ['one text', { a: '語'.repeat(20_000) }],
    ['what HTML writes long', { a: '"\'&<>'.repeat(12_000) }],
    ['what is written out', { a: '\u202e\u200b'.repeat(10_000) }],
    ['many lines', Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, '=']))],
    ['depth', JSON.parse(`${'{"a":'.repeat(63)}1${'}'.repeat(63)}`) as Record<string, unknown>],
  ])('fits into 100 KiB however it is written: %s', (_, params) => {
    const request = aRequest({
      params: params as never,
      message: '"\u202e語\n'.repeat(256),
      tool: '語'.repeat(256),
      requestedBy: '\u202e'.repeat(256),
      gates: Array.from({ length: 200 }, () => gate),
    })
    const mail = compose(aNotice(request))
    expect(size(mail)).toBeLessThan(96 * 1024)
    for (const body of both(mail)) expect(body).toContain('kubectl approve refund-1-0 -n shop')
  })
})

describe('a mail for many', () => {
  const many = (count: number, spec = {}) =>
    Array.from({ length: count }, (_, i) =>
      aNotice(aRequest({ timeoutSeconds: 3600 + (count - i) * 60, ...spec }, {}, `run${i}-1-0`)),
    ) as unknown as [Notice, ...Notice[]]

  test('lists fifty at most, the first to expire first, and says how many there are', () => {
    const mail = compose(...many(60))
    expect(mail.subject).toBe('60 approvals wanted in shop')
    for (const body of both(mail)) {
      expect(body).toContain('The first expires at 2026-11-23 04:01 UTC, 56 minutes after this was sent.')
      expect(body).toContain('… and 10 more, 60 in all')
      expect(body).toContain('request run59-1-0 in shop')
      expect(body).not.toContain('request run9-1-0 in shop')
      expect(body.indexOf('run59-1-0')).toBeLessThan(body.indexOf('run58-1-0'))
    }
    expect(mail.html).toContain('href="https://page.acme.com/projects/shop/approvals"')
    expect(mail.html.match(/<tr>/g)).toHaveLength(50)
  })

  test('holds no parameters', () => {
    const mail = compose(...many(3, { params: { a: 'planted' }, message: 'planted' }))
    expect(mail.text + mail.html).not.toContain('planted')
  })

  test('has a Message-ID of its own, the same for the same', () => {
    const notices = many(3)
    expect(compose(...notices).messageId).toBe(compose(...notices).messageId)
    expect(compose(...notices).messageId).not.toBe(compose(notices[0]).messageId)
    expect(compose(...notices).messageId).not.toBe(compose(...many(4)).messageId)
    expect(compose(...notices).references).toBeUndefined()
  })

  test('tells of what ended beside what waits, and of a request once', () => {
    const [first] = many(1)
    const mail = compose(
      first,
      { ...first, id: 'msg_r', event: 'Reminded' },
      aNotice(rejected, { event: 'Decided' }),
    )
    expect(mail.subject).toBe('1 approval wanted, 1 ended in shop')
    expect(mail.html.match(/<tr>/g)).toHaveLength(2)
    const ended = compose(
      aNotice(rejected, { event: 'Decided' }),
      aNotice(aRequest({}, { phase: 'Expired' }, 'b-1-0'), { event: 'Expired' }),
    )
    expect(ended.subject).toBe('2 requests of shop ended')
  })

  test('fits into 100 KiB, whatever the tools are called', () => {
    expect(size(compose(...many(200, { tool: '"語'.repeat(128) })))).toBeLessThan(96 * 1024)
  })
})

test('a test message says who asked for it, and that nothing is to be decided', () => {
  const mail = composeTest(letter, {
    id: 'msg_t',
    project: 'shop',
    askedBy: 'bob@acme.com',
    url: 'https://page.acme.com/projects/shop',
  })
  for (const body of both(mail)) {
    expect(body).toContain('bob@acme.com asked for it to see whether mail of the project shop reaches you.')
    expect(body).toContain('there is nothing to decide')
  }
  expect(mail.messageId).toBe('<msg_t@acme.com>')
})

test('nothing is fetched to read a mail, and no colour makes dark text on a dark screen', () => {
  for (const { html } of [compose(aNotice()), compose(...([aNotice(), aNotice(rejected)] as const))]) {
    expect(html).not.toMatch(/<(img|link|script|style|iframe|object|svg)\b|\ssrc=|url\(|@import/i)
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    expect(
      [...html.matchAll(/[;"](?:background(?:-color)?|color):([^;"]+)/g)].map(([, colour]) => colour),
    ).toEqual(['#0f766e', '#ffffff'])
  }
})
