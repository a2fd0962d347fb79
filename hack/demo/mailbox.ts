import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/** A mail that landed. */
export interface LandedMail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** Path of the whole mail, as it came. */
  readonly file: string
}

/** An SMTP server that keeps what it is sent, for nobody to receive. */
export interface Mailbox {
  readonly url: string
  /** Where mails land, each a file `<number>-<address>.eml`. */
  readonly folder: string
  /** The first mail, of those that landed or the next ones, that is as wanted. Rejects when the signal says so. */
  find(wanted: (mail: LandedMail) => boolean, signal: AbortSignal): Promise<LandedMail>
  stop(): Promise<void>
}

/** Starts it on loopback. @param onMail told of each mail when it can be read in its file */
export const startMailbox = async (folder: string, onMail: (mail: LandedMail) => void): Promise<Mailbox> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const landed: LandedMail[] = []
  const waiting = new Set<() => void>()
  let count = 0

  const keep = async (content: Buffer, to: readonly string[]): Promise<void> => {
    count += 1
    const name = `${String(count).padStart(4, '0')}-${(to[0] ?? '').replace(/[^A-Za-z0-9@._+-]/g, '_')}.eml`
    const file = join(folder, name)
    const { subject = '', text = '' } = await simpleParser(content)
    // Whoever looks into the folder finds whole mails.
    writeFileSync(`${file}.part`, content, { mode: 0o600 })
    renameSync(`${file}.part`, file)
    const mail = { to, subject, text, file }
    landed.push(mail)
    onMail(mail)
    for (const look of waiting) look()
  }

  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1,
    size: 10 * 2 ** 20,
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        keep(Buffer.concat(chunks), to).then(
          () => callback(),
          error => callback(error as Error),
        )
      })
    },
  })
  // A client that hangs up is no trouble of ours.
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    folder,
    find: (wanted, signal) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const mail = landed.find(wanted)
          if (mail === undefined && !signal.aborted) return
          waiting.delete(look)
          signal.removeEventListener('abort', look)
          if (mail === undefined) reject(signal.reason)
          else resolve(mail)
        }
        waiting.add(look)
        signal.addEventListener('abort', look)
        look()
      }),
    stop: () => new Promise(resolve => server.close(() => resolve())),
  }
}
