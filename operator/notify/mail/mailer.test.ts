// Against a real SMTP server on loopback.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import { createCertificateAuthority } from '../../../hack/controlplane/certificates.ts'
import { TestClock } from '../../../kube/testing.ts'
import {
  aNotice,
  aRequest,
  ca,
  IMPATIENT,
  issued,
  type MailServer,
  NOW,
  never,
  secretOf,
  startMailServer,
} from '../../testing/mail.ts'
import type { Mailer, Outcome } from '../types.ts'
import { createMailer } from './mailer.ts'
import type { Patience } from './transport.ts'

const alice = { address: 'alice@acme.com', name: 'Alice' }
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function server(options: SMTPServerOptions = {}): Promise<MailServer> {
  const started = await startMailServer(options)
  cleanups.push(() => started.stop())
  return started
}

/** A mailer with these settings; the Secret can be changed beneath it. */
function mailerFor(data: Record<string, string>, patience: Partial<Patience> = {}) {
  const secret = secretOf(data)
  const clock = new TestClock(NOW)
  const lines: string[] = []
  const log = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }))
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  const mailer = createMailer({
    client: secret,
    namespace: 'countersign-system',
    secretName: 'countersign-smtp',
    clock,
    logger,
    patience: { ...IMPATIENT, ...patience },
  })
  cleanups.push(() => mailer.close())
  return { mailer, secret: secret.state, clock, lines }
}

const plain = ({ port }: { port: number }, more: Record<string, string> = {}) => ({
  url: `smtp://127.0.0.1:${port}`,
  from: 'Countersign <countersign@acme.com>',
  tls: 'Off',
  ...more,
})

const send = (mailer: Mailer, name = 'refund-1-0') =>
  mailer.send(alice, [aNotice(aRequest({}, {}, name))], never)

const wholeLane = (outcome: Outcome): string => {
  expect(outcome).toMatchObject({ state: 'Retrying', wholeLane: true })
  return 'error' in outcome ? outcome.error : ''
}

const refusing = (code: number, message: string) => Object.assign(new Error(message), { responseCode: code })

