import type { FlagTable } from '../flags/parse.ts'

/** The flags of all commands of `kubectl countersign`; each command says which of them it takes. */
export const FLAGS = {
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
  name: { type: 'string' },
  expires: { type: 'string' },
  'read-only': { type: 'boolean' },
  agents: { type: 'string' },
  gateway: { type: 'string' },
  'gateway-ca': { type: 'string' },
  email: { type: 'string' },
  timeout: { type: 'string' },
  'insecure-http': { type: 'boolean' },
} as const satisfies FlagTable

export type FlagName = keyof typeof FLAGS
