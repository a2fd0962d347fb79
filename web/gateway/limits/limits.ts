import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../../kube/types.ts'
import type { Caller, Credentials } from '../credentials.ts'
import type { Metrics } from '../metrics.ts'
import { addressKey } from './address.ts'
import { Anonymous } from './anonymous.ts'
import { Callers, type OpenRequest } from './callers.ts'
import { Guard } from './guard.ts'
import { Notices } from './notices.ts'
import type { LimitOptions } from './options.ts'

export interface LimitsDeps {
  readonly options: LimitOptions
  readonly credentials: Credentials
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
}

/** Everything that holds requests up, each refusal counted, and told in the log once a minute of whoever causes it. */
export interface Limits {
  readonly guard: Guard
  readonly callers: { enter(caller: Caller): OpenRequest }
  readonly anonymous: { enter(address: string): void }
  refusedConnection(address: string): void
}

export function createLimits({ options, credentials, clock, log, metrics }: LimitsDeps): Limits {
  const byAddress = (message: string) =>
    new Notices(clock, (address, times) => log.warn({ address, times }, message))
  const badCredentials = byAddress('bad credentials came from an address')
  const tooMuch = byAddress('an address sends too much without credentials')
  const tooManyConnections = byAddress('connections of an address were refused')
  const busyCallers = new Notices(clock, (user, times) =>
    log.warn({ user, times }, 'a credential sends too much'),
  )
  const callers = new Callers({ ...options, clock })
  const anonymous = new Anonymous({ perSecond: options.anonymousPerSecond, clock })
  const told = <T>(reason: string, notices: Notices, key: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      metrics.refused.inc({ reason })
      notices.happened(key)
      throw error
    }
  }
  return {
    guard: new Guard({
      ...options,
      credentials,
      clock,
      onRefusal: ({ address, held }) => {
        metrics.refused.inc({ reason: held ? 'TooManyFailures' : 'BadCredential' })
        badCredentials.happened(address)
      },
    }),
    callers: {
      enter: ({ id, username }) => {
        const enter = <T>(work: () => T) => told('RateLimited', busyCallers, username, work)
        const open = enter(() => callers.enter(id))
        return { wait: kind => enter(() => open.wait(kind)), close: () => open.close() }
      },
    },
    anonymous: {
      enter: address => told('Anonymous', tooMuch, addressKey(address), () => anonymous.enter(address)),
    },
    refusedConnection(address) {
      metrics.refused.inc({ reason: 'Connections' })
      tooManyConnections.happened(addressKey(address))
    },
  }
}