describe('a server that takes mail', () => {
  test('gets it from the one address to the one address, with the headers of a machine', async () => {
    const smtp = await server()
    const { mailer } = mailerFor(plain(smtp))
    expect(await send(mailer)).toEqual({ state: 'Sent' })
    const [arrived] = smtp.arrived
    expect(arrived).toMatchObject({ from: 'countersign@acme.com', to: ['alice@acme.com'] })
    const { mail } = arrived!
    expect(mail.from?.value).toEqual([{ address: 'countersign@acme.com', name: 'Countersign' }])
    expect(mail.to).toMatchObject({ value: [{ address: 'alice@acme.com', name: 'Alice' }] })
    expect(mail.subject).toBe('Approval wanted: order_tools.process_refund (order-manager in shop)')
    expect(mail.messageId).toBe('<msg_refund-1-0@acme.com>')
    expect(mail.date).toEqual(new Date(NOW))
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
    expect(mail.headers.get('x-auto-response-suppress')).toBe('All')
    expect(mail.attachments).toEqual([])
    for (const body of [mail.text, mail.html || '']) {
      expect(body).toContain('https://page.acme.com/projects/shop/approvals/refund-1-0')
      expect(body).toContain('kubectl approve refund-1-0 -n shop')
    }
  })

  test('gets several over one connection, and so also when they are sent at once', async () => {
    const smtp = await server()
    const { mailer, secret } = mailerFor(plain(smtp))
    await send(mailer, 'first-1-0')
    const names = ['second-1-0', 'third-1-0', 'fourth-1-0']
    expect(await Promise.all(names.map(name => send(mailer, name)))).toEqual(
      names.map(() => ({ state: 'Sent' })),
    )
    expect(smtp.arrived).toHaveLength(4)
    expect(smtp.connections()).toBe(1)
    expect(secret.reads).toBe(1)
  })

  test('that hung up meanwhile gets the next one over another connection', async () => {
    const smtp = await server()
    const { mailer } = mailerFor(plain(smtp))
    await send(mailer, 'first-1-0')
    smtp.hangUp()
    await expect.poll(() => smtp.open()).toBe(0)
    expect(await send(mailer, 'second-1-0')).toEqual({ state: 'Sent' })
    expect(smtp.connections()).toBe(2)
    expect(smtp.arrived).toHaveLength(2)
  })

  test('that hangs up just as the next one begins gets it over another connection', async () => {
    let begun = 0
    const smtp = await server({
      onMailFrom: (_, __, done) => {
        begun += 1
        if (begun === 2) smtp.hangUp()
        else done()
      },
    })
    const { mailer } = mailerFor(plain(smtp))
    await send(mailer, 'first-1-0')
    expect(await send(mailer, 'second-1-0')).toEqual({ state: 'Sent' })
    expect(smtp.connections()).toBe(2)
    expect(smtp.arrived).toHaveLength(2)
  })

  test('gets it once, however slow it is', async () => {
    const slowly = (done: () => void) => setTimeout(done, 150)
    const smtp = await server({
      onConnect: (_, done) => void slowly(done),
      onMailFrom: (_, __, done) => void slowly(done),
      onRcptTo: (_, __, done) => void slowly(done),
    })
    const { mailer } = mailerFor(plain(smtp))
    expect(await Promise.all([send(mailer, 'first-1-0'), send(mailer, 'second-1-0')])).toEqual([
      { state: 'Sent' },
      { state: 'Sent' },
    ])
    expect(smtp.arrived.map(({ mail }) => mail.messageId)).toEqual([
      '<msg_first-1-0@acme.com>',
      '<msg_second-1-0@acme.com>',
    ])
    expect(smtp.connections()).toBe(1)
  })

  test('gets a test message, and one mail for several notices', async () => {
    const smtp = await server()
    const { mailer } = mailerFor(plain(smtp))
    const test = { id: 'msg_t', project: 'shop', askedBy: 'bob@acme.com', url: undefined }
    expect(await mailer.sendTest(alice, test, never)).toEqual({ state: 'Sent' })
    const [a, b] = ['a-1-0', 'b-1-0'].map(name => aNotice(aRequest({}, {}, name)))
    expect(await mailer.send(alice, [a!, b!], never)).toEqual({ state: 'Sent' })
    expect(smtp.arrived.map(({ mail }) => mail.subject)).toEqual([
      'Test message (shop)',
      '2 approvals wanted in shop',
    ])
  })
})

test('a mail that cannot be written holds up no other', async () => {
  const smtp = await server()
  const { mailer } = mailerFor(plain(smtp))
  const broken = aNotice(aRequest({}, {}, 'broken-1-0'), { expiresAt: Number.NaN })
  expect(await mailer.send(alice, [broken], never)).toEqual({
    state: 'Failed',
    error: 'the mail could not be written: a fault of the operator',
  })
  expect(await send(mailer)).toEqual({ state: 'Sent' })
})

