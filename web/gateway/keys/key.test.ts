import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashOf, isMeantAsKey, mintKey, parseKey, secretMatches } from './key.ts'

describe('a minted key', () => {
  test('should be csk_, an id of 16 and a secret of 256 random bits, of lower-case letters and digits alone', () => {
    for (let i = 0; i < 200; i++) {
      const { id, text } = mintKey(randomBytes)
      expect(text).toMatch(/^csk_[a-z0-9]{16}_[a-z0-9]{52}$/)
      expect(text.split('_')[1]).toBe(id)
    }
  })

  test('should be parsed to what its hash is of', () => {
    const { id, text, hash } = mintKey(randomBytes)
    const sent = parseKey(text)
    expect(sent?.id).toBe(id)
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(secretMatches(sent?.secret ?? '', hash)).toBe(true)
  })

  test('should spend every random bit: one bit more or less is another key', () => {
    const texts = new Set<string>()
    for (let byte = 0; byte < 42; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        let asked = 0
        const { text } = mintKey(bytes => {
          const random = new Uint8Array(bytes)
          const index = byte - asked
          asked += bytes
          if (index >= 0 && index < bytes) random[index] = 1 << bit
          return random
        })
        texts.add(text)
      }
    }
    expect(texts.size).toBe(42 * 8)
  })

  test('should be written as RFC 4648 says', () => {
    const bytes = (count: number) => Buffer.from('foobarfoobarfoobarfoobarfoobarfoobar').subarray(0, count)
    expect(mintKey(bytes).id).toBe('mzxw6ytbojtg633c')
  })
})

describe('what is sent as a key', () => {
  const id = 'k7d2p9k7d2p9k7d2'
  const secret = 'a'.repeat(52)
  test.each([
    ['nothing', ''],
    ['the prefix alone', 'csk_'],
    ['no secret', `csk_${id}`],
    ['an empty secret', `csk_${id}_`],
    ['a short id', `csk_${id.slice(1)}_${secret}`],
    ['a long id', `csk_${id}a_${secret}`],
    ['upper case', `csk_${id}_${secret.toUpperCase()}`],
    ['another prefix', `CSK_${id}_${secret}`],
    ['a path in the id', `csk_../../secrets/a_${secret}`],
    ['a line after it', `csk_${id}_${secret}\n`],
    ['a third part', `csk_${id}_${secret}_x`],
    ['a secret without end', `csk_${id}_${'a'.repeat(129)}`],
  ])('should not be a key: %s', (_, text) => {
    expect(parseKey(text)).toBeUndefined()
  })

  test('should be told from a token by its prefix, well-formed or not', () => {
    expect(parseKey(`csk_${id}_${secret}`)).toEqual({ id, secret })
    expect(isMeantAsKey('csk_broken')).toBe(true)
    expect(isMeantAsKey('eyJ')).toBe(false)
  })
})

describe('a secret', () => {
  test('should match its own hash and no other', () => {
    expect(secretMatches('secret', hashOf('secret'))).toBe(true)
    expect(secretMatches('secret', hashOf('Secret'))).toBe(false)
    expect(secretMatches('secret', 'sha256:')).toBe(false)
    expect(secretMatches('secret', '')).toBe(false)
  })

  test('should never match the key that does not exist', () => {
    expect(secretMatches('secret', undefined)).toBe(false)
    expect(secretMatches('', undefined)).toBe(false)
  })
})
