import { spawn } from 'node:child_process'
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Clock } from './types.ts'

/** The `exec` block of a kubeconfig's user. */
export interface ExecConfig {
  readonly apiVersion?: string
  readonly command: string
  readonly args?: readonly string[] | null
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly installHint?: string
  readonly provideClusterInfo?: boolean
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always'
}

/** What a credential plugin gave: a token, a client certificate (PEM), or both. */
export interface ExecCredential {
  readonly token?: string
  readonly cert?: string
  readonly key?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

/** The cluster as a plugin with `provideClusterInfo` is told of it. */
export interface ExecClusterInfo {
  readonly server: string
  /** Base64 of PEM. */
  readonly caData?: string
}

const freshMs = 60_000
const timeoutMs = 60_000

/**
 * Runs a kubeconfig's credential plugin as kubectl does (KUBERNETES_EXEC_INFO set, standard error shown to the person)
 * and keeps its answer until a minute before it expires. Many callers at once cause one run.
 */
export class ExecCredentialSource {
  readonly #exec: ExecConfig
  readonly #cluster: ExecClusterInfo
  readonly #folder: string
  readonly #clock: Clock
  #cached: ExecCredential | undefined
  #running: Promise<ExecCredential> | undefined

  /** @param kubeconfig path of the file, which a relative command is relative to */
  constructor(exec: ExecConfig, cluster: ExecClusterInfo, kubeconfig: string, clock: Clock) {
    this.#exec = exec
    this.#cluster = cluster
    this.#folder = dirname(kubeconfig)
    this.#clock = clock
  }

  /** Rejects with an `Error` that names the command, and never what it wrote. */
  async credential(): Promise<ExecCredential> {
    const cached = this.#cached
    if (cached && (cached.expiresAt === undefined || cached.expiresAt - freshMs > this.#clock.now()))
      return cached
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    this.#cached = await this.#running
    return this.#cached
  }

  invalidate(): void {
    this.#cached = undefined
  }

  async #run(): Promise<ExecCredential> {
    const { command, args, env, installHint } = this.#exec
    const program = command.includes('/') && !isAbsolute(command) ? resolve(this.#folder, command) : command
    const interactive = this.#exec.interactiveMode !== 'Never' && process.stdin.isTTY === true
    const child = spawn(program, args ?? [], {
      env: {
        ...process.env,
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(this.#info(interactive)),
      },
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
      // A person may take as long as they need to sign in.
      ...(interactive ? {} : { timeout: timeoutMs }),
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    const ended = await new Promise<number | string>((done, failed) => {
      child.once('error', error => {
        const hint = installHint ? `\n${installHint}` : ''
        failed(new Error(`the credential plugin ${command} could not be run: ${error.message}${hint}`))
      })
      child.once('close', (code, signal) => done(code ?? signal ?? 'unknown'))
    })
    if (ended !== 0) throw new Error(`the credential plugin ${command} ended with ${ended}`)
    return credentialOf(command, Buffer.concat(output).toString('utf8'))
  }

  #info(interactive: boolean): unknown {
    const { server, caData } = this.#cluster
    const cluster = { server, ...(caData && { 'certificate-authority-data': caData }) }
    return {
      apiVersion: this.#exec.apiVersion ?? 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive, ...(this.#exec.provideClusterInfo && { cluster }) },
    }
  }
}

function credentialOf(command: string, output: string): ExecCredential {
  let status: Record<string, unknown> | undefined
  try {
    status = (JSON.parse(output) as { status?: Record<string, unknown> }).status
  } catch {
    status = undefined
  }
  const text = (name: string): string | undefined => {
    const value = status?.[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const token = text('token')
  const cert = text('clientCertificateData')
  const key = text('clientKeyData')
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw new Error(`the credential plugin ${command} gave neither a token nor a certificate with its key`)
  }
  const expiresAt = Date.parse(text('expirationTimestamp') ?? '')
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
  }
}
