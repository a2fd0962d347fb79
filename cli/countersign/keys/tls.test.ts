import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../../hack/controlplane/certificates.ts'
import { createGateway } from './gateway.ts'

const authority = createCertificateAuthority(Date.now())
const { key, certificate } = authority.issueServer(['localhost'])
let credentials = 0
const server = createServer({ key, cert: certificate }, (request, response) => {
  if (request.headers.authorization) credentials++
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"items": []}')
})
beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

const ask = (host: string, ca?: string) => {
  const base = new URL(`https://${host}:${(server.address() as AddressInfo).port}`)
  const trust = ca === undefined ? {} : { ca }
  return createGateway({ base, token: 't', timeoutMs: 10_000, ...trust })('GET', '/x')
}

it('a certificate is trusted by the authority that was named', async () => {
  expect(await ask('localhost', authority.certificate)).toEqual({ kind: 'Ok', body: { items: [] } })
})

it('nobody is shown the credential whose certificate is not trusted, or is for another name', async () => {
  credentials = 0
  expect(await ask('localhost')).toMatchObject({ code: 7, message: expect.stringContaining('--gateway-ca') })
  expect(await ask('127.0.0.1', authority.certificate)).toMatchObject({
    code: 7,
    message: expect.stringContaining('its certificate is for another name'),
  })
  expect(credentials).toBe(0)
})
