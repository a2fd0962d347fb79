import { X509Certificate } from 'node:crypto'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { createCertificateAuthority } from './certificates.ts'

const now = Date.UTC(2026, 5, 1, 12)
const hour = 3_600_000

test('a certificate is issued by its authority, for its hosts, from an hour ago for a year', () => {
  const authority = createCertificateAuthority(now)
  const issuer = new X509Certificate(authority.certificate)
  const server = new X509Certificate(authority.issueServer(['127.0.0.1', 'localhost']).certificate)
  expect(issuer.ca).toBe(true)
  expect(server.ca).toBe(false)
  expect(server.checkIssued(issuer) && server.verify(issuer.publicKey)).toBe(true)
  expect(server.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost')
  expect(server.validFromDate.getTime()).toBe(now - hour)
  expect(server.validToDate.getTime()).toBe(now + 365 * 24 * hour)
})

test('a certificate of one authority is not verified by another', () => {
  const { certificate } = createCertificateAuthority(now).issueClient('alice')
  const other = new X509Certificate(createCertificateAuthority(now).certificate)
  expect(new X509Certificate(certificate).verify(other.publicKey)).toBe(false)
})

test('a client certificate names its user and groups', () => {
  const { certificate } = createCertificateAuthority(now).issueClient('zoë@acme.com', ['ops', 'oncall'])
  expect(new X509Certificate(certificate).subject.split('\n')).toEqual([
    'O=ops',
    'O=oncall',
    'CN=zoë@acme.com',
  ])
})

test('dates from 2050 on are written in their long form', () => {
  const authority = createCertificateAuthority(Date.UTC(2051, 0, 1))
  const { validToDate } = new X509Certificate(authority.issueClient('alice').certificate)
  expect(validToDate).toEqual(new Date(Date.UTC(2052, 0, 1)))
})

test('both sides of a TLS connection accept them', async () => {
  const authority = createCertificateAuthority(Date.now())
  const ca = authority.certificate
  const { key, certificate } = authority.issueServer(['127.0.0.1'])
  const server = createServer({ key, cert: certificate, ca, requestCert: true }, (incoming, outgoing) => {
    const { subject } = (incoming.socket as TLSSocket).getPeerCertificate()
    outgoing.end(subject.CN)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = authority.issueClient('alice', ['ops'])
  const seen = await new Promise<string>((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const options = { host: '127.0.0.1', port, ca, key: client.key, cert: client.certificate, agent: false }
    request(options, answer => answer.setEncoding('utf8').once('data', resolve))
      .once('error', reject)
      .end()
  })
  expect(seen).toBe('alice')
  server.close()
})
