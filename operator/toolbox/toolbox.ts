import type { Agent, Toolset } from '../../crds/v1alpha1/agent.ts'
import type { Client } from '../../kube/client.ts'
import type { Clock } from '../../kube/types.ts'
import { connectToolset, toolsetHosts } from '../agent/tools/toolset.ts'
import {
  type Egress,
  type ToolCallRequest,
  type ToolDefinition,
  type ToolOutcome,
  type ToolsetConnection,
  ToolsetUnavailable,
} from '../agent/types.ts'
import { readSecret } from '../egress/secrets.ts'
import { digest } from '../policy/canonical.ts'

/** The tools of one toolset, or why they cannot be had. */
export type Listing =
  | { readonly toolset: string; readonly ok: true; readonly tools: readonly ToolDefinition[] }
  | {
      readonly toolset: string
      readonly ok: false
      readonly reason: 'ToolsetUnavailable' | 'SecretNotFound' | 'SecretNotLabelled' | 'SecretNotForHost'
      readonly message: string
      /** The tools as they were last served to this process; empty where they never were. */
      readonly lastKnown: readonly ToolDefinition[]
    }

/** The connections of this process to the toolsets of agents. */
export interface Toolbox {
  /** Asks every toolset of the agent what it serves now; none of them for longer than a while (`LIST_TIMEOUT_MS`). */
  list(agent: Agent, signal?: AbortSignal): Promise<readonly Listing[]>
  /** Asks one. */
  listOne(agent: Agent, toolset: Toolset, signal: AbortSignal): Promise<Listing>
  call(agent: Agent, toolset: Toolset, request: Omit<ToolCallRequest, 'timeoutMs'>): Promise<ToolOutcome>
  /** Closes what belongs to an agent that is gone. */
  forget(agentUID: string): void
  close(): Promise<void>
}

interface Connected {
  readonly fingerprint: string
  readonly connection: ToolsetConnection
  lastKnown: readonly ToolDefinition[]
  /** Calls under way. */
  calls: number
  /** The question that is under way, what it serves, with those who wait for its answer. */
  asking: Asking | undefined
  /** Not used any more: closed when the last call has ended, since none is abandoned halfway. */
  retired: boolean
}

interface Asking {
  readonly answer: Promise<readonly ToolDefinition[]>
  readonly since: number
  waiting: number
}

/** Time that a toolset has to say what it serves. */
export const LIST_TIMEOUT_MS = 15_000
/** A toolset that answers sooner is waited for by whoever asks. */
const PROMPT_MS = 1000
/** How many wait longer than that for one toolset: whoever waits holds a worker, of which other toolsets' runs need some. */
const PATIENT = 4

export const createToolbox = (deps: {
  readonly client: Client
  readonly egress: Egress
  readonly clock: Clock
}): Toolbox => {
  const connections = new Map<string, Connected>()

  /** The connection for a toolset as it is specified now, with the Secret as it is now. */
  const connected = async (
    agent: Agent,
    toolset: Toolset,
  ): Promise<Connected | Extract<Listing, { ok: false }>> => {
    const key = `${agent.metadata.uid}/${toolset.name}`
    const headers = await headersFor(deps.client, agent, toolset)
    // Looked up after the waiting: two that come at once share one.
    const known = connections.get(key)
    if (!headers.ok) {
      return {
        toolset: toolset.name,
        ok: false,
        reason: headers.reason,
        message: headers.message,
        lastKnown: known?.lastKnown ?? [],
      }
    }
    const fingerprint = digest({ toolset, headers: headers.data })
    if (known?.fingerprint === fingerprint) return known
    const fresh: Connected = {
      fingerprint,
      connection: connectToolset({ toolset, headers: headers.data, egress: deps.egress }),
      lastKnown: [],
      calls: 0,
      asking: undefined,
      retired: false,
    }
    connections.set(key, fresh)
    if (known) retire(known)
    return fresh
  }

  const retire = (one: Connected): void => {
    one.retired = true
    if (one.calls === 0) void one.connection.close()
  }

  /** Those who ask while a question is under way share it: its answer comes after they asked. */
  const ask = (to: Connected): Asking => {
    if (to.asking) return to.asking
    const over = new AbortController()
    const cancel = deps.clock.after(LIST_TIMEOUT_MS, () => over.abort())
    const answer = to.connection.listTools(over.signal).finally(() => {
      cancel()
      to.asking = undefined
    })
    // Those who wait hear of it; there may be nobody left.
    answer.catch(() => undefined)
    to.asking = { answer, since: deps.clock.now(), waiting: 0 }
    return to.asking
  }

  const listOne = async (agent: Agent, toolset: Toolset, signal?: AbortSignal): Promise<Listing> => {
    const to = await connected(agent, toolset)
    if ('ok' in to) return to
    const asking = ask(to)
    const unavailable = (message: string): Listing => ({
      toolset: toolset.name,
      ok: false,
      reason: 'ToolsetUnavailable',
      message,
      lastKnown: to.lastKnown,
    })
    asking.waiting++
    const patience = new AbortController()
    const cancel = deps.clock.after(PROMPT_MS - (deps.clock.now() - asking.since), () => {
      if (asking.waiting > PATIENT) patience.abort()
    })
    try {
      const tools = await untilAborted(
        asking.answer,
        AbortSignal.any([...(signal ? [signal] : []), patience.signal]),
      )
      if (tools === undefined) return unavailable(`toolset ${toolset.name} has not answered yet`)
      to.lastKnown = tools
      return { toolset: toolset.name, ok: true, tools }
    } catch (error) {
      if (!(error instanceof ToolsetUnavailable)) throw error
      return unavailable(error.message)
    } finally {
      cancel()
      asking.waiting--
    }
  }

  return {
    list: (agent, signal) => Promise.all(agent.spec.toolsets.map(toolset => listOne(agent, toolset, signal))),
    listOne,
    call: async (agent, toolset, request) => {
      const to = await connected(agent, toolset)
      if ('ok' in to) return { kind: 'Error', text: to.message, sent: false }
      to.calls++
      try {
        return await to.connection.call({ ...request, timeoutMs: toolset.timeoutSeconds * 1000 })
      } finally {
        to.calls--
        if (to.retired) retire(to)
      }
    },
    forget: agentUID => {
      for (const [key, one] of connections) {
        if (!key.startsWith(`${agentUID}/`)) continue
        connections.delete(key)
        retire(one)
      }
    },
    close: async () => {
      await Promise.all([...connections.values()].map(({ connection }) => connection.close()))
      connections.clear()
    },
  }
}

/** What it comes to, or undefined if the signal aborts before. */
const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  const aborted = Promise.withResolvers<undefined>()
  const abort = () => aborted.resolve(undefined)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

type Headers =
  | { readonly ok: true; readonly data: Record<string, string> }
  | {
      readonly ok: false
      readonly reason: Extract<Listing, { ok: false }>['reason']
      readonly message: string
    }

/**
 * The headers from a toolset's Secret, which must name every host that they would be sent to. Read anew each
 * time: a Secret that lost its label is not used any more.
 */
const headersFor = async (client: Client, agent: Agent, toolset: Toolset): Promise<Headers> => {
  const ref = toolset.mcp?.headersSecretRef ?? toolset.http?.headersSecretRef
  if (!ref) return { ok: true, data: {} }
  return readSecret({
    client,
    namespace: agent.metadata.namespace ?? '',
    name: ref.name,
    host: toolsetHosts(toolset),
  })
}
