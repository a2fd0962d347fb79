import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerName, mailAddress, parseMailbox } from './address.ts'

test.each([
  ['alice@acme.com', 'alice@acme.com'],
  ['first.last+tag@mail.acme.com', 'first.last+tag@mail.acme.com'],
  ["o'brien@localhost", "o'brien@localhost"],
  ['alice@bücher.example', 'alice@xn--bcher-kva.example'],
  ['alice@ACME.com', 'alice@acme.com'],
])('%s is an address', (text, address) => {
  expect(mailAddress(text)).toBe(address)
})

test.each([
  ['two', 'alice@acme.com,mallory@acme.com'],
  ['two by a semicolon', 'alice@acme.com;mallory@acme.com'],
  ['two by a space', 'alice@acme.com mallory@acme.com'],
  ['two @', 'alice@acme.com@evil.com'],
  ['a source route', '@evil.com:alice@acme.com'],
  ['a name with it', 'Alice <alice@acme.com>'],
  ['brackets', '<alice@acme.com>'],
  ['a group', 'all:alice@acme.com;'],
  ['quotes', '"alice mallory"@acme.com'],
  ['a comment', 'alice(x)@acme.com'],
  ['another command', 'alice@acme.com\r\nRCPT TO:<mallory@acme.com>'],
  ['a line break', 'alice@acme.com\n'],
  ['a parameter of RCPT', 'alice@acme.com> NOTIFY=NEVER'],
  ['an address literal', 'alice@[127.0.0.1]'],
  ['nothing before the @', '@acme.com'],
  ['nothing behind it', 'alice@'],
  ['no @', 'alice'],
  ['two dots', 'alice..x@acme.com'],
  ['letters beyond ASCII before the @', 'älice@acme.com'],
  ['a zero-width space', 'alice@ac\u200bme.com'],
  ['a percent sign in the domain', 'alice@acme%2ccom'],
  ['too much', `${'a'.repeat(65)}@acme.com`],
])('%s is none', (_, text) => {
  expect(mailAddress(text)).toBeUndefined()
})

test('whatever an address is, it is one, and nothing in it ends it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary' }), fc.string()), text => {
      const address = mailAddress(text)
      if (address !== undefined) expect(address).toMatch(/^[^\s@<>,;:"()[\]\\]+@[a-z0-9.-]+$/)
    }),
  )
})

test.each([
  ['countersign@acme.com', { address: 'countersign@acme.com', name: '' }],
  ['Countersign <countersign@acme.com>', { address: 'countersign@acme.com', name: 'Countersign' }],
  ['"Countersign, shop" <c@acme.com>', { address: 'c@acme.com', name: 'Countersign shop' }],
  [' <c@acme.com> ', { address: 'c@acme.com', name: '' }],
])('%s is a sender', (text, mailbox) => {
  expect(parseMailbox(text)).toEqual(mailbox)
})

test.each(['', 'Countersign', 'a@acme.com, b@acme.com', 'A <a@acme.com> <b@acme.com>', 'A <a@acme.com> x'])(
  '%j is none',
  text => {
    expect(parseMailbox(text)).toBeUndefined()
  },
)

test('a name in a header is one line that says what it is', () => {
  expect(headerName('Alice\r\nBcc: mallory@acme.com')).toBe('Alice r nBcc mallory acme.com')
  expect(headerName('\u202eecilA <x>')).toBe('u202eecilA x')
  expect(headerName('x'.repeat(500))).toHaveLength(100)
})
