import type { FlagTable } from './parse.ts'

/**
 * The flags of kubectl itself (`kubectl options`), handed through to it as they are. `--namespace` is among them, so
 * that a default namespace, a context's namespace and `-n` mean what they always mean.
 */
export const KUBECTL_FLAGS = {
  as: { type: 'string' },
  'as-group': { type: 'string' },
  'as-uid': { type: 'string' },
  'as-user-extra': { type: 'string' },
  'cache-dir': { type: 'string' },
  'certificate-authority': { type: 'string' },
  'client-certificate': { type: 'string' },
  'client-key': { type: 'string' },
  cluster: { type: 'string' },
  context: { type: 'string' },
  'disable-compression': { type: 'boolean' },
  'insecure-skip-tls-verify': { type: 'boolean' },
  kubeconfig: { type: 'string' },
  kuberc: { type: 'string' },
  'match-server-version': { type: 'boolean' },
  namespace: { type: 'string', short: 'n' },
  password: { type: 'string' },
  'request-timeout': { type: 'string' },
  server: { type: 'string', short: 's' },
  'tls-server-name': { type: 'string' },
  token: { type: 'string' },
  user: { type: 'string' },
  username: { type: 'string' },
  v: { type: 'string', short: 'v' },
  vmodule: { type: 'string' },
  'warnings-as-errors': { type: 'boolean' },
} as const satisfies FlagTable
