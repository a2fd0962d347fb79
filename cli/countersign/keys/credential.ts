import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { systemClock } from '../../../kube/clock.ts'
import { type ExecConfig, ExecCredentialSource } from '../../../kube/exec-credential.ts'
import { EXIT } from '../../exit-codes.ts'
import type { Kubectl } from '../../kubectl/kubectl.ts'
import { type Refusal, refusalOf } from '../../kubectl/refusal.ts'
import { ok, type Result, refused } from '../../requests/read.ts'

interface KubeconfigUser {
  readonly token?: string
  readonly tokenFile?: string
  readonly exec?: ExecConfig | null
  readonly username?: string
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
}

/** What is read of `kubectl config view`. */
export interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?:
    | readonly {
        readonly name: string
        readonly context: { readonly user?: string; readonly cluster?: string }
      }[]
    | null
  readonly users?: readonly { readonly name: string; readonly user: KubeconfigUser }[] | null
  readonly clusters?:
    | readonly {
        readonly name: string
        readonly cluster: { readonly server?: string; readonly 'certificate-authority-data'?: string }
      }[]
    | null
}

export interface CredentialOptions {
  readonly kubectl: Kubectl
  /** Flags that were typed for kubectl, each as `--name=value`. */
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

const TAKES =
  'The gateway takes a token: that of your identity provider, or an API key, in the environment variable COUNTERSIGN_TOKEN.'

const failure = (message: string): Result<never> => {
  const refusal: Refusal = { kind: 'Unauthorized', code: EXIT.forbidden, message }
  return refused(refusal)
}

const flag = (flags: readonly string[], name: string): string | undefined =>
  flags.findLast(typed => typed.startsWith(`--${name}=`))?.slice(name.length + 3)

/**
 * The token that says who the person is: of `COUNTERSIGN_TOKEN`, `--token`, or what kubectl itself would use. It is
 * read from `kubectl config view`, so that kubectl's own way of merging files holds. Never in a message.
 */
export async function readToken(options: CredentialOptions): Promise<Result<string>> {
  const read = await find(options)
  if (read.kind === 'Refused') return read
  const token = read.value.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return ok(token)
  return failure('The token is empty or holds characters that no token has.')
}

async function find({ kubectl, flags, env }: CredentialOptions): Promise<Result<string>> {
  if (env.COUNTERSIGN_TOKEN) return ok(env.COUNTERSIGN_TOKEN)
  const typed = flag(flags, 'token')
  if (typed) return ok(typed)
  const view = await kubectl(['config', 'view', '--raw', '-o=json'], { silent: true })
  if (view.code !== 0) return refused(refusalOf(view.stderr))
  const config = JSON.parse(view.stdout) as Kubeconfig
  const contextName = flag(flags, 'context') ?? config['current-context']
  const context = config.contexts?.find(({ name }) => name === contextName)?.context
  const userName = flag(flags, 'user') ?? context?.user
  const user = config.users?.find(({ name }) => name === userName)?.user
  if (!user) return failure(`Your kubeconfig names no user for its context. ${TAKES}`)
  const folders = kubeconfigFiles(flags, env).map(file => dirname(resolve(file)))
  const found = (path: string): string =>
    isAbsolute(path)
      ? path
      : (folders.map(folder => join(folder, path)).find(file => existsSync(file)) ?? resolve(path))

  // In client-go's order: a file before the token that stands beside it, and either before a plugin.
  if (user.tokenFile) {
    try {
      return ok(await readFile(found(user.tokenFile), 'utf8'))
    } catch {
      return failure(`The token file of your kubeconfig, ${user.tokenFile}, cannot be read.`)
    }
  }
  if (user.token) return ok(user.token)
  if (user.exec) {
    const { command } = user.exec
    const exec = command.includes('/') ? { ...user.exec, command: found(command) } : user.exec
    const cluster = config.clusters?.find(
      ({ name }) => name === (flag(flags, 'cluster') ?? context?.cluster),
    )?.cluster
    return fromPlugin(exec, cluster)
  }
  if (user['client-certificate'] || user['client-certificate-data']) {
    return failure(`Your kubeconfig has a client certificate, which only the API server can check. ${TAKES}`)
  }
  return failure(`Your kubeconfig has no token for this user. ${TAKES}`)
}

interface Cluster {
  readonly server?: string
  readonly 'certificate-authority-data'?: string
}

async function fromPlugin(exec: ExecConfig, cluster: Cluster | undefined): Promise<Result<string>> {
  const caData = cluster?.['certificate-authority-data']
  const info = { server: cluster?.server ?? '', ...(caData === undefined ? {} : { caData }) }
  try {
    const { token } = await new ExecCredentialSource(exec, info, '.', systemClock).credential()
    if (token !== undefined) return ok(token)
  } catch (error) {
    return failure(sentence(error instanceof Error ? error.message : 'The credential plugin failed'))
  }
  return failure(`The credential plugin of your kubeconfig gave a certificate and no token. ${TAKES}`)
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`

/** Where kubectl looks, for paths that are relative to one of these. */
function kubeconfigFiles(flags: readonly string[], env: CredentialOptions['env']): string[] {
  const typed = flag(flags, 'kubeconfig')
  if (typed) return [typed]
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter(file => file !== '')
  return named.length > 0 ? named : [join(env.HOME ?? homedir(), '.kube', 'config')]
}
