import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { kubectl } from '../../manifests.ts'
import type { Person } from '../cluster.ts'
import { personEnv, type Typist } from '../shell.ts'
import { NAMESPACE, type Stack } from '../stack.ts'
import { Differs, type Teller } from './teller.ts'

/** How a command typed by somebody ended. */
export interface Ran {
  readonly code: number
  /** Standard output and error, as they came. */
  readonly text: string
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A call that the order tools executed, as their GET /calls tells it. */
export interface ExecutedCall {
  readonly tool: string
  readonly params: Readonly<Record<string, unknown>>
  readonly idempotencyKey: string
}

/** Where the story is played: people who type and send, and the state of the world to be checked against. */
export interface Stage {
  readonly stack: Stack
  readonly teller: Teller
  /** Somebody types a command into a shell: it and what it printed are told. `exit` is checked. */
  types(who: Typist, command: string, exit?: number): Promise<Ran>
  /** Somebody sends a request to the gateway; it and the answer are told. `status` is checked. */
  sends(
    who: Person | { readonly name: string; readonly token: string },
    request: string,
    body: unknown,
    status: number,
    show?: readonly string[],
  ): Promise<Answer>
  /** Waits, on a watch, for something that `kubectl wait --for` understands; ends the story when it does not come. */
  until(what: string, condition: string): Promise<void>
  /** Waits for the end of a run and returns it. */
  ended(run: string): Promise<AgentRun>
  run(name: string): Promise<AgentRun>
  /** A token of a ServiceAccount of the project's namespace. */
  serviceAccountToken(name: string): Promise<string>
  request(name: string): Promise<ApprovalRequest>
  /**
   * Waits for the mail to somebody that links to a request and tells where it landed; without a mailbox of the demo it
   * tells and checks nothing.
   */
  mailed(to: Person, request: string): Promise<void>
  /** What the order tools executed for an order, in order. */
  executed(order: string): Promise<readonly ExecutedCall[]>
  /** Tells what holds; ends the story where it does not. */
  check<T>(what: string, found: T, expected: T): void
}

/** Far more than anything here takes, on a busy machine too: what has not come by then does not come. */
const PATIENCE_SECONDS = 120

/** `interrupted` ends what is being typed or sent. */
export const createStage = (stack: Stack, teller: Teller, interrupted: AbortSignal): Stage => {
  const read = async <T>(kind: string, name: string): Promise<T> =>
    JSON.parse(await kubectl(stack.cluster, ['get', kind, name, '-n', NAMESPACE, '-o', 'json'])) as T

  const check = <T>(what: string, found: T, expected: T): void => {
    if (!isDeepStrictEqual(found, expected)) throw new Differs(what, expected, found)
    teller.holds(what)
  }

  const executed = async (order: string): Promise<ExecutedCall[]> => {
    const calls = (await (await fetch(new URL('/calls', stack.tools))).json()) as ExecutedCall[]
    return calls
      .filter(({ params }) => params.order_id === order)
      .map(({ tool, params, idempotencyKey }) => ({ tool, params, idempotencyKey }))
  }

  const until = async (what: string, condition: string): Promise<void> => {
    const args = ['wait', what, '-n', NAMESPACE, `--for=${condition}`, `--timeout=${PATIENCE_SECONDS}s`]
    try {
      await kubectl(stack.cluster, args)
    } catch (error) {
      const [kind = '', name = ''] = what.split('/')
      const state = await read<{ status?: unknown }>(kind, name).catch(() => undefined)
      throw new Differs(
        `${what} comes to ${condition} within ${PATIENCE_SECONDS} s`,
        condition,
        state?.status ?? error,
      )
    }
  }

  const mailed = async (to: Person, request: string): Promise<void> => {
    if (stack.mailbox === undefined) return
    const link = `${stack.gateway}/projects/${NAMESPACE}/approvals/${request}`
    const patience = AbortSignal.timeout(PATIENCE_SECONDS * 1000)
    const what = `a mail to ${to} links to ${link}`
    try {
      const mail = await stack.mailbox.find(
        one => one.to.includes(to) && one.text.split('\n').includes(link),
        AbortSignal.any([interrupted, patience]),
      )
      teller.holds(`${what}: ${mail.file}`)
    } catch (error) {
      throw new Differs(what, link, error)
    }
  }

  const run = (name: string) => read<AgentRun>('arun', name)

  return {
    stack,
    teller,
    check,
    executed,
    until,
    mailed,
    run,
    serviceAccountToken: async name =>
      (await kubectl(stack.cluster, ['create', 'token', name, '-n', NAMESPACE])).trim(),
    request: name => read<ApprovalRequest>('apr', name),
    ended: async name => {
      await until(`arun/${name}`, 'jsonpath={.status.finishedAt}')
      return run(name)
    },
    types: async (who, command, exit = 0) => {
      teller.typed(who, command)
      const ran = await runShell(command, personEnv(stack, who), interrupted)
      teller.printed(ran.text)
      if (ran.code !== exit) throw new Differs(`"${command}" exits with ${exit}`, exit, ran.code)
      return ran
    },
    sends: async (who, request, body, status, show) => {
      const [method = 'GET', path = '/'] = request.split(' ')
      const { name, token } = typeof who === 'string' ? { name: who, token: stack.cluster.tokens[who] } : who
      teller.sent(name, `${method} ${path}`, body)
      const response = await fetch(`${stack.gateway}/api/v1/projects/${NAMESPACE}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([interrupted, AbortSignal.timeout(PATIENCE_SECONDS * 1000)]),
      })
      const answer = (await response.json()) as Readonly<Record<string, unknown>>
      teller.answered(response.status, answer, show)
      if (response.status !== status) {
        throw new Differs(`"${request}" is answered with ${status}`, status, {
          status: response.status,
          ...answer,
        })
      }
      return { status: response.status, body: answer }
    },
  }
}

const runShell = (
  command: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    // exec: so that a signal reaches the command and not a shell around it.
    const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
      signal,
      cwd: join(import.meta.dirname, '../../..'),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_SECONDS * 1000,
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
    }
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, text }))
  })
