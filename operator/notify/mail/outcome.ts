import { cutText } from '../../policy/json.ts'
import { visible } from '../../policy/visible.ts'
import type { Outcome } from '../types.ts'
import type { SmtpSettings } from './settings.ts'

/** What nodemailer says of a failure, as far as it is read. */
interface Failure {
  readonly code: string
  /** `MAIL FROM`, `RCPT TO`, `DATA`, `STARTTLS`, `AUTH ...`, `CONN`, `API`. */
  readonly command: string
  /** Code of the server's reply; 0: it did not reply. */
  readonly replyCode: number
  readonly reply: string
  /** The error of the system or of TLS beneath, as ECONNREFUSED. */
  readonly cause: string
}

const REPLY_LENGTH = 200

/** What a failed try means: for this message, or for every message. `secret`: the name of the Secret, for remedies. */
export function outcomeOf(error: unknown, settings: SmtpSettings, secret: string): Outcome {
  const failure = read(error)
  const server = `${settings.host}:${settings.port}`
  const said = quote(failure, settings)
  if (failure.code === 'EAUTH' || failure.code === 'ENOAUTH')
    return lane(refusedLogin(failure, server, secret))
  if (failure.code === 'ETLS' || isCertificate(failure.cause)) {
    return lane(noTls(failure, settings, server, secret))
  }
  const { replyCode, command } = failure
  if (replyCode === 421)
    return lane(`the mail server ${server} is closing the connection${said}; it is tried again`)
  if (replyCode === 530) {
    return lane(
      `the mail server ${server} wants a user name${said}: set username and password in the Secret ${secret}`,
    )
  }
  if (command === 'MAIL FROM' && replyCode >= 500 && replyCode !== 552) {
    return lane(
      `the mail server ${server} refuses the sender${said}: correct the key from of the Secret ${secret}`,
    )
  }
  if (replyCode >= 500 && replyCode !== 503 && isAbout(command)) {
    const what = command === 'RCPT TO' ? 'the recipient' : 'the message'
    return { state: 'Failed', error: `the mail server refuses ${what}${said}` }
  }
  if (replyCode >= 400 && isAbout(command)) {
    return { state: 'Retrying', error: `the mail server puts it off${said}; it is tried again` }
  }
  if (replyCode >= 400)
    return lane(`the mail server ${server} refuses the connection${said}; it is tried again`)
  return lane(unreachable(failure, server, secret))
}

const lane = (error: string): Outcome => ({ state: 'Retrying', error, wholeLane: true })

const isAbout = (command: string): boolean =>
  command === 'MAIL FROM' || command === 'RCPT TO' || command === 'DATA'

function refusedLogin({ replyCode }: Failure, server: string, secret: string): string {
  const code = replyCode === 0 ? '' : ` (${replyCode})`
  return replyCode >= 400 && replyCode < 500
    ? `the mail server ${server} cannot check the user name now${code}; it is tried again`
    : `the mail server ${server} does not take the user name and password${code}: correct them in the Secret ${secret}`
}

function noTls(
  { cause, replyCode }: Failure,
  { tls, ca }: SmtpSettings,
  server: string,
  secret: string,
): string {
  if (isCertificate(cause)) {
    const remedy =
      ca === undefined ? `if it is your own, put its CA into the key ca` : 'it does not come from the key ca'
    return cause === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? `the certificate of the mail server ${server} is for another name: the key url of the Secret ${secret} must name the host that it is for`
      : `the certificate of the mail server ${server} is not trusted (${cause}): ${remedy} of the Secret ${secret}`
  }
  if (tls === 'Required' && replyCode >= 500) {
    return `the mail server ${server} offers no STARTTLS, so that nothing is sent: use another port or smtps://, or set the key tls of the Secret ${secret}`
  }
  return `TLS with the mail server ${server} failed: the key url of the Secret ${secret} says smtp:// for STARTTLS, smtps:// for TLS from the start`
}

/** Codes of Node for a certificate that does not hold; the others of TLS are about the connection. */
const isCertificate = (cause: string): boolean =>
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ISSUER|CRL/.test(cause) && !/^ERR_SSL/.test(cause)

function unreachable({ code, cause }: Failure, server: string, secret: string): string {
  const check = `it is tried again; check the server and the key url of the Secret ${secret}`
  if (code === 'ETIMEDOUT' || code === 'EABORT')
    return `the mail server ${server} does not answer in time: ${check}`
  if (code === 'EDNS') return `the host of the mail server ${server} has no address: ${check}`
  if (/^ERR_SSL|^EPROTO$/.test(cause)) {
    return `TLS with the mail server ${server} failed: the key url of the Secret ${secret} says smtp:// for STARTTLS, smtps:// for TLS from the start`
  }
  const why = /^E[A-Z]+$/.test(cause) ? ` (${cause})` : ''
  return `no connection to the mail server ${server}, or it was lost${why}: ${check}`
}

/** What the server replied, shortened, for people: nothing where it replied to a login, which it might repeat. */
function quote({ reply, command }: Failure, { auth }: SmtpSettings): string {
  if (reply === '' || command.startsWith('AUTH')) return ''
  const secrets = auth === undefined ? [] : formsOf(auth)
  if (secrets.some(secret => reply.includes(secret))) return ''
  return ` ("${cutText(visible(reply.replace(/\s+/g, ' ').trim()), REPLY_LENGTH)}")`
}

/** The password as it stands, and as it goes over the line. */
const formsOf = ({ username, password }: { username: string; password: string }): string[] => [
  password,
  ...[password, `\0${username}\0${password}`].map(text => Buffer.from(text, 'utf8').toString('base64')),
]

function read(error: unknown): Failure {
  const { code, command, responseCode, response, originalCode, cause } = (error ?? {}) as Readonly<
    Record<string, unknown>
  >
  const below = (cause ?? {}) as Readonly<Record<string, unknown>>
  return {
    code: text(code),
    command: text(command),
    replyCode: typeof responseCode === 'number' ? responseCode : 0,
    reply: text(response),
    cause: text(originalCode) || text(below.code) || text(code),
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
