import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Composed } from './compose/composed.ts'
import type { SmtpSettings } from './settings.ts'

/** Milliseconds that a server may take. */
export interface Patience {
  /** From looking its name up to the end of STARTTLS. */
  readonly connectMs: number
  /** For an answer. Long, as some servers look through a message before they take it; who gives up early sends twice. */
  readonly answerMs: number
  /** For all of one message: a server that sends a byte now and then never runs into `answerMs`. */
  readonly messageMs: number
  /** So long an unused connection is kept. */
  readonly idleMs: number
}

export const PATIENCE: Patience = { connectMs: 30_000, answerMs: 60_000, messageMs: 150_000, idleMs: 30_000 }

/** One connection to the server, opened when there is something to send and kept for a while. */
export interface Transport {
  /** Resolves when the server has taken the message. Rejects with nodemailer's error, which outcome.ts reads. */
  send(mail: Composed, signal: AbortSignal): Promise<void>
  close(): void
}

export function openTransport(settings: SmtpSettings, patience: Patience): Transport {
  const { host, port, tls, auth, ca } = settings
  const pool = createTransport({
    pool: true,
    maxConnections: 1,
    // What waits on a connection that the server has let go goes out over a new one; beyond that the outbox tries again.
    maxRequeues: 1,
    idleTimeout: patience.idleMs,
    connectionTimeout: patience.connectMs,
    greetingTimeout: patience.connectMs,
    dnsTimeout: patience.connectMs,
    socketTimeout: patience.answerMs,
    socketCloseTimeout: 1000,
    maxResponseSize: 65_536,
    host,
    port,
    secure: tls === 'Implicit',
    requireTLS: tls === 'Required',
    ignoreTLS: tls === 'Off',
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
    },
    // Without forceAuth a server that offers no login would get the message from nobody in particular.
    ...(auth === undefined ? {} : { auth: { user: auth.username, pass: auth.password }, forceAuth: true }),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // What goes wrong while nothing is being sent is no news: the next message opens another connection.
  pool.on('error', () => {})
  return {
    send: async ({ from, to, messageId, references, date, subject, text, html }, signal) => {
      await pool.sendMail({
        from,
        to,
        // Told apart from the headers: nothing that stands in them can add a recipient.
        envelope: { from: from.address, to: [to.address] },
        messageId,
        ...(references === undefined ? {} : { references, inReplyTo: references }),
        date,
        subject,
        text,
        html,
        textEncoding: 'quoted-printable',
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      })
    },
    close: () => pool.close({ force: true }),
  }
}
