import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { genericRequest } from './formats/generic.ts'
import { genericOf } from './formats/generic-payload.ts'
import { eventTypes, TEST_TYPE } from './formats/payload-schema.ts'
import { signingKeys } from './signature.ts'
import { aNotice } from './testing.ts'

type IsSigned = (key: string, headers: Record<string, string>, body: string, now: number) => boolean

const page = readFileSync(join(import.meta.dirname, '../../../docs/notifications.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NOW = Date.parse('2026-11-23T10:00:05Z')
const WHSEC = `whsec_${Buffer.from('a signing key of 32 bytes: 012345').toString('base64')}`

describe('the check of a signature in the docs', () => {
  let isSigned: IsSigned
  beforeAll(async () => {
    const code = /```js\n([\s\S]*?isSigned[\s\S]*?)```/.exec(page)?.[1] ?? ''
    const file = join(folder, 'check.mjs')
    writeFileSync(file, code)
    isSigned = ((await import(pathToFileURL(file).href)) as { isSigned: IsSigned }).isSigned
  })

  const sent = (text: string) => {
    const read = signingKeys(text)
    const { headers, body } = genericRequest(genericOf(aNotice()), read.ok ? read.keys : [], NOW)
    return { headers: headers as Record<string, string>, body }
  }

  it.each([WHSEC, 'a plain key'])('takes what was signed with %s', key => {
    const { headers, body } = sent(key)
    expect(isSigned(key, headers, body, NOW)).toBe(true)
  })

  it('takes either of two keys', () => {
    const { headers, body } = sent(`${WHSEC}\nwhsec_AAAA`)
    expect(isSigned(WHSEC, headers, body, NOW)).toBe(true)
    expect(isSigned('whsec_AAAA', headers, body, NOW)).toBe(true)
  })

  it('refuses what was changed, what is old, and what is not signed', () => {
    const { headers, body } = sent(WHSEC)
    expect(isSigned(WHSEC, headers, `${body} `, NOW)).toBe(false)
    expect(isSigned(WHSEC, { ...headers, 'webhook-id': 'msg_1' }, body, NOW)).toBe(false)
    expect(isSigned(WHSEC, headers, body, NOW + 301_000)).toBe(false)
    expect(isSigned('another key', headers, body, NOW)).toBe(false)
    const { 'webhook-signature': _, ...unsigned } = headers
    expect(isSigned(WHSEC, unsigned, body, NOW)).toBe(false)
  })
})

it('the docs name every type of event', () => {
  for (const type of [...Object.values(eventTypes), TEST_TYPE]) {
    expect(page).toContain(type.replace(/^dev\.countersign\.approval(?=\.(escalated|expired|cancelled))/, ''))
  }
})
