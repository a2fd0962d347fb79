import { expect, test } from 'vitest'
import { ca } from '../../testing/mail.ts'
import { parseSettings } from './settings.ts'

const from = 'Countersign <countersign@acme.com>'

test.each<[Record<string, string>, object]>([
  [
    { url: 'smtp://mail.acme.com', from },
    { host: 'mail.acme.com', port: 587, tls: 'Required', auth: undefined, ca: undefined },
  ],
  [
    { url: 'smtps://mail.acme.com/', from },
    { port: 465, tls: 'Implicit' },
  ],
  [
    { url: 'smtp://mail.acme.com:25\n', from, tls: 'Off' },
    { port: 25, tls: 'Off' },
  ],
  [
    { url: 'smtp://[::1]:2525', from, tls: 'Opportunistic' },
    { host: '::1', port: 2525, tls: 'Opportunistic' },
  ],
  [
    { url: 'smtp://bob%40acme.com:p%3Aw%25@mail.acme.com', from },
    { auth: { username: 'bob@acme.com', password: 'p:w%' } },
  ],
  // What is rotated by itself counts, whatever the url was made with.
  [
    { url: 'smtp://bob:old@mail.acme.com', password: 'new', from },
    { auth: { username: 'bob', password: 'new' } },
  ],
  [
    { url: 'smtps://mail.acme.com', tls: 'Required', from, ca },
    { tls: 'Implicit', ca },
  ],
])('%j', (data, settings) => {
  expect(parseSettings(data)).toMatchObject({
    ok: true,
    settings: { from: { address: 'countersign@acme.com', name: 'Countersign' }, ...settings },
  })
})

test.each<[string, Record<string, string>]>([
  ['the key url is missing', { from }],
  ['the key url holds no address', { url: 'mail.acme.com', from }],
  ['the key url holds no address', { url: 'https://mail.acme.com', from }],
  ['the key url holds no address', { url: 'smtp://mail.acme.com/path', from }],
  ['the key url holds no address', { url: 'smtp://mail.acme.com?secure=false', from }],
  ['the key url holds no address', { url: 'smtp://mail acme.com', from }],
  ['the key url holds no address', { url: 'smtp://:25', from }],
  ['the key url holds a %', { url: 'smtp://bob:hunter2%@mail.acme.com', from }],
  ['the key username is missing', { url: 'smtp://mail.acme.com', password: 'hunter2', from }],
  ['the key password is missing', { url: 'smtp://mail.acme.com', username: 'bob', from }],
  ['the key from is missing', { url: 'smtp://mail.acme.com' }],
  ['the key from holds neither', { url: 'smtp://mail.acme.com', from: 'hunter2' }],
  ['the key tls holds none of', { url: 'smtp://mail.acme.com', tls: 'off', from }],
  ['the key tls says other than the url', { url: 'smtps://mail.acme.com', tls: 'Off', from }],
  ['with a user name set Required', { url: 'smtp://bob:hunter2@mail.acme.com', tls: 'Opportunistic', from }],
  ['the key ca holds no certificate', { url: 'smtp://mail.acme.com', ca: 'hunter2', from }],
  ['the key "pass" means nothing here', { url: 'smtp://mail.acme.com', pass: 'hunter2', from }],
])('%s: %j', (message, data) => {
  const read = parseSettings(data)
  expect(read).toEqual({ ok: false, message: expect.stringContaining(message) })
  expect(JSON.stringify(read)).not.toContain('hunter2')
})
