import { randomBytes } from 'node:crypto'
import type { Deps } from './deps.ts'
import { SeenMarks } from './inbox/seen.ts'
import { apiKeySupport } from './keys/setup.ts'
import { reading } from './reading.ts'
import { defaultTimes, type SessionTimes } from './sessions/session.ts'
import { Sessions } from './sessions/setup.ts'
import { bearerTokens } from './tokens.ts'

/** What a gateway is made of: its surroundings, and how it is set up. */
export interface Parts
  extends Omit<Deps, 'credentials' | 'apiKeys' | 'sessions' | 'cache' | 'rights' | 'seen' | 'newID'> {
  /** How long sessions live; absent: the defaults. */
  readonly sessionTimes?: SessionTimes | undefined
}

/** Puts a gateway together. Its cache and its marks are to be run by whoever asked for it. */
export function assemble({ sessionTimes: times = defaultTimes, ...parts }: Parts): Deps {
  const { client, clock } = parts
  const { cache, reviews, rights } = reading({ ...parts, logger: parts.log })
  const tokens = bearerTokens({ client, clock, reviews })
  const apiKeys = apiKeySupport({ ...parts, cache, reviews, tokens, randomBytes })
  return {
    ...parts,
    credentials: apiKeys.credentials,
    apiKeys,
    sessions: new Sessions({ ...parts, cache, reviews, apiKeys, randomBytes, times }),
    cache,
    rights,
    seen: new SeenMarks({ ...parts, logger: parts.log }),
    newID: () => randomBytes(8).toString('hex'),
  }
}
