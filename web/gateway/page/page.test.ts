import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { afterAll, expect, test } from 'vitest'
import type { App } from '../http/app.ts'
import { readPage } from './files.ts'
import { pageRoutes } from './routes.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-page-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'assets'))
const script = 'let page = 1\n'.repeat(100)
writeFileSync(join(folder, 'index.html'), '<!doctype html>')
writeFileSync(join(folder, 'assets', 'index-abc.js'), script)
writeFileSync(join(folder, 'secret.txt'), 'not of the page')

const serve = (): App => {
  const files = readPage(folder)
  if (files === undefined) throw new Error('no page')
  const app = Fastify() as unknown as App
  app.addHook('onRequest', async (_, reply) => {
    reply.header('cache-control', 'no-store')
  })
  pageRoutes(app, files)
  return app
}

test('every address of the page is its index, which is never kept and runs nothing but its own files', async () => {
  const app = serve()
  for (const url of [
    '/',
    '/projects',
    '/projects/shop/approvals/order-run-7-1-0?run=x',
    '/projects/shop/runs/a',
  ]) {
    const { statusCode, headers, body } = await app.inject({ url })
    expect([statusCode, headers['content-type'], body]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<!doctype html>',
    ])
    expect(headers['cache-control']).toBe('no-store')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
  }
})

test('files whose names hold their digest are kept for ever, and sent packed to those who take it', async () => {
  const app = serve()
  const url = '/assets/index-abc.js'
  const plain = await app.inject({ url })
  expect(plain.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
    vary: 'accept-encoding',
  })
  expect(plain.body).toBe(script)
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(packed.rawPayload).toString()).toBe(script)
  const refused = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0' } })
  expect(refused.headers['content-encoding']).toBeUndefined()
  const again = await app.inject({ url, headers: { 'if-none-match': String(plain.headers.etag) } })
  expect([again.statusCode, again.body]).toEqual([304, ''])
})

test('nothing else is served: no other file, no way out of the folder, no file that does not exist', async () => {
  const app = serve()
  for (const url of [
    '/secret.txt',
    '/assets/../../etc/passwd',
    '/assets/%2e%2e/index.html',
    '/assets/other.js',
    '/index',
  ]) {
    expect([url, (await app.inject({ url })).statusCode]).toEqual([url, 404])
  }
})

test('where nothing was built there is no page', () => {
  expect(readPage(join(folder, 'nowhere'))).toBeUndefined()
})
