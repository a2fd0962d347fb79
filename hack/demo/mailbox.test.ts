import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterAll, expect, it } from 'vitest'
import { type LandedMail, startMailbox } from './mailbox.ts'
import { parseSmtp } from './smtp.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-mailbox-'))
const told: LandedMail[] = []
const mailbox = await startMailbox(join(folder, 'mail'), mail => told.push(mail))
afterAll(async () => {
  await mailbox.stop()
  rmSync(folder, { recursive: true })
})

it('keeps each mail as it came, tells where, and gives it to who waits for it', async () => {
  const patience = AbortSignal.timeout(20_000)
  const waiting = mailbox.find(({ subject }) => subject === 'second', patience)
  const { hostname, port } = new URL(mailbox.url)
  const transport = createTransport({ host: hostname, port: Number(port) })
  for (const [to, subject] of [
    ['carol@acme.com', 'first'],
    ['x/y@acme.com', 'second'],
  ] as const) {
    await transport.sendMail({
      from: 'countersign@acme.com',
      to: { name: '', address: to },
      subject,
      text: `${subject} text`,
    })
  }
  expect(readdirSync(mailbox.folder).sort()).toEqual(['0001-carol@acme.com.eml', '0002-x_y@acme.com.eml'])
  const second = await waiting
  expect(second.text.trim()).toBe('second text')
  expect(readFileSync(second.file, 'utf8')).toMatch(/^Subject: second\r$/m)
  expect(told.map(({ subject }) => subject)).toEqual(['first', 'second'])
  expect(await mailbox.find(({ to }) => to.includes('carol@acme.com'), patience)).toBe(told[0])
  await expect(mailbox.find(() => false, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})

it.each([
  ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525 }],
  ['smtp://bob:x@mail.acme.com', { host: 'mail.acme.com', port: 587 }],
  ['smtps://[::1]', { host: '::1', port: 465 }],
])('reads --smtp %s', (url, server) => {
  expect(parseSmtp(url)).toEqual({ url, ...server })
})

it.each(['127.0.0.1:2525', 'http://127.0.0.1', 'smtp://', ''])('refuses --smtp %j', text => {
  expect(() => parseSmtp(text)).toThrow('--smtp wants smtp://host:port')
})