describe('a server that refuses', () => {
  test.each<[string, SMTPServerOptions, object]>([
    [
      'the recipient for good',
      { onRcptTo: (_, __, done) => done(refusing(550, '5.1.1 no such mailbox')) },
      { state: 'Failed', error: 'the mail server refuses the recipient ("550 5.1.1 no such mailbox")' },
    ],
    [
      'the message for good',
      { onData: (stream, _, done) => stream.resume().on('end', () => done(refusing(554, 'this is spam'))) },
      { state: 'Failed', error: 'the mail server refuses the message ("554 this is spam")' },
    ],
    [
      'the recipient for now',
      { onRcptTo: (_, __, done) => done(refusing(452, 'mailbox full')) },
      { state: 'Retrying', error: 'the mail server puts it off ("452 mailbox full"); it is tried again' },
    ],
    [
      'more than a line of words',
      { onRcptTo: (_, __, done) => done(refusing(550, `no\u202e ${'x'.repeat(5000)}`)) },
      {
        state: 'Failed',
        error: expect.stringMatching(/^the mail server refuses the recipient \("550 .{196}"\)$/),
      },
    ],
  ])('%s', async (_, options, outcome) => {
    const smtp = await server(options)
    const { mailer } = mailerFor(plain(smtp))
    expect(await send(mailer)).toEqual(outcome)
  })

  test('the sender, for all mail: the settings are wrong', async () => {
    const smtp = await server({ onMailFrom: (_, __, done) => done(refusing(553, 'not your address')) })
    const { mailer } = mailerFor(plain(smtp))
    expect(wholeLane(await send(mailer))).toContain('correct the key from of the Secret countersign-smtp')
  })

  test('everybody, as it is about to go: the whole lane waits', async () => {
    const smtp = await server({ onMailFrom: (_, __, done) => done(refusing(421, 'too busy')) })
    const { mailer } = mailerFor(plain(smtp))
    expect(wholeLane(await send(mailer))).toContain('"421 too busy"')
  })

  test('at first and takes it later (greylisting), over the same connection', async () => {
    let tries = 0
    const smtp = await server({
      onRcptTo: (_, __, done) => {
        tries += 1
        done(tries === 1 ? refusing(451, '4.7.1 greylisted, come back') : undefined)
      },
    })
    const { mailer } = mailerFor(plain(smtp))
    const first = await send(mailer)
    expect(first).toEqual({
      state: 'Retrying',
      error: 'the mail server puts it off ("451 4.7.1 greylisted, come back"); it is tried again',
    })
    expect(await send(mailer)).toEqual({ state: 'Sent' })
    expect(smtp.arrived).toHaveLength(1)
    expect(smtp.connections()).toBe(1)
  })
})

