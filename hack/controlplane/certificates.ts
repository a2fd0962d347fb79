import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import * as der from './der.ts'

/** A private key and its certificate, both PEM. */
export interface KeyAndCertificate {
  readonly key: string
  readonly certificate: string
}

/** A certificate authority of one control plane; its key never leaves the process. */
export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string
  /** For a server at these names and addresses. */
  issueServer(hosts: readonly string[]): KeyAndCertificate
  /** For a person or program: Kubernetes reads the user name from CN and the groups from O. */
  issueClient(name: string, groups?: readonly string[]): KeyAndCertificate
}

interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

const hour = 3_600_000
/** A demo may stay up for days; nothing needs it longer. */
const lifetime = 365 * 24 * hour

/** Makes a new authority (P-256). `now` is in milliseconds since the epoch. */
export function createCertificateAuthority(now: number): CertificateAuthority {
  const { publicKey, privateKey } = newKeyPair()
  const issuer: Subject = { commonName: 'countersign-test-ca' }
  const keyId = keyIdentifier(publicKey)
  const issue = (subject: Subject, key: KeyObject, extensions: readonly Buffer[]): string =>
    certificate({ subject, issuer, key, signer: privateKey, now, extensions })
  const issueLeaf = (subject: Subject, usage: string, extensions: readonly Buffer[]): KeyAndCertificate => {
    const pair = newKeyPair()
    const pem = issue(subject, pair.publicKey, [
      // Bit 0: digitalSignature.
      extension(oid.keyUsage, true, der.bitString(Buffer.of(0x80), 7)),
      extension(oid.extendedKeyUsage, false, der.sequence(der.objectIdentifier(usage))),
      extension(oid.authorityKeyIdentifier, false, der.sequence(der.taggedBytes(0, keyId))),
      ...extensions,
    ])
    return { key: privatePem(pair.privateKey), certificate: pem }
  }
  return {
    certificate: issue(issuer, publicKey, [
      extension(oid.basicConstraints, true, der.sequence(der.boolean(true))),
      // Bit 5: keyCertSign.
      extension(oid.keyUsage, true, der.bitString(Buffer.of(0x04), 2)),
      extension(oid.subjectKeyIdentifier, false, der.octetString(keyId)),
    ]),
    issueServer(hosts) {
      const names = extension(oid.subjectAltName, false, der.sequence(...hosts.map(generalName)))
      return issueLeaf({ commonName: hosts[0] ?? 'server' }, oid.serverAuth, [names])
    },
    issueClient(name, groups = []) {
      return issueLeaf({ commonName: name, organizations: groups }, oid.clientAuth, [])
    },
  }
}

/** A signing key for ServiceAccount tokens: private (PKCS #8) and public (SPKI), both PEM. */
export function createTokenKey(): { readonly privateKey: string; readonly publicKey: string } {
  const pair = newKeyPair()
  return {
    privateKey: privatePem(pair.privateKey),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

const newKeyPair = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

interface CertificateParts {
  readonly subject: Subject
  readonly issuer: Subject
  /** The subject's. */
  readonly key: KeyObject
  /** The issuer's. */
  readonly signer: KeyObject
  readonly now: number
  readonly extensions: readonly Buffer[]
}

/** An X.509 certificate (RFC 5280), version 3, as PEM. */
function certificate({ subject, issuer, key, signer, now, extensions }: CertificateParts): string {
  const algorithm = der.sequence(der.objectIdentifier(oid.ecdsaWithSha256))
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const toBeSigned = der.sequence(
    der.tagged(0, der.integer(Buffer.of(2))),
    der.integer(serial),
    algorithm,
    distinguishedName(issuer),
    // An hour ago: a virtual machine's clock may step back.
    der.sequence(der.time(new Date(now - hour)), der.time(new Date(now + lifetime))),
    distinguishedName(subject),
    key.export({ type: 'spki', format: 'der' }),
    der.tagged(3, der.sequence(...extensions)),
  )
  const signature = sign('sha256', toBeSigned, signer)
  const bytes = der.sequence(toBeSigned, algorithm, der.bitString(signature))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)))
  return der.sequence(
    ...organizations.map(name => attribute(oid.organization, name)),
    attribute(oid.commonName, commonName),
  )
}

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value))

/** A subjectAltName entry: [2] a DNS name, [7] an IPv4 address. */
const generalName = (host: string): Buffer =>
  isIP(host) === 4
    ? der.taggedBytes(7, Buffer.from(host.split('.').map(Number)))
    : der.taggedBytes(2, Buffer.from(host))

const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20)
