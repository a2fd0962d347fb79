import { kubectl } from '../manifests.ts'
import type { DemoCluster } from './cluster.ts'

/** Where the demo's mail goes. */
export interface DemoSmtp {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Where mails land; absent: they are sent to another server. */
  readonly folder?: string
}

/** Reads `--smtp`; throws an Error that says how it is written. */
export const parseSmtp = (text: string): DemoSmtp => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if ((url?.protocol !== 'smtp:' && url?.protocol !== 'smtps:') || url.hostname === '') {
    throw new Error(
      '--smtp wants smtp://host:port or smtps://host:port, with user:password@ before the host if need be',
    )
  }
  const port = url.port === '' ? (url.protocol === 'smtps:' ? 465 : 587) : Number(url.port)
  return { url: text, host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

const SECRET = 'countersign-smtp'
const DEMO_LABEL = 'countersign.dev/demo'

/** Makes the Secret by which the operator sends mail; refuses to overwrite one that is not the demo's. */
export const applySmtpSecret = async (
  cluster: DemoCluster,
  namespace: string,
  { url, host }: DemoSmtp,
): Promise<void> => {
  const found = await kubectl(cluster, [
    'get',
    'secret',
    SECRET,
    '-n',
    namespace,
    '--ignore-not-found',
    '-o',
    'json',
  ])
  const labels =
    found.trim() === ''
      ? { [DEMO_LABEL]: 'true' }
      : (JSON.parse(found) as { metadata: { labels?: Record<string, string> } }).metadata.labels
  if (labels?.[DEMO_LABEL] === undefined) {
    throw new Error(
      `the current cluster has a Secret ${SECRET} in ${namespace} that is not the demo's, by which real mail is sent: use another cluster, or delete it`,
    )
  }
  // In the clear only where nobody is in between.
  const loopback = host === 'localhost' || host === '::1' || /^127\./.test(host)
  const tls = url.startsWith('smtp:') && loopback ? { tls: 'Off' } : {}
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET, namespace, labels: { [DEMO_LABEL]: 'true' } },
    // Not stringData: a key of an earlier demo, with other flags, would stay.
    data: encoded({ url, from: 'Countersign <countersign@acme.com>', ...tls }),
  }
  await kubectl(cluster, ['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(secret))
}

const encoded = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

/** Takes it away again. */
export const removeSmtpSecret = async (cluster: DemoCluster, namespace: string): Promise<void> => {
  await kubectl(cluster, ['delete', 'secret', '-n', namespace, '-l', DEMO_LABEL, '--ignore-not-found'])
}