describe('TLS', () => {
  const required = ({ port }: MailServer, more: Record<string, string> = {}) => ({
    url: `smtp://127.0.0.1:${port}`,
    from: 'countersign@acme.com',
    ...more,
  })
  /** Takes mail over TLS alone. */
  const secureOnly: SMTPServerOptions = {
    onMailFrom: (_, session, done) => done(session.secure ? undefined : refusing(530, 'STARTTLS first')),
  }

  test('is what STARTTLS begins', async () => {
    const smtp = await server({ ...issued(['127.0.0.1']), ...secureOnly })
    const { mailer } = mailerFor(required(smtp, { ca }))
    expect(await send(mailer)).toEqual({ state: 'Sent' })
  })

  test('is there from the first byte with smtps', async () => {
    const smtp = await server({ ...issued(['127.0.0.1', 'localhost']), secure: true })
    for (const host of ['127.0.0.1', 'localhost']) {
      const { mailer } = mailerFor(required(smtp, { url: `smtps://${host}:${smtp.port}`, ca }))
      expect(await send(mailer)).toEqual({ state: 'Sent' })
    }
  })

  test('that is missing: nothing is sent, not even the envelope', async () => {
    let envelopes = 0
    const smtp = await server({
      disabledCommands: ['STARTTLS'],
      onMailFrom: (_, __, done) => {
        envelopes += 1
        done()
      },
    })
    const { mailer } = mailerFor(required(smtp, { ca }))
    expect(wholeLane(await send(mailer))).toContain('offers no STARTTLS, so that nothing is sent')
    expect(envelopes).toBe(0)
    const other = mailerFor(required(smtp, { tls: 'Opportunistic' }))
    expect(await send(other.mailer)).toEqual({ state: 'Sent' })
  })

  test('where it is offered is used, and its certificate looked at, even if it need not be there', async () => {
    const smtp = await server({ ...issued(['127.0.0.1']), ...secureOnly })
    const trusting = mailerFor(required(smtp, { tls: 'Opportunistic', ca }))
    expect(await send(trusting.mailer)).toEqual({ state: 'Sent' })
    const other = mailerFor(required(smtp, { tls: 'Opportunistic' }))
    expect(wholeLane(await send(other.mailer))).toContain('is not trusted')
    expect(smtp.arrived).toHaveLength(1)
  })

  test.each([
    ['smtp', {}],
    ['smtps', { secure: true }],
  ] as const)(
    'by a CA that nobody named is refused, and so is another name (%s)',
    async (scheme, options) => {
      const other = createCertificateAuthority(Date.now()).certificate
      const right = await server({ ...issued(['127.0.0.1']), ...options })
      const named = await server({ ...issued(['mail.acme.com']), ...options })
      const at = ({ port }: MailServer, more: Record<string, string>) => ({
        url: `${scheme}://127.0.0.1:${port}`,
        from: 'countersign@acme.com',
        ...more,
      })
      const unknown = mailerFor(at(right, {}))
      expect(wholeLane(await send(unknown.mailer))).toMatch(
        /is not trusted \(\w+\): if it is your own, put its CA into the key ca/,
      )
      const wrong = mailerFor(at(right, { ca: other }))
      expect(wholeLane(await send(wrong.mailer))).toMatch(
        /is not trusted \(\w+\): it does not come from the key ca/,
      )
      const misnamed = mailerFor(at(named, { ca }))
      expect(wholeLane(await send(misnamed.mailer))).toContain('is for another name')
      expect([right, named].flatMap(({ arrived }) => arrived)).toEqual([])
    },
  )

  test('where none is spoken is said in words, both ways round', async () => {
    const without = await server()
    const secure = await server({ ...issued(['127.0.0.1']), secure: true })
    const a = mailerFor(required(without, { url: `smtps://127.0.0.1:${without.port}` }))
    expect(wholeLane(await send(a.mailer))).toContain('smtps:// for TLS from the start')
    const b = mailerFor(required(secure, { ca }), { connectMs: 500 })
    wholeLane(await send(b.mailer))
  })
})

