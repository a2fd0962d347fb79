import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { sampleApprovalRequest } from '../../crds/v1alpha1/samples.ts'
import { createCertificateAuthority } from '../../hack/controlplane/certificates.ts'
import type { KubeObject, ObjectRef } from '../../kube/types.ts'
import type { Patience } from '../notify/mail/transport.ts'
import type { Notice } from '../notify/types.ts'

/** A mail as the server took it. */
export interface Arrived {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly mail: ParsedMail
}

export interface MailServer {
  readonly port: number
  /** What it took, in order. */
  readonly arrived: readonly Arrived[]
  /** Connections that were opened to it. */
  connections(): number
  /** Those that are open now. */
  open(): number
  /** Ends those that are open, without a word. */
  hangUp(): void
  stop(): Promise<void>
}

const authority = createCertificateAuthority(Date.now())

/** A key, and a certificate for these hosts that comes from `ca`. */
export const issued = (hosts: readonly string[]) => {
  const { key, certificate } = authority.issueServer(hosts)
  return { key, cert: certificate }
}
export const ca = authority.certificate

/** A real SMTP server on loopback. Without `onData` of their own tests find in `arrived` what it took. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const arrived: Arrived[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = new SMTPServer({
    ...issued(['127.0.0.1', 'localhost']),
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks)
        const { mailFrom, rcptTo } = session.envelope
        arrived.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: raw.toString('latin1'),
          mail: await simpleParser(raw),
        })
        callback()
      })
    },
    ...options,
  })
  // A client that goes away in the middle of TLS or of a message is what some tests are about.
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    arrived,
    connections: () => connections,
    open: () => sockets.size,
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    stop: () => new Promise(resolve => server.close(() => resolve())),
  }
}

/** The one Secret of these tests, as `find` answers it. */
export function secretOf(data: Record<string, string>) {
  const state = { data: data as Record<string, string> | undefined, error: undefined as unknown, reads: 0 }
  return {
    state,
    find: async <T extends KubeObject>(_: unknown, ref: ObjectRef): Promise<T | undefined> => {
      state.reads += 1
      if (state.error !== undefined) throw state.error
      if (state.data === undefined) return undefined
      const encoded = Object.entries(state.data).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ])
      return { metadata: ref, data: Object.fromEntries(encoded) } as unknown as T
    },
  }
}

/** So little that a test of a silent server ends soon, and so much that no busy machine comes near where it answers. */
export const IMPATIENT: Patience = { connectMs: 20_000, answerMs: 20_000, messageMs: 20_000, idleMs: 20_000 }

/** A request that waits since 2026-11-23 03:00 UTC, for an hour. */
export function aRequest(
  spec: Partial<ApprovalRequest['spec']> = {},
  status: Partial<ApprovalRequest['status']> = {},
  name = 'refund-1-0',
): ApprovalRequest {
  const sample = sampleApprovalRequest('shop', name)
  return {
    ...sample,
    metadata: { ...sample.metadata, uid: `uid-${name}`, creationTimestamp: '2026-11-23T03:00:00Z' },
    spec: { ...sample.spec, requestedBy: 'bob@acme.com', ...spec },
    status: { phase: 'Pending', decisions: [], ...status },
  }
}

export const aNotice = (request = aRequest(), notice: Partial<Notice> = {}): Notice => ({
  id: `msg_${request.metadata.name}`,
  event: 'Requested',
  request,
  expiresAt: Date.parse(request.metadata.creationTimestamp ?? '') + request.spec.timeoutSeconds * 1000,
  url: `https://page.acme.com/projects/shop/approvals/${request.metadata.name}`,
  ...notice,
})

/** Five minutes after `aRequest` was asked for. */
export const NOW = Date.parse('2026-11-23T03:05:00Z')

export const never = new AbortController().signal
