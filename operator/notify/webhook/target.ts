import type { Client } from '../../../kube/client.ts'
import { readSecret } from '../../egress/secrets.ts'
import type { Webhook } from '../types.ts'
import { signingKeys } from './signature.ts'

/** Where a webhook is, and the keys that go with it. */
export interface Target {
  readonly url: URL
  /** Of the user and password that the URL had. */
  readonly authorization: string | undefined
  /** For the format Generic; none: what is sent is not signed. */
  readonly signingKeys: readonly Buffer[]
  /** For the format PagerDuty. */
  readonly routingKey: string | undefined
  /** Everything in it that may be shown to nobody. */
  readonly secrets: readonly string[]
}

export type TargetRead =
  | { readonly ok: true; readonly target: Target }
  /** `message`: what to do, with nothing of a Secret but names of keys and the host of the URL. */
  | { readonly ok: false; readonly message: string }

interface Request {
  readonly client: Pick<Client, 'find'>
  readonly webhook: Webhook
  /** Namespace of the project. */
  readonly project: string
  readonly signal: AbortSignal
}

type Data = Readonly<Record<string, string>>

/**
 * Reads the Secrets of a webhook as they are now. Each must name the host of the URL: whoever may edit the project
 * could otherwise have any Secret of the namespace sent anywhere.
 * @throws ApiError or ConnectionError when the API server cannot be asked
 */
export async function readTarget(request: Request): Promise<TargetRead> {
  const { client, webhook, project: namespace, signal } = request
  const { urlSecretRef: at, signingKeySecretRef: by, format } = webhook
  const common = { client, namespace, signal }
  const read = await readSecret({ ...common, name: at.name, host: data => hostsOf(data[at.key]) })
  if (!read.ok) return wrong(read.message)
  const text = read.data[at.key]
  if (text === undefined) return wrong(`The Secret ${at.name} has no key ${at.key}.`)
  const url = parsed(text)
  if (url === undefined) {
    return wrong(`The key ${at.key} of the Secret ${at.name} is no URL (https://...).`)
  }
  let key: string | undefined
  if (by !== undefined && (format === 'Generic' || format === 'PagerDuty')) {
    const keyRead = await readSecret({ ...common, name: by.name, host: url.hostname })
    if (!keyRead.ok) return wrong(keyRead.message)
    key = keyRead.data[by.key]
    if (key === undefined) return wrong(`The Secret ${by.name} has no key ${by.key}.`)
    if (key.trim() === '') return wrong(`The key ${by.key} of the Secret ${by.name} is empty.`)
  }
  const signing = key === undefined || format !== 'Generic' ? undefined : signingKeys(key)
  if (signing?.ok === false) return wrong(`The key ${by?.key} of the Secret ${by?.name}: ${signing.message}.`)
  return {
    ok: true,
    target: targetOf(url, format, read.data, signing?.keys ?? [], format === 'PagerDuty' ? key : undefined, [
      ...(key === undefined ? [] : [key, ...key.split(/\s+/)]),
    ]),
  }
}

function targetOf(
  url: URL,
  format: Webhook['format'],
  data: Data,
  keys: readonly Buffer[],
  ownKey: string | undefined,
  keyTexts: readonly string[],
): Target {
  const { username, password } = url
  const authorization =
    username === '' && password === ''
      ? undefined
      : `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
  const secrets = [...keyTexts, ...secretsOf(url), ...(authorization?.split(' ') ?? [])]
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  bare.hash = ''
  let routingKey: string | undefined
  if (format === 'PagerDuty') {
    const inURL = bare.searchParams.get('routing_key') ?? undefined
    bare.searchParams.delete('routing_key')
    routingKey = (ownKey ?? data.routingKey ?? inURL)?.trim() || undefined
    if (routingKey !== undefined) secrets.push(routingKey)
  }
  return { url: bare, authorization, signingKeys: keys, routingKey, secrets }
}

/** Parts of a URL that are, or may be, credentials: as they stand there, and as they read. */
const secretsOf = (url: URL): string[] =>
  [
    url.href,
    `${url.pathname}${url.search}`,
    url.pathname,
    url.username,
    url.password,
    ...url.pathname.split('/'),
    ...url.searchParams.values(),
  ].flatMap(part => [part, decoded(part)])

const parsed = (text: string): URL | undefined => {
  const trimmed = text.trim()
  if (!/^https?:\/\//i.test(trimmed)) return undefined
  return URL.canParse(trimmed) ? new URL(trimmed) : undefined
}

const hostsOf = (text: string | undefined): string[] => {
  const url = parsed(text ?? '')
  return url === undefined ? [] : [url.hostname]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const wrong = (message: string): TargetRead => ({ ok: false, message })