describe('a user name and a password', () => {
  const options = (right: () => string): SMTPServerOptions => ({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      username === 'postman' && password === right()
        ? done(null, { user: username })
        : // As a server might that tells too much.
          done(refusing(535, `wrong: ${username} ${password}`)),
  })

  test('open the server, from keys of their own or out of the url', async () => {
    const smtp = await server(options(() => 'p@ss:w/rd'))
    const keys = mailerFor(plain(smtp, { username: 'postman', password: 'p@ss:w/rd' }))
    expect(await send(keys.mailer)).toEqual({ state: 'Sent' })
    const url = `smtp://postman:${encodeURIComponent('p@ss:w/rd')}@127.0.0.1:${smtp.port}`
    const inside = mailerFor(plain(smtp, { url }))
    expect(await send(inside.mailer)).toEqual({ state: 'Sent' })
    const none = mailerFor(plain(smtp))
    expect(wholeLane(await send(none.mailer))).toContain('wants a user name')
  })

  test('that are wrong are told of without showing them; rotated ones are taken up at the next try', async () => {
    let right = 'new-password'
    const smtp = await server(options(() => right))
    const { mailer, secret, lines } = mailerFor(
      plain(smtp, { username: 'postman', password: 'old-password' }),
    )
    const error = wholeLane(await send(mailer))
    expect(error).toBe(
      `the mail server 127.0.0.1:${smtp.port} does not take the user name and password (535): correct them in the Secret countersign-smtp`,
    )
    secret.data = plain(smtp, { username: 'postman', password: 'new-password' })
    expect(await send(mailer)).toEqual({ state: 'Sent' })
    right = 'newest-password'
    expect(await send(mailer)).toEqual({ state: 'Sent' })
    expect(lines.join('\n')).not.toMatch(/password"|old-p|new-p|postman/)
    expect(lines.map(line => (JSON.parse(line) as { message: string }).message)).toEqual([
      'mail is sent by these settings',
      'no mail can be sent',
      'mail is sent by these settings',
      'the mail server takes mail',
    ])
  })

  test('are wanted by a server that knows no login: nothing is sent without', async () => {
    const smtp = await server({ disabledCommands: ['AUTH'] })
    const { mailer } = mailerFor(plain(smtp, { username: 'postman', password: 'x' }))
    wholeLane(await send(mailer))
    expect(smtp.arrived).toEqual([])
  })

  test('that a server repeats in a refusal of the message are not quoted', async () => {
    const said = [
      'hunter2',
      Buffer.from('hunter2').toString('base64'),
      Buffer.from('\0postman\0hunter2').toString('base64'),
    ]
    for (const words of said) {
      const smtp = await server({
        ...options(() => 'hunter2'),
        onRcptTo: (_, __, done) => done(refusing(550, `you said ${words}`)),
      })
      const { mailer } = mailerFor(plain(smtp, { username: 'postman', password: 'hunter2' }))
      expect(await send(mailer)).toEqual({ state: 'Failed', error: 'the mail server refuses the recipient' })
    }
  })
})

describe('a server that does not answer', () => {
  /** Speaks as much as `script` makes it, and then nothing; tells when it has read `until`. */
  const silent = async (script: (line: string, socket: Socket) => void, greeting?: string) => {
    const sockets = new Set<Socket>()
    const listening: Server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      if (greeting !== undefined) socket.write(greeting)
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\r\n')) script(line, socket)
      })
    })
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => listening.close(resolve))
    })
    return { port: (listening.address() as AddressInfo).port, sockets }
  }

  test('is refused or unknown: the lane waits and is told where to look', async () => {
    const smtp = await startMailServer()
    await smtp.stop()
    const { mailer } = mailerFor(plain(smtp))
    expect(wholeLane(await send(mailer))).toBe(
      `no connection to the mail server 127.0.0.1:${smtp.port}, or it was lost (ECONNREFUSED): it is tried again; check the server and the key url of the Secret countersign-smtp`,
    )
  })

  test.each([
    ['not even with a greeting', undefined],
    ['after its greeting', '220 hello\r\n'],
  ])('%s: it is given up in its time', async (_, greeting) => {
    const smtp = await silent(() => {}, greeting)
    const { mailer } = mailerFor(plain(smtp), { connectMs: 300, answerMs: 300 })
    expect(wholeLane(await send(mailer))).toContain('does not answer in time')
  })

  /** No silence ends it then. */
  const FOREVER = { answerMs: 3_600_000 }
  const answers = (line: string, socket: Socket, last: string): void => {
    if (/^EHLO/.test(line)) socket.write('250 hello\r\n')
    else if (/^(MAIL|RCPT)/.test(line)) socket.write('250 ok\r\n')
    else if (line === 'DATA') socket.write('354 go on\r\n')
    else if (line === '.') socket.write(last)
  }

  test('after DATA, but for the beginning of an answer: the time of the message ends it', async () => {
    let told = () => {}
    const whole = new Promise<void>(resolve => {
      told = resolve
    })
    const smtp = await silent((line, socket) => {
      answers(line, socket, '250-')
      if (line === '.') told()
    }, '220 hello\r\n')
    const { mailer, clock } = mailerFor(plain(smtp), FOREVER)
    const sending = send(mailer)
    await whole
    await clock.advance(IMPATIENT.messageMs)
    expect(wholeLane(await sending)).toContain('does not answer in time')
    // The connection is not left to it.
    await expect.poll(() => [...smtp.sockets].every(({ destroyed }) => destroyed)).toBe(true)
  })

  test('holds a second message only as long as its signal lets it', async () => {
    const smtp = await silent(() => {}, '220 hello\r\n')
    const { mailer, clock } = mailerFor(plain(smtp), FOREVER)
    const first = send(mailer)
    const leave = new AbortController()
    const second = mailer.send(alice, [aNotice()], leave.signal)
    leave.abort()
    expect(await second).toEqual({ state: 'Retrying', error: 'the operator stopped before it was sent' })
    await expect.poll(() => smtp.sockets.size).toBe(1)
    await clock.advance(IMPATIENT.messageMs)
    wholeLane(await first)
  })

  test('is left alone when the mailer closes', async () => {
    const smtp = await silent(() => {}, '220 hello\r\n')
    const { mailer } = mailerFor(plain(smtp), FOREVER)
    const sending = send(mailer)
    await expect.poll(() => smtp.sockets.size).toBe(1)
    await mailer.close()
    expect(await sending).toEqual({ state: 'Retrying', error: 'the operator stopped before it was sent' })
    expect(await send(mailer)).toEqual({
      state: 'Retrying',
      error: 'the operator stopped before it was sent',
    })
  })

  test('as it died in the middle of the message: the same mail is sent again under its Message-ID', async () => {
    let deaths = 0
    const dying = await silent((line, socket) => {
      answers(line, socket, '250 ok\r\n')
      if (line.startsWith('Message-ID:')) {
        deaths += 1
        socket.destroy()
      }
    }, '220 hello\r\n')
    const { mailer, secret } = mailerFor(plain(dying))
    expect(wholeLane(await send(mailer))).toContain('or it was lost')
    // Tried once: it is the outbox that tries again, and waits longer each time.
    expect(deaths).toBe(1)
    const smtp = await server()
    secret.data = plain(smtp)
    expect(await send(mailer)).toEqual({ state: 'Sent' })
    expect(smtp.arrived[0]?.mail.messageId).toBe('<msg_refund-1-0@acme.com>')
  })
})

