import { createHash } from 'node:crypto'
import type { Client } from '../../../kube/client.ts'
import { isForbidden } from '../../../kube/errors.ts'
import type { Clock } from '../../../kube/types.ts'
import { type Secret, secrets } from '../../secret.ts'
import { parseSettings, type SmtpSettings } from './settings.ts'

/** The settings with what tells them from others, or why there are none; the message names the remedy. */
export type SourceRead =
  | { readonly ok: true; readonly settings: SmtpSettings; readonly version: string }
  | { readonly ok: false; readonly message: string }

export interface SettingsSource {
  /** As the Secret says, at most a minute ago. Never rejects. */
  read(signal: AbortSignal): Promise<SourceRead>
  /** They did not work: the next `read` asks anew. */
  forget(): void
}

interface SourceDeps {
  readonly client: Pick<Client, 'find'>
  readonly namespace: string
  readonly secretName: string
  readonly clock: Clock
}

const MOST_AGE_MS = 60_000

/** Reads the Secret by `get`, which is all that the operator may do with it, and keeps what it says for a minute. */
export const createSettingsSource = (deps: SourceDeps): SettingsSource => {
  const { client, namespace, secretName: name, clock } = deps
  let kept: { readonly read: SourceRead & { ok: true }; readonly at: number } | undefined
  let stale = false
  return {
    read: async signal => {
      if (kept && !stale && clock.now() - kept.at < MOST_AGE_MS) return kept.read
      let secret: Secret | undefined
      try {
        secret = await client.find(secrets, { namespace, name }, { signal })
      } catch (error) {
        if (isForbidden(error)) return noRight(deps)
        // What was known a minute ago is likely to be right still: mail does not wait for the API server.
        return (
          kept?.read ?? {
            ok: false,
            message: `the Secret ${name} cannot be read now: the API server does not answer`,
          }
        )
      }
      const read = secret === undefined ? missing(deps) : ofSecret(secret, deps)
      kept = read.ok ? { read, at: clock.now() } : undefined
      stale = false
      return read
    },
    forget: () => {
      stale = true
    },
  }
}

const missing = ({ namespace, secretName: name }: SourceDeps): SourceRead => ({
  ok: false,
  message: `no mail server is set: kubectl create secret generic ${name} -n ${namespace} --from-literal=url=smtp://HOST:587 --from-literal=from=countersign@example.com`,
})

const noRight = ({ namespace, secretName: name }: SourceDeps): SourceRead => ({
  ok: false,
  message: `the operator may not read the Secret ${name} in ${namespace}: its Role there must grant get on that name`,
})

function ofSecret({ data = {} }: Secret, { namespace, secretName: name }: SourceDeps): SourceRead {
  const decoded = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      // A line break at the end comes from the file that the Secret was made of.
      Buffer.from(value, 'base64')
        .toString('utf8')
        .replace(/\r?\n$/, ''),
    ]),
  )
  const read = parseSettings(decoded)
  if (!read.ok) return { ok: false, message: `the Secret ${name} in ${namespace}: ${read.message}` }
  const version = createHash('sha256').update(JSON.stringify(read.settings)).digest('hex')
  return { ok: true, settings: read.settings, version }
}
