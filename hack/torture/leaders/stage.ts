// What the tests of two operators have in common: a namespace, a tool server that writes down each call, a model that
// asks for what the run's input says, and operator processes that end with the test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agentRuns, agentTurns, approvalRequests, auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { callsSeen, startMcpServer } from '../../../operator/agent/testing/mcp-server.ts'
import { type OperatorProcess, operatorKubeconfig, spawnOperator } from '../../../operator/testing/process.ts'
import { type Said, scriptedModel } from '../../../operator/testing/scripted-model.ts'
import { anAgent, aRun, type World, worldIn } from '../../../operator/testing/world.ts'
import { adminClient, cluster, testNamespace } from '../../testing.ts'
import type { ToolCall } from '../check/evidence.ts'

/** A process that a test may pause. */
export interface Operator extends OperatorProcess {
  /** SIGSTOP: it stands still wherever it is. */
  pause(): void
  /** SIGCONT. */
  wake(): void
}

export interface Stage extends World {
  /** Calls as they came to the tool server, in order. */
  toolCalls(): ToolCall[]
  /** Calls for one run. */
  callsFor(run: string): ToolCall[]
  /** Holds the answers of the tool to calls for this run. `called` resolves when one is there. */
  holdTool(run: string): { readonly called: Promise<void>; release(): void }
  createAgentNamed(name: string, approval?: Partial<NonNullable<AgentSpec['approval']>>): Promise<unknown>
  start(run: string, agent: string): Promise<unknown>
  /** Starts the operator process. `url`: where it finds the API server; default: the real one. */
  operator(flags: readonly string[], options?: { url?: string; untilLeading?: boolean }): Promise<Operator>
  /** All that the operators have written, as it stands now. */
  written(): Promise<unknown[]>
  close(): Promise<void>
}

/** Calls of the one tool, `shop.pay`, each for an order. */
export const pay = (...orders: readonly string[]): Said => ({
  calls: orders.map(order => ({ tool: 'shop.pay', params: { order } })),
})

/** @param first what the model answers to a run with this input; when it has results, it says them and is done */
export const openStage = async (
  prefix: string,
  first: (input: string) => Said | Promise<Said> = input => pay(input),
): Promise<Stage> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-leaders-'))
  const { kubectl, kubeconfig } = cluster()
  const config = await operatorKubeconfig(folder, { kubectl, kubeconfig })
  const world = worldIn(await testNamespace(prefix))
  const { namespace } = world
  const holding = new Map<string, { called: () => void; released: Promise<void> }>()
  const register = (server: McpServer): void => {
    server.registerTool(
      'pay',
      {
        description: 'pays',
        inputSchema: fromJsonSchema<{ order: string }>({
          type: 'object',
          properties: { order: { type: 'string' } },
        }),
      },
      (async ({ order }: { order: string }) => {
        holding.get(order)?.called()
        await holding.get(order)?.released
        return { content: [{ type: 'text', text: `paid ${order}` }] }
      }) as never,
    )
  }
  const mcp = await startMcpServer('Modern', register)
  const model = await scriptedModel((spoken, results, input) =>
    spoken === 0 ? first(input) : { text: results.join() },
  )
  const operators: Operator[] = []
  const toolCalls = (): ToolCall[] =>
    callsSeen(mcp).map(({ name, arguments: params, _meta }, index) => ({
      seq: index + 1,
      tool: `shop.${name}`,
      params,
      idempotencyKey: String((_meta as Record<string, unknown>)['countersign.dev/idempotency-key']),
    }))

  return {
    ...world,
    toolCalls,
    callsFor: run => toolCalls().filter(({ params }) => (params as { order: string }).order === run),
    holdTool: run => {
      const [called, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      holding.set(run, { called: called.resolve, released: released.promise })
      return { called: called.promise, release: released.resolve }
    },
    createAgentNamed: (name, approval) =>
      world.createAgent(
        anAgent(namespace, model.url, {
          name,
          toolsets: [{ name: 'shop', timeoutSeconds: 60, retryUnknown: false, mcp: { url: mcp.url } }],
          ...(approval ? { approval: approval as NonNullable<AgentSpec['approval']> } : {}),
        }),
      ),
    start: (run, agent) => world.createRun(aRun(namespace, run, { agentRef: { name: agent }, input: run })),
    operator: async (flags, { url, untilLeading = true } = {}) => {
      const path = url === undefined ? config : join(folder, `proxied-${operators.length}.kubeconfig`)
      if (url !== undefined) {
        const proxied = JSON.parse(readFileSync(config, 'utf8'))
        proxied.clusters[0].cluster = { server: url }
        writeFileSync(path, JSON.stringify(proxied), { mode: 0o600 })
      }
      const spawned = await spawnOperator(namespace, path, ['--impersonation=off', ...flags], {
        untilLeading,
      })
      const operator: Operator = {
        ...spawned,
        pause: () => void process.kill(spawned.pid, 'SIGSTOP'),
        wake: () => void process.kill(spawned.pid, 'SIGCONT'),
      }
      operators.push(operator)
      return operator
    },
    written: async () => {
      const lists = await Promise.all(
        [agentRuns, approvalRequests, agentTurns, auditRecords].map(resource =>
          adminClient().listAll(resource as typeof agentRuns, { namespace }),
        ),
      )
      return lists.flatMap(({ items }) => items)
    },
    close: async () => {
      // Also one that is paused ends by this.
      await Promise.all(operators.map(one => one.kill()))
      await mcp.http.stop()
      await model.server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
