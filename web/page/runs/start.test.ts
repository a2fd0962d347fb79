import { expect, test } from 'vitest'
import { bodyOf, contextOf, KeyFor } from './start.ts'

test('a key stays while the same is sent, and is another for anything else', () => {
  const form = new KeyFor()
  const first = form.of('a')
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(form.of('a')).toBe(first)
  expect(form.of('b')).not.toBe(first)
  expect(new KeyFor().of('a')).not.toBe(first)
})

test.each(['[]', '"x"', 'null', '7', '{', '{"a": 01}'])('%s is no context', text => {
  expect(contextOf(text)).toHaveProperty('wrong')
})

test('a context is an object, or nothing', () => {
  expect(contextOf(' {"is_admin": false} ')).toEqual({ context: '{"is_admin": false}' })
  expect(contextOf('  ')).toEqual({ context: undefined })
})

test('a context is sent as it was written, so that nothing of it is lost here', () => {
  const body = bodyOf('a', 'say "hi"', '{"n": 12345678901234567890, "n": 1}')
  expect(body).toContain('"context":{"n": 12345678901234567890, "n": 1}')
  expect(JSON.parse(body)).toMatchObject({ agent: 'a', input: 'say "hi"' })
  expect(JSON.parse(bodyOf('a', 'b', undefined))).toEqual({ agent: 'a', input: 'b' })
})
