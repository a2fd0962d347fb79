import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { Agent, AgentSpec } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Project, ProjectSpec } from '../../crds/v1alpha1/project.ts'
import { agentRuns, agents, approvalRequests, projects } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import { keyOf } from '../../kube/keys.ts'
import { Reflector } from '../../kube/reflector.ts'
import { Store } from '../../kube/store.ts'
import type { ObjectRef } from '../../kube/types.ts'
import { startMcpServer } from '../../operator/agent/testing/mcp-server.ts'
import { type Said, scriptedModel } from '../../operator/testing/scripted-model.ts'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'

/** Who decides in measurements. */
export const REVIEWER = 'alice@acme.com'

/** What a measurement works with beside the stack: a model, a tool, people, and a watch on all that happens. */
export interface Field {
  /** With every right. */
  readonly client: Client
  /** Resolves with the moment (`performance.now()`) at which the tool is called for this run. */
  called(run: string): Promise<number>
  /** Resolves with the moment at which the watch shows the request so. */
  seen(ref: ObjectRef, condition: (request: ApprovalRequest) => boolean): Promise<number>
  requests(): IterableIterator<ApprovalRequest>
  /** Makes a namespace with a project in it. */
  project(namespace: string, notifications?: ProjectSpec['notifications']): Promise<void>
  /** Makes an agent whose tool `desk.pay` waits for a person, and waits until it is ready. */
  agent(namespace: string, spec?: Partial<AgentSpec>): Promise<void>
  start(namespace: string, run: string): Promise<void>
  /** Approves; resolves with the moments before it was sent and after it was stored. */
  approve(ref: ObjectRef): Promise<{ readonly sent: number; readonly stored: number }>
  close(): Promise<void>
}

/** Nobody is told: what is measured is the way from gate to tool. */
export const QUIET: ProjectSpec['notifications'] = { email: { enabled: false }, inApp: { enabled: false } }

/** @param answer what the model says; default: one call of `desk.pay`, then `done` */
export const openField = async (
  stack: Stack,
  answer: (spoken: number, input: string) => Said = (spoken, input) =>
    spoken === 0 ? { calls: [{ tool: 'desk.pay', params: { order: input } }] } : { text: 'done' },
): Promise<Field> => {
  const client = createClient(await loadConnection({ kubeconfig: stack.cluster.kubeconfig }), {
    requestConnections: 64,
  })
  const calls = new Map<string, PromiseWithResolvers<number>>()
  const callOf = (run: string) => {
    const known = calls.get(run) ?? Promise.withResolvers<number>()
    calls.set(run, known)
    return known
  }
  const model = await scriptedModel((spoken, _results, input) => answer(spoken, input))
  const tools = await startMcpServer('Modern', server => registerPay(server, order => callOf(order)))
  const store = new Store<ApprovalRequest>()
  const stop = new AbortController()
  const reflector = new Reflector({ client, resource: approvalRequests, sink: store })
  const watching = reflector.run(stop.signal)
  await reflector.synced()
  const reviewer = client.withToken(stack.cluster.tokens[REVIEWER])
  return {
    client,
    called: run => callOf(run).promise,
    seen: (ref, condition) =>
      new Promise((resolve, reject) => {
        const key = keyOf(ref)
        const timer = setTimeout(() => {
          unsubscribe()
          reject(
            new Error(
              `request ${key} did not come to be as the measurement expects it: ${told(store.get(key))}`,
            ),
          )
        }, PATIENCE_MS)
        const look = () => {
          const found = store.get(key)
          if (found === undefined || !condition(found)) return
          unsubscribe()
          clearTimeout(timer)
          resolve(performance.now())
        }
        const unsubscribe = store.subscribe(change => {
          if (change.key === key) look()
        })
        look()
      }),
    requests: () => store.values(),
    project: async (namespace, notifications = QUIET) => {
      await kubectl(stack.cluster, ['create', 'namespace', namespace])
      const members = [{ user: REVIEWER, role: 'Owner', email: REVIEWER }]
      await client.create(projects, {
        metadata: { name: 'project', namespace },
        spec: { members, notifications },
      } as Project)
      await ready(stack, 'projects', namespace)
    },
    agent: async (namespace, spec = {}) => {
      await client.create(agents, {
        metadata: { name: 'desk', namespace },
        spec: {
          model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: model.url },
          toolsets: [{ name: 'desk', mcp: { url: tools.url } }],
          approval: { tools: [{ name: 'desk.pay' }] },
          ...spec,
        },
      } as unknown as Agent)
      await ready(stack, 'agents', namespace)
    },
    start: async (namespace, run) => {
      const spec = { agentRef: { name: 'desk' }, input: run }
      await client.create(agentRuns, { metadata: { name: run, namespace }, spec } as AgentRun)
    },
    approve: async ref => {
      const value = { reviewer: REVIEWER, verdict: 'Approve', via: 'Token' }
      const sent = performance.now()
      await reviewer.patch(
        approvalRequests,
        ref,
        { type: 'json', body: [{ op: 'add', path: '/status/decisions/-', value }] },
        { subresource: 'status' },
      )
      return { sent, stored: performance.now() }
    },
    close: async () => {
      stop.abort()
      await watching
      await tools.http.stop()
      await model.server.stop()
      await client.close()
    },
  }
}

/** Much longer than anything takes. */
const PATIENCE_MS = 15 * 60_000

const told = (request: ApprovalRequest | undefined): string => request?.status.phase ?? 'there is none'

/** Whether a request can be decided: it was announced. */
export const isOpen = ({ status }: ApprovalRequest): boolean =>
  status.phase === 'Pending' && status.expiresAt !== undefined

const ready = async (stack: Stack, kind: string, namespace: string): Promise<void> => {
  await kubectl(stack.cluster, [
    'wait',
    kind,
    '--all',
    '-n',
    namespace,
    '--for=condition=Ready',
    '--timeout=60s',
  ])
}

const registerPay = (server: McpServer, callOf: (order: string) => PromiseWithResolvers<number>): void => {
  const inputSchema = fromJsonSchema<object>({ type: 'object', properties: { order: {} } })
  server.registerTool('pay', { description: 'pays', inputSchema }, (async ({ order }: { order: string }) => {
    callOf(order).resolve(performance.now())
    return { content: [{ type: 'text', text: 'paid' }] }
  }) as never)
}
