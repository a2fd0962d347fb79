import type { KeyAndCertificate } from './certificates.ts'

/** How the user of a kubeconfig proves who they are. */
export type Credential = KeyAndCertificate | { readonly token: string }

/** The text of a kubeconfig (JSON, which is YAML) for one server, one user and one context, all files inlined. */
export function kubeconfigText(options: {
  readonly url: string
  /** PEM. */
  readonly ca: string
  readonly user: string
  readonly credential: Credential
  readonly namespace?: string
}): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const { url, ca, user, credential, namespace } = options
  const proof =
    'token' in credential
      ? { token: credential.token }
      : {
          'client-certificate-data': base64(credential.certificate),
          'client-key-data': base64(credential.key),
        }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'countersign', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: proof }],
    contexts: [
      {
        name: 'countersign',
        context: { cluster: 'countersign', user, ...(namespace === undefined ? {} : { namespace }) },
      },
    ],
    'current-context': 'countersign',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
