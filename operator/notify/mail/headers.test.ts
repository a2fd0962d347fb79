// Whatever stands in a request, a mail has the headers that we set and one recipient: as a real server took it.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestClock } from '../../../kube/testing.ts'
import {
  aNotice,
  aRequest,
  IMPATIENT,
  type MailServer,
  NOW,
  never,
  secretOf,
  startMailServer,
} from '../../testing/mail.ts'
import type { Mailer, Notice } from '../types.ts'
import { createMailer } from './mailer.ts'

let smtp: MailServer
let mailer: Mailer
beforeAll(async () => {
  smtp = await startMailServer()
  mailer = createMailer({
    client: secretOf({ url: `smtp://127.0.0.1:${smtp.port}`, from: 'countersign@acme.com', tls: 'Off' }),
    namespace: 'countersign-system',
    secretName: 'countersign-smtp',
    clock: new TestClock(NOW),
    patience: IMPATIENT,
  })
})
afterAll(async () => {
  await mailer.close()
  await smtp.stop()
})

const OURS = [
  'Auto-Submitted',
  'Content-Type',
  'Date',
  'From',
  'In-Reply-To',
  'MIME-Version',
  'Message-ID',
  'References',
  'Subject',
  'To',
  'X-Auto-Response-Suppress',
]

/** Names of the header fields of a message, each as often as it stands there. */
const fieldsOf = (raw: string): string[] => {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
  return head
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
    .map(line => line.slice(0, line.indexOf(':')))
    .sort()
}

const arriving = async (
  to: { address: string; name: string | undefined },
  notices: [Notice, ...Notice[]],
) => {
  const before = smtp.arrived.length
  const outcome = await mailer.send(to, notices, never)
  return { outcome, arrived: smtp.arrived.slice(before) }
}

const hostile = fc.oneof(
  fc.constantFrom(
    'x\r\nBcc: mallory@evil.example',
    'x\nBcc: mallory@evil.example\n\nHello',
    'x\r\n\r\n<h1>Hello</h1>',
    'x\r\n.\r\nMAIL FROM:<mallory@evil.example>',
    '=?utf-8?Q?x=0D=0ABcc:_mallory@evil.example?=',
    'mallory@evil.example, alice@acme.com',
    'x\u2028Bcc: mallory@evil.example\u0085',
    '\u202e\u0000',
    '"><@,;:\\',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 300 }),
)

test('a mail has exactly our headers and one recipient, and at most 100 KiB', async () => {
  const request = fc.record({
    agent: hostile,
    run: hostile,
    tool: hostile,
    project: hostile,
    requestedBy: hostile,
    message: hostile,
    params: fc.dictionary(hostile, hostile, { maxKeys: 5 }),
    gate: hostile,
    name: hostile,
  })
  const event = fc.constantFrom(
    'Requested',
    'Reminded',
    'Escalated',
    'Decided',
    'Expired',
    'Cancelled' as const,
  )
  await fc.assert(
    fc.asyncProperty(
      request,
      hostile,
      event,
      fc.integer({ min: 1, max: 3 }),
      async (wrote, name, event, count) => {
        const made = aRequest({
          agentRef: { name: wrote.agent },
          runRef: { name: wrote.run, uid: 'u' },
          tool: wrote.tool,
          requestedBy: wrote.requestedBy,
          message: wrote.message,
          params: wrote.params,
          gates: [
            {
              name: wrote.gate,
              from: 'Agent',
              when: wrote.gate,
              outcome: 'ConditionTrue',
              values: wrote.params,
            },
          ],
        })
        const request = { ...made, metadata: { ...made.metadata, namespace: wrote.project } }
        const notices = Array.from({ length: count }, (_, i) =>
          aNotice({ ...request, metadata: { ...request.metadata, uid: `u${i}` } }, { event, id: `msg_${i}` }),
        )
        const { outcome, arrived } = await arriving({ address: 'alice@acme.com', name }, notices as [Notice])
        expect(outcome).toEqual({ state: 'Sent' })
        expect(arrived).toHaveLength(1)
        const [{ raw, to, from, mail } = { raw: '', to: [], from: '', mail: undefined }] = arrived
        expect(to).toEqual(['alice@acme.com'])
        expect(from).toBe('countersign@acme.com')
        const ours =
          count === 1 ? OURS : OURS.filter(field => field !== 'References' && field !== 'In-Reply-To')
        expect(fieldsOf(raw)).toEqual(ours)
        expect(mail?.to).toMatchObject({ value: [{ address: 'alice@acme.com' }] })
        expect(mail?.from?.value).toEqual([{ address: 'countersign@acme.com', name: '' }])
        expect(mail?.subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(JSON.stringify(mail?.to)).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|\\[rnu]/u)
        expect(mail?.attachments).toEqual([])
        expect(raw.length).toBeLessThanOrEqual(100 * 1024)
      },
    ),
    { numRuns: 150 },
  )
}, 120_000)

test('an address that is not one is refused before anybody hears of it', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async text => {
      const { outcome, arrived } = await arriving({ address: text, name: undefined }, [aNotice()])
      // None of these is an address; what is one has a test of its own.
      expect(outcome).toMatchObject({ state: 'Failed', error: expect.stringContaining('correct the email') })
      expect(arrived).toEqual([])
    }),
  )
})

test('the largest that can be asked stays below 100 KiB on the line', async () => {
  const wide = '語'.repeat(21_000)
  const gate = {
    name: '*',
    from: 'Agent',
    when: '"'.repeat(2000),
    outcome: 'ConditionUnknown',
    detail: '=\u202e'.repeat(512),
    values: { 'param.a': wide.slice(0, 256) },
  } as const
  for (const params of [
    { a: wide },
    { a: '='.repeat(60_000) },
    { a: '"'.repeat(30_000) },
    { a: '\u200b'.repeat(20_000) },
  ]) {
    const request = aRequest({
      params,
      message: wide.slice(0, 1024),
      gates: Array.from({ length: 200 }, () => gate),
    })
    const { arrived } = await arriving({ address: 'alice@acme.com', name: undefined }, [aNotice(request)])
    expect(arrived[0]?.raw.length).toBeLessThanOrEqual(100 * 1024)
    expect(arrived[0]?.mail.text).toContain('kubectl approve refund-1-0 -n shop')
  }
})
