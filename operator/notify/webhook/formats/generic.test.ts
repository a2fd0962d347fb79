import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { notificationEvents } from '../../../../crds/v1alpha1/approvalrequest.ts'
import { aNotice, aTest } from '../testing.ts'
import { genericRequest, headerValue } from './generic.ts'
import { genericOf, genericTest } from './generic-payload.ts'

const schema = join(import.meta.dirname, '../../../../docs/notification.v1.schema.json')
const ajv = new Ajv2020({ strict: false })
formats.default(ajv)
const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))
const valid = (body: unknown) => validate(JSON.parse(JSON.stringify(body))) || validate.errors

const settled = {
  phase: 'Rejected',
  decidedAt: '2026-11-23T10:20:30Z',
  decisions: [
    {
      reviewer: 'alice@acme.com',
      verdict: 'Reject',
      reason: 'no',
      via: 'Web',
      decidedAt: '2026-11-23T10:20:29Z',
    },
  ],
  message: 'alice@acme.com rejected it: no',
} as const

describe('what a Generic webhook carries', () => {
  it.each(notificationEvents)('is as the published schema says: %s', event => {
    const over = ['Decided', 'Expired', 'Cancelled'].includes(event)
    const notice = aNotice({
      event,
      ...(over ? { status: { ...settled, decisions: [...settled.decisions] } } : {}),
    })
    expect(valid(genericOf(notice))).toBe(true)
    expect(valid(genericOf(aNotice({ event, url: undefined })))).toBe(true)
  })

  it('is as the published schema says: a test', () => {
    expect(valid(genericTest(aTest, 1))).toBe(true)
    expect(valid({ ...genericTest(aTest, 1), version: 'v2' })).not.toBe(true)
  })

  it.each([
    ['Requested', '2026-11-23T10:00:00Z'],
    ['Reminded', '2026-11-23T10:15:00Z'],
    ['Escalated', '2026-11-23T10:30:00Z'],
    ['Decided', '2026-11-23T10:20:30Z'],
    ['Expired', '2026-11-23T10:20:30Z'],
    ['Cancelled', '2026-11-23T10:20:30Z'],
  ] as const)('says when it happened, at each try the same: %s', (event, time) => {
    const spec = { remindAfterSeconds: 900, escalateAfterSeconds: 1800 }
    const notice = aNotice({ event, spec, status: { ...settled, decisions: [...settled.decisions] } })
    const tries = [1_800_000_000_000, 1_900_000_000_000].map(now =>
      genericRequest(genericOf(notice), [], now),
    )
    expect(tries.map(({ headers }) => headers['ce-time' as never])).toEqual([time, time])
    expect(tries[0]?.body).toBe(tries[1]?.body)
    expect(tries.map(({ headers }) => headers['webhook-timestamp'])).toEqual(['1800000000', '1900000000'])
  })
})

describe('a header of CloudEvents', () => {
  it.each([
    ['order-run-7-1-0', 'order-run-7-1-0'],
    // The example of the specification.
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['a "b" %20', 'a%20%22b%22%20%2520'],
    ['a\r\nx-evil: 1', 'a%0D%0Ax-evil:%201'],
    ['\ud800', '%EF%BF%BD'],
  ])('holds %j as %s', (value, written) => {
    expect(headerValue(value)).toBe(written)
  })

  it('is printable ASCII that reads back as what was written, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), value => {
        const written = headerValue(value)
        expect(written).toMatch(/^[\x21-\x7e]*$/)
        expect(decodeURIComponent(written)).toBe(value)
      }),
    )
  })
})
