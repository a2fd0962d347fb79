import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { Agent } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { Project } from '../../crds/v1alpha1/project.ts'
import { agentRuns, agents, approvalRequests, projects } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import { startMcpServer } from '../../operator/agent/testing/mcp-server.ts'
import { secrets } from '../../operator/secret.ts'
import { scriptedModel } from '../../operator/testing/scripted-model.ts'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'
import { type Figure, type Measurement, quantile } from './measurement.ts'

/** Decisions in each of the two projects. */
const ROUNDS = 100
/** Left out at the start: connections are opened and code is compiled. */
const WARM_UP = 10

const REVIEWER = 'alice@acme.com'

/** A server on loopback that takes connections and never says a word. */
export const startSilence = async () => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/**
 * From a decision that is stored to the tool that starts: in a project that tells nobody, and in one whose mail server and
 * webhook hang, in turn, by the same operator. The stack's mail server must be `startSilence`'s.
 */
export const hangingMail: Measurement = {
  name: 'hanging-mail',
  run: async (stack, progress) => {
    const client = createClient(await loadConnection({ kubeconfig: stack.cluster.kubeconfig }), {})
    const called = new Map<string, (at: number) => void>()
    const model = await scriptedModel((spoken, _results, order) =>
      spoken === 0 ? { calls: [{ tool: 'desk.pay', params: { order } }] } : { text: 'done' },
    )
    const tools = await startMcpServer('Modern', server => registerPay(server, called))
    const webhook = await startSilence()
    try {
      await makeProject(stack, client, 'quiet', model.url, tools.url)
      await makeProject(stack, client, 'loud', model.url, tools.url, `http://127.0.0.1:${webhook.port}/`)
      const times: Record<'quiet' | 'loud', number[]> = { quiet: [], loud: [] }
      for (let round = 0; round < WARM_UP + ROUNDS; round++) {
        if (round % 20 === 0) progress(`decision ${round} of ${WARM_UP + ROUNDS} in each project`)
        for (const project of ['quiet', 'loud'] as const) {
          const ms = await resume(stack, client, project, `r${round}`, called)
          if (round >= WARM_UP) times[project].push(ms)
        }
      }
      if (webhook.connections() === 0) throw new Error('the webhook was never called: nothing was compared')
      return figures(times)
    } finally {
      webhook.stop()
      await tools.http.stop()
      await model.server.stop()
      await client.close()
    }
  },
}

const figures = ({ quiet, loud }: Record<'quiet' | 'loud', readonly number[]>): Figure[] =>
  ([50, 99] as const).flatMap(percent => {
    const without = quantile(quiet, percent / 100)
    const hanging = quantile(loud, percent / 100)
    const what = `decision stored to tool started, p${percent}`
    return [
      { name: `resumeP${percent}WithoutMail`, value: without, unit: 'ms', what: `${what}, nobody is told` },
      {
        name: `resumeP${percent}WithHangingMail`,
        value: hanging,
        unit: 'ms',
        what: `${what}, mail and webhook hang`,
      },
      {
        name: `resumeP${percent}HangingMailRatio`,
        value: hanging / without,
        unit: 'x',
        what: 'the second by the first',
      },
    ]
  })

const registerPay = (server: McpServer, called: ReadonlyMap<string, (at: number) => void>): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<object>({ type: 'object', properties: { order: {} } }),
    },
    (async ({ order }: { order: string }) => {
      called.get(order)?.(performance.now())
      return { content: [{ type: 'text', text: 'paid' }] }
    }) as never,
  )
}

const makeProject = async (
  stack: Stack,
  client: Client,
  namespace: string,
  model: string,
  tools: string,
  webhook?: string,
): Promise<void> => {
  await kubectl(stack.cluster, ['create', 'namespace', namespace])
  if (webhook !== undefined) {
    await client.create(secrets, {
      metadata: {
        name: 'hook',
        namespace,
        labels: { 'countersign.dev/use': 'true' },
        annotations: { 'countersign.dev/hosts': '127.0.0.1' },
      },
      stringData: { url: webhook },
    })
  }
  await client.create(projects, {
    metadata: { name: 'project', namespace },
    spec: {
      members: [{ user: REVIEWER, role: 'Owner', email: REVIEWER }],
      notifications:
        webhook === undefined
          ? { email: { enabled: false }, inApp: { enabled: false } }
          : { webhooks: [{ name: 'hook', urlSecretRef: { name: 'hook', key: 'url' }, format: 'Generic' }] },
    },
  } as Project)
  await client.create(agents, {
    metadata: { name: 'desk', namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: model },
      toolsets: [{ name: 'desk', mcp: { url: tools } }],
      approval: { tools: [{ name: 'desk.pay' }] },
    },
  } as unknown as Agent)
  const ready = [
    'wait',
    'projects,agents',
    '--all',
    '-n',
    namespace,
    '--for=condition=Ready',
    '--timeout=60s',
  ]
  await kubectl(stack.cluster, ready)
}

/** Milliseconds from the answer to a decision to the tool that starts. */
const resume = async (
  stack: Stack,
  client: Client,
  namespace: string,
  run: string,
  called: Map<string, (at: number) => void>,
): Promise<number> => {
  const order = `${namespace}-${run}`
  const started = new Promise<number>(resolve => called.set(order, resolve))
  const spec = { agentRef: { name: 'desk' }, input: order }
  await client.create(agentRuns, { metadata: { name: run, namespace }, spec } as AgentRun)
  const name = `${run}-1-0`
  // Announced, so that its messages are under way.
  const wait = ['wait', `apr/${name}`, '-n', namespace, '--for=jsonpath={.status.expiresAt}', '--timeout=60s']
  await kubectl(stack.cluster, [
    'wait',
    `arun/${run}`,
    '-n',
    namespace,
    '--for=condition=AwaitingApproval',
    '--timeout=60s',
  ])
  await kubectl(stack.cluster, wait)
  const value = { reviewer: REVIEWER, verdict: 'Approve', via: 'Token' }
  const reviewer = client.withToken(stack.cluster.tokens[REVIEWER])
  await reviewer.patch(
    approvalRequests,
    { namespace, name },
    { type: 'json', body: [{ op: 'add', path: '/status/decisions/-', value }] },
    { subresource: 'status' },
  )
  const stored = performance.now()
  const at = await started
  called.delete(order)
  return Math.max(0, at - stored)
}