describe('the Secret', () => {
  test('that is not there is asked for at each try, and the command that makes it is told', async () => {
    const smtp = await server()
    const { mailer, secret } = mailerFor({})
    secret.data = undefined
    const missing = await mailer.notReady(never)
    expect(missing).toContain('kubectl create secret generic countersign-smtp -n countersign-system')
    expect(wholeLane(await send(mailer))).toBe(missing)
    secret.data = plain(smtp)
    expect(await mailer.notReady(never)).toBeUndefined()
    expect(await send(mailer)).toEqual({ state: 'Sent' })
  })

  test('that is wrong is told of by its name and the key, never a value', async () => {
    const { mailer } = mailerFor({ url: 'smtp://user:hunter2@host:1/path', from: 'x@acme.com' })
    expect(wholeLane(await send(mailer))).toBe(
      'the Secret countersign-smtp in countersign-system: the key url holds no address of the form smtp://host:port or smtps://host:port',
    )
  })

  test('is read again when it is a minute old; what it says then is a new connection', async () => {
    const [a, b] = [await server(), await server()]
    const { mailer, secret, clock } = mailerFor(plain(a))
    await send(mailer)
    secret.data = plain(b)
    await send(mailer)
    expect([a.arrived.length, b.arrived.length]).toEqual([2, 0])
    await clock.advance(60_000)
    await send(mailer)
    expect([a.arrived.length, b.arrived.length]).toEqual([2, 1])
    await expect.poll(() => a.open()).toBe(0)
  })

  test('that the API server does not answer for is taken as it was', async () => {
    const smtp = await server()
    const { mailer, secret, clock } = mailerFor(plain(smtp))
    secret.error = new Error('no connection')
    expect(wholeLane(await send(mailer))).toContain('the API server does not answer')
    secret.error = undefined
    await send(mailer)
    secret.error = new Error('no connection')
    await clock.advance(60_000)
    expect(await send(mailer)).toEqual({ state: 'Sent' })
  })
})
