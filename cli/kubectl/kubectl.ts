import { type ChildProcess, spawn } from 'node:child_process'
import { createSpeech } from './speech.ts'

/** What a run of kubectl came to. */
export interface Answer {
  /** Exit code; 127 when there is no kubectl. */
  readonly code: number
  readonly stdout: string
  /** What kubectl itself said; what credential plugins said was passed on to the person already. */
  readonly stderr: string
}

export interface RunOptions {
  /**
   * Nobody is to be asked or told anything: no terminal for credential plugins, nothing passed on. For calls that run
   * beside another one, which would ask the same.
   */
  readonly silent?: boolean
  readonly signal?: AbortSignal
  /** Takes standard output as it comes, instead of `stdout`. */
  readonly onOutput?: (chunk: string) => void
}

/** kubectl as the person has it: their kubeconfig, credential plugins, proxies and flags. */
export type Kubectl = (args: readonly string[], options?: RunOptions) => Promise<Answer>

export interface KubectlConfig {
  /** Program to run: `$KUBECTL` or `kubectl` from the PATH. */
  readonly program: string
  /** Flags that every call gets; a call's own come after them and win. */
  readonly flags: readonly string[]
  /** Takes what others than kubectl say on standard error: prompts and device codes of credential plugins. */
  readonly say: (text: string) => void
}

/** Makes the one way in which the plugins talk to a cluster. */
export const createKubectl =
  (config: KubectlConfig): Kubectl =>
  (args, options = {}) =>
    new Promise(resolve => {
      const child = spawn(config.program, [...config.flags, ...args], {
        stdio: [options.silent ? 'ignore' : 'inherit', 'pipe', 'pipe'],
        ...(options.signal ? { signal: options.signal } : {}),
      })
      const speech = createSpeech(options.silent ? () => {} : config.say)
      const out: string[] = []
      collect(child.stdout, options.onOutput ?? (chunk => out.push(chunk)))
      collect(child.stderr, speech.hear)
      let failure: NodeJS.ErrnoException | undefined
      child.on('error', error => {
        failure = error
        // Without a process there is no `close` either.
        if (child.pid === undefined) finish(127)
      })
      child.on('close', code => finish(code ?? 1))
      const finish = (code: number): void => {
        const missing = failure?.code === 'ENOENT' ? noKubectl(config.program) : ''
        resolve({ code, stdout: out.join(''), stderr: speech.end() + missing })
      }
    })

const noKubectl = (program: string): string =>
  `error: there is no ${program} to run; install kubectl, or name it in the environment variable KUBECTL\n`

function collect(stream: ChildProcess['stdout'], take: (chunk: string) => void): void {
  stream?.setEncoding('utf8')
  stream?.on('data', take)
}
