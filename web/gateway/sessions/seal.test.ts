import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { keyIDOf, open, seal, sealKey } from './seal.ts'

const key = sealKey(Buffer.alloc(32, 1))
const other = sealKey(Buffer.alloc(32, 2))
const text = JSON.stringify({ user: 'zoë@acme.com' })

describe('what is sealed', () => {
  test('should be read with the key that it was sealed with, and no other', () => {
    const sealed = seal(text, key)
    expect(open(sealed, key)).toBe(text)
    expect(open(sealed, other)).toBeUndefined()
    expect(keyIDOf(sealed)).toBe(key.id.toString('hex'))
  })

  test('should show nothing of what it holds, and never be the same twice', () => {
    const sealed = seal(text, key)
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('acme')
    expect(seal(text, key)).not.toBe(sealed)
  })

  test('should not open once a single bit of it is another', () => {
    const bytes = Buffer.from(seal(text, key), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
      expect(open(changed.toString('base64url'), key), `bit ${bit}`).toBeUndefined()
    }
  })

  test('should not open cut, lengthened, or under the name of another key', () => {
    const sealed = seal(text, key)
    const bytes = Buffer.from(sealed, 'base64url')
    for (let length = 0; length < bytes.length; length++) {
      expect(open(bytes.subarray(0, length).toString('base64url'), key)).toBeUndefined()
    }
    for (const wrong of [`${sealed}A`, `${sealed}=`, `${sealed}AAAA`, ` ${sealed}`, '', 'a'.repeat(5000)]) {
      expect(open(wrong, key)).toBeUndefined()
    }
    const renamed = Buffer.from(bytes)
    other.id.copy(renamed, 1)
    expect(open(renamed.toString('base64url'), other)).toBeUndefined()
    expect(open(renamed.toString('base64url'), { id: other.id, bytes: key.bytes })).toBeUndefined()
  })

  test('should not open spelled in another way', () => {
    // Of a length that leaves bits of the last letter unused.
    const sealed = ['', 'x', 'xx'].map(more => seal(text + more, key)).find(one => one.length % 4 !== 0) ?? ''
    expect(open(sealed, key)).toBeDefined()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(sealed.at(-1) ?? '')
    const spelled = sealed.slice(0, -1) + alphabet[last ^ 1]
    expect(Buffer.from(spelled, 'base64url')).toEqual(Buffer.from(sealed, 'base64url'))
    expect(open(spelled, key)).toBeUndefined()
  })
})

test.each([0, 16, 31, 33])('a key of %i bytes should be none', length => {
  expect(() => sealKey(randomBytes(length))).toThrow(RangeError)
})
