import type { Webhook } from './draft.ts'

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const KEY = /^[-._a-zA-Z0-9]+$/

type Refs = Pick<Webhook, 'urlSecretRef' | 'signingKeySecretRef'>

/**
 * Lines for a shell that make the Secret of a webhook: they ask for the URL, so that it is in no history, and take the
 * host from it. Undefined while a name or key is not one. `create` and not `apply`, which would write the URL into an
 * annotation.
 */
export function secretCommand(namespace: string, refs: Refs): string | undefined {
  const { urlSecretRef: url, signingKeySecretRef: signing } = refs
  const all = [url, ...(signing === undefined ? [] : [signing])]
  if (!all.every(({ name, key }) => NAME.test(name) && KEY.test(key))) return undefined
  const together = signing !== undefined && signing.name === url.name && signing.key !== url.key
  const apart = signing !== undefined && signing.name !== url.name
  return [
    // In one piece: where lines are pasted, `read` would take the next of them for the URL.
    '(',
    'printf "URL: " && read -rs URL',
    `HOST=$(printf %s "$URL" | sed -E 's#^https?://([^/:]+).*#\\1#')`,
    ...secret(namespace, url.name, [
      `  ${url.key}: "$URL"`,
      ...(together ? [`  ${signing.key}: "$(openssl rand -base64 32)"`] : []),
    ]),
    ...(apart ? secret(namespace, signing.name, [`  ${signing.key}: "$(openssl rand -base64 32)"`]) : []),
    ')',
  ].join('\n')
}

const secret = (namespace: string, name: string, data: readonly string[]): readonly string[] => [
  'kubectl create -f - <<END',
  'apiVersion: v1',
  'kind: Secret',
  'metadata:',
  `  name: ${name}`,
  `  namespace: ${namespace}`,
  '  labels: {countersign.dev/use: "true"}',
  '  annotations: {countersign.dev/hosts: "$HOST"}',
  'stringData:',
  ...data,
  'END',
]
