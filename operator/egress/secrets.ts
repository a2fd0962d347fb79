import { ANNOTATIONS, LABELS } from '../../crds/v1alpha1/meta.ts'
import type { Client } from '../../kube/client.ts'
import { secrets } from '../secret.ts'

export type SecretRefusal = 'SecretNotFound' | 'SecretNotLabelled' | 'SecretNotForHost'

export type SecretRead =
  | { readonly ok: true; readonly data: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly reason: SecretRefusal; readonly message: string }

export interface SecretRequest {
  readonly client: Pick<Client, 'find'>
  readonly namespace: string
  readonly name: string
  /**
   * Where the Secret is to be sent: one host, or several that must all be named. Without ports. A function where the
   * Secret itself says it (the URL of a webhook); the data goes no further unless what it answers is named.
   */
  readonly host: string | readonly string[] | ((data: Readonly<Record<string, string>>) => readonly string[])
  readonly signal?: AbortSignal
}

/**
 * A Secret's data, decoded, if its owner allowed it to be sent there: it carries the label `countersign.dev/use: "true"`
 * and names every host in its annotation `countersign.dev/hosts`. Whoever may edit agents could otherwise have any
 * Secret of the namespace sent anywhere.
 * @throws ApiError or ConnectionError when the API server cannot be asked
 */
export async function readSecret(request: SecretRequest): Promise<SecretRead> {
  const { client, namespace, name, signal } = request
  const secret = await client.find(secrets, { namespace, name }, signal === undefined ? {} : { signal })
  if (secret === undefined) {
    return refuse('SecretNotFound', `There is no Secret ${name} in the namespace ${namespace}.`)
  }
  if (secret.metadata.labels?.[LABELS.use] !== 'true') {
    return refuse(
      'SecretNotLabelled',
      `The Secret ${name} is not meant for agents or webhooks. If it is: kubectl label secret ${name} -n ${namespace} ${LABELS.use}=true`,
    )
  }
  const allowed = new Set((secret.metadata.annotations?.[ANNOTATIONS.hosts] ?? '').split(',').map(normalHost))
  const data = decode(secret.data ?? {})
  const to = typeof request.host === 'function' ? request.host(data) : request.host
  const hosts = typeof to === 'string' ? [to] : to
  const missing = hosts.find(host => host === '' || !allowed.has(normalHost(host)))
  if (missing !== undefined) {
    return refuse(
      'SecretNotForHost',
      `The Secret ${name} may not be sent to ${missing}: its annotation ${ANNOTATIONS.hosts} does not name that host.`,
    )
  }
  return { ok: true, data }
}

const refuse = (reason: SecretRefusal, message: string): SecretRead => ({ ok: false, reason, message })

/** A host as it is compared: one name has one form. An entry with a port, a path or a wildcard equals no host. */
const normalHost = (host: string): string =>
  host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')

function decode(data: Readonly<Record<string, string>>): Record<string, string> {
  // A line break at the end comes from the file that the Secret was made of.
  const entries = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64')
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  ])
  return Object.fromEntries(entries)
}
