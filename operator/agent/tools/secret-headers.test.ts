import { describe, expect, it } from 'vitest'
import { toHeaders } from './secret-headers.ts'

describe('headers', () => {
  it('are the data', () => {
    const data = { Authorization: 'Bearer x', 'x-tenant': 'shop' }
    expect(toHeaders(data)).toEqual({ ok: true, headers: data })
  })

  it.each([
    ['a line break', { 'x-a': 'hunter2\r\nHost: evil' }],
    ['a line feed', { 'x-a': 'hunter2\nx' }],
    ['a nul', { 'x-a': 'hunter2\0' }],
    ['a character beyond latin', { 'x-a': 'hunter2€' }],
    ['a bad name', { 'x a': 'hunter2' }],
    ['an empty name', { '': 'hunter2' }],
    ['the host', { Host: 'hunter2' }],
    ['the length', { 'Content-Length': '5' }],
    ['the connection', { connection: 'x-a' }],
    ['the coding', { 'Transfer-Encoding': 'chunked' }],
    ['our key', { 'idempotency-key': 'hunter2' }],
    ['a session', { 'Mcp-Session-Id': 'hunter2' }],
  ])('with %s are refused, without the value', (_, data) => {
    const read = toHeaders(data)
    expect(read.ok).toBe(false)
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })
})
