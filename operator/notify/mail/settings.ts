import { X509Certificate } from 'node:crypto'
import { type Mailbox, parseMailbox } from './address.ts'

/** How mail is sent: the Secret, read. Never to be logged as a whole. */
export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /**
   * `Implicit`: the connection is TLS from its first byte (`smtps://`). `Required`: STARTTLS, or nothing is sent.
   * `Opportunistic`: STARTTLS where the server offers it. `Off`: none, even if it is offered.
   */
  readonly tls: 'Implicit' | 'Required' | 'Opportunistic' | 'Off'
  readonly auth: { readonly username: string; readonly password: string } | undefined
  readonly from: Mailbox
  /** Certificates in PEM that the server's must come from, in place of the public ones. */
  readonly ca: string | undefined
}

/** The settings, or what is wrong with them: it names the key, and never a value. */
export type SettingsRead =
  | { readonly ok: true; readonly settings: SmtpSettings }
  | { readonly ok: false; readonly message: string }

const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const
const KEYS = new Set(['url', 'username', 'password', 'from', 'tls', 'ca'])

/** Reads the data of the Secret, decoded. */
export function parseSettings(data: Readonly<Record<string, string>>): SettingsRead {
  const unknown = Object.keys(data).find(key => !KEYS.has(key))
  if (unknown !== undefined) {
    return wrong(
      `the key ${JSON.stringify(unknown)} means nothing here: the keys are ${[...KEYS].join(', ')}`,
    )
  }
  const server = readURL(data.url)
  if (typeof server === 'string') return wrong(server)
  const tls = readTls(data.tls, server.secure)
  if (typeof tls === 'string') return wrong(tls)
  const auth = readAuth(data, server)
  if (typeof auth === 'string') return wrong(auth)
  if (auth.auth && tls.tls === 'Opportunistic') {
    return wrong(
      'the key tls says Opportunistic, which would show the password to who is in between: with a user name set Required',
    )
  }
  if (data.from === undefined) return wrong('the key from is missing: the address that mail comes from')
  const from = parseMailbox(data.from)
  if (from === undefined) return wrong('the key from holds neither an address nor Name <address>')
  const ca = readCa(data.ca)
  if (typeof ca === 'string') return wrong(ca)
  const { host, port } = server
  return { ok: true, settings: { host, port, ...tls, ...auth, from, ...ca } }
}

const wrong = (message: string): SettingsRead => ({ ok: false, message })

interface Server {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly username: string
  readonly password: string
}

function readURL(text: string | undefined): Server | string {
  if (text === undefined) return 'the key url is missing: smtp://host:port or smtps://host:port'
  const bad = 'the key url holds no address of the form smtp://host:port or smtps://host:port'
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  if (url?.protocol !== 'smtp:' && url?.protocol !== 'smtps:') return bad
  if (url.hostname === '' || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return bad
  try {
    const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
    if (!/^[A-Za-z0-9._:-]+$/.test(host)) return bad
    return {
      host,
      port: url.port === '' ? PORTS[url.protocol] : Number(url.port),
      secure: url.protocol === 'smtps:',
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }
  } catch {
    return 'the key url holds a % that begins no character: in user name and password write % as %25'
  }
}

function readTls(text: string | undefined, secure: boolean): Pick<SmtpSettings, 'tls'> | string {
  const tls = text?.trim() ?? 'Required'
  if (tls !== 'Required' && tls !== 'Opportunistic' && tls !== 'Off') {
    return 'the key tls holds none of Required, Opportunistic, Off'
  }
  if (!secure) return { tls }
  return tls === 'Required'
    ? { tls: 'Implicit' }
    : 'the key tls says other than the url: smtps:// is always TLS'
}

function readAuth(
  data: Readonly<Record<string, string>>,
  server: Server,
): Pick<SmtpSettings, 'auth'> | string {
  const username = data.username ?? server.username
  const password = data.password ?? server.password
  if (username === '' && password === '') return { auth: undefined }
  if (username === '') return 'there is a password, and the key username is missing'
  if (password === '') return 'there is a user name, and the key password is missing'
  return { auth: { username, password } }
}

function readCa(text: string | undefined): Pick<SmtpSettings, 'ca'> | string {
  if (text === undefined) return { ca: undefined }
  try {
    // Reads the first certificate: a file that holds none, or a key, is found here and not at the first mail.
    new X509Certificate(text)
    return { ca: text }
  } catch {
    return 'the key ca holds no certificate in PEM form'
  }
}
