// A project with an operator, a gateway that serves the page, a model, a tool, and a browser.
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { Page } from 'playwright-core'
import { inject } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { agentRuns, projects } from '../../../crds/v1alpha1/resources.ts'
import { untilMay } from '../../../hack/people/rights.ts'
import { adminClient, clientFor, eventually } from '../../../hack/testing.ts'
import { callsSeen, startMcpServer } from '../../../operator/agent/testing/mcp-server.ts'
import { makeSessionKey } from '../../../operator/session-key.ts'
import { scriptedModel } from '../../../operator/testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../../../operator/testing/world.ts'
import { keyNamespace } from '../../gateway/keys/keeping.ts'
import { gatewayClient } from '../../gateway/keys/testing-cluster.ts'
import { readPage } from '../../gateway/page/files.ts'
import { ownPage } from '../../gateway/sessions/testing.ts'
import { startGateway, type TestGateway } from '../../gateway/testing.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { type BrowserOptions, type Person, signIn, startBrowser, type TestBrowser } from './browser.ts'

export interface PageStage extends Awaited<ReturnType<typeof newWorld>> {
  readonly gateway: TestGateway
  readonly browser: TestBrowser
  /** Starts a run as bob whose first call is `process_refund` with these parameters. */
  begin(name: string, params: object, agent?: string): Promise<void>
  /** A browser of their own in which `user` (`carol`) is signed in, at a path of the project: `approvals`, `runs/run-1`. */
  visit(user: string, path?: string, options?: BrowserOptions): Promise<Person & { readonly page: Page }>
  /** What the tool was called with. */
  calls(): readonly unknown[]
  close(): Promise<void>
}

const people = ['alice@acme.com', 'bob@acme.com', 'carol@acme.com'] as const

/** What the model says (`scriptedModel`). */
export type Answers = Parameters<typeof scriptedModel>[0]

/** Calls `process_refund` once, with the input as its parameters. */
export const refunding: Answers = (spoken, results, input) =>
  spoken === 0
    ? {
        text: 'I will refund it.',
        calls: [{ tool: 'order_tools.process_refund', params: paramsOf(input) }],
      }
    : { text: `Done: ${results.join()}` }

/** Opens a stage; alice is its owner, bob, carol and these `members` are members. */
export async function openPageStage(
  agents: Readonly<Record<string, Partial<NonNullable<AgentSpec['approval']>>>>,
  answers: Answers = refunding,
  members: readonly Member[] = [],
): Promise<PageStage> {
  const browser = await startBrowser()
  const model = await scriptedModel(answers)
  const mcp = await startMcpServer('Modern', refundTool)
  await makeSessionKey(operatorClient(), keyNamespace)
  const world = await newWorld('page', { impersonation: 'auto' })
  const { namespace } = world
  await adminClient().create(projects, {
    metadata: { name: 'project', namespace },
    spec: {
      members: [
        { user: 'alice@acme.com', role: 'Owner' },
        { user: 'bob@acme.com', role: 'Member' },
        { user: 'carol@acme.com', role: 'Member' },
        ...members,
      ],
    },
  })
  for (const user of people) {
    await untilMay(clientFor(user), namespace, true)
  }
  for (const [name, approval] of Object.entries(agents)) {
    await world.createAgent(
      anAgent(namespace, model.url, {
        name,
        description: 'Looks after the orders of the shop.',
        toolsets: [{ name: 'order_tools', timeoutSeconds: 10, retryUnknown: false, mcp: { url: mcp.url } }],
        approval: {
          tools: [{ name: 'order_tools.process_refund' }],
          ...approval,
        } as NonNullable<AgentSpec['approval']>,
      }),
    )
  }
  const page = readPage(inject('pageFolder'))
  if (page === undefined) throw new Error(`the page was not built`)
  // With the gateway's own rights and no more: as whom it may act is the operator's doing.
  const gateway = await startGateway(await gatewayClient(), { page })
  for (const user of people) {
    const init = { headers: ownPage }
    const signIn = () => gateway.as(undefined).post('/api/v1/session', { token: tokenOf(user) }, init)
    await eventually(async () => (await signIn()).status === 201)
  }
  return {
    ...world,
    gateway,
    browser,
    begin: async (name, params, agent = Object.keys(agents)[0] ?? '') => {
      const spec = { agentRef: { name: agent }, input: JSON.stringify(params) }
      await clientFor('bob@acme.com').create(agentRuns, aRun(namespace, name, spec))
    },
    visit: async (user, path = 'approvals', options = { viewport: { width: 1360, height: 900 } }) => {
      const person = await browser.person(options)
      const page = await person.open(`${gateway.url}/projects/${namespace}/${path}`)
      await signIn(page, tokenOf(`${user}@acme.com`))
      return { ...person, page }
    },
    calls: () => callsSeen(mcp).map(call => call.arguments),
    close: async () => {
      await browser.close()
      await world.stop()
      await gateway.close()
      await mcp.http.stop()
      await model.server.stop()
    },
  }
}

/** What a run asks for: its input where that is JSON, and a refund where it is words. */
const paramsOf = (input: string): object =>
  input.startsWith('{') ? JSON.parse(input) : { order: 'ORD-1287', amount: 2400 }

const refundTool = (server: McpServer): void => {
  // What conditions read is declared; whatever else comes is taken.
  const text = { type: 'string' } as const
  const properties = { order: text, amount: { type: 'number' }, trouble: text }
  const inputSchema = fromJsonSchema<object>({ type: 'object', properties })
  const refund = async ({ trouble }: { trouble?: string }) => {
    if (trouble !== undefined) throw new Error(trouble)
    return { content: [{ type: 'text', text: 'refunded' }] }
  }
  server.registerTool('process_refund', { description: 'refunds an order', inputSchema }, refund as never)
}
