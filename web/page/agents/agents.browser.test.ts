import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent, AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agents, projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, untilObject } from '../../../hack/testing.ts'
import { type McpTestServer, startMcpServer } from '../../../operator/agent/testing/mcp-server.ts'
import { readiness } from '../../../operator/testing/world.ts'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
let crm: McpTestServer
let description = 'looks a customer up'
beforeAll(async () => {
  crm = await startMcpServer('Modern', (server: McpServer) => {
    const inputSchema = fromJsonSchema<object>({ type: 'object' })
    for (const name of ['lookup', 'note'])
      server.registerTool(name, { description, inputSchema }, (async () => ({ content: [] })) as never)
  })
  stage = await openPageStage({
    'order-manager': {
      tools: [{ name: 'order_tools.process_refund', when: 'param.amount > 1000 and not context.is_admin' }],
      requiredApprovals: 2,
      allowSelfApproval: false,
      onRejection: 'Continue',
      timeoutSeconds: 5400,
      message: 'Ask <b>Finance</b>.',
      redact: ['param.card_number'],
      escalateAfterSeconds: 600,
      escalateTo: ['alice@acme.com'],
    },
  })
})
afterAll(async () => {
  await stage?.close()
  await crm?.http.stop()
})

const card = (page: Page, name: string): Locator => page.getByRole('article', { name: `Agent ${name}` })

/** Creates an agent like the first one, but for these fields. */
async function another(name: string, changes: Partial<AgentSpec>): Promise<void> {
  const { namespace } = stage
  const { spec } = await adminClient().get(agents, { namespace, name: 'order-manager' })
  await adminClient().create(agents, {
    metadata: { name, namespace },
    spec: { ...spec, ...changes },
  } as Agent)
}

describe('the agents page', () => {
  it('shows beside each tool every gate, of the agent and of the project, and what follows when one fires', async () => {
    const { page, faults, context } = await stage.visit('carol', 'agents')
    const agent = card(page, 'order-manager')
    await agent.getByText('param.amount > 1000 and not context.is_admin').waitFor()
    const project = { namespace: stage.namespace, name: 'project' }
    const gates = [{ name: 'order_tools.*', when: 'param.card_number is not null' }, { name: 'other.*' }]
    const body = { spec: { approval: { tools: gates } } }
    await clientFor('alice@acme.com').patch(projects, project, { type: 'merge', body })
    await agent.getByText('param.card_number is not null').waitFor()
    const tool = agent.getByRole('listitem').filter({ hasText: 'order_tools.process_refund' }).first()
    expect(await tool.getByRole('listitem').allInnerTexts()).toEqual([
      'waits if param.amount > 1000 and not context.is_admin agent',
      'waits if param.card_number is not null project',
    ])
    await agent.getByText('2 approvals within 1 h 30 min, not by who started the run').click()
    const text = await agent.innerText()
    for (const words of [
      'Ask <b>Finance</b>.',
      'param.card_number',
      'may not decide',
      'the agent is told why, and goes on',
      'after 10 min to alice@acme.com',
    ]) {
      expect(text).toContain(words)
    }
    await shot(page, 'agents')
    await agent.getByRole('link', { name: 'Its runs' }).click()
    await page.getByRole('heading', { name: 'Runs' }).waitFor()
    expect(new URL(page.url()).search).toBe('?agent=order-manager')
    expect(faults).toEqual([])
    await context.close()
  })

  it('says of an agent that is not ready what is wrong, and what to do', async () => {
    const { page, faults, context } = await stage.visit('carol', 'agents')
    await card(page, 'order-manager').waitFor()
    await another('typo', { approval: { tools: [{ name: 'order_tools.proces_refund' }] } as never })
    await another('unreachable', {
      toolsets: [
        { name: 'crm', timeoutSeconds: 1, retryUnknown: false, mcp: { url: 'http://127.0.0.1:1/mcp' } },
      ],
      approval: undefined,
    })
    await another('grammar', {
      approval: { tools: [{ name: 'order_tools.*', when: 'param.a = 1' }] } as never,
    })
    const typo = card(page, 'typo')
    await typo.getByText('Not ready').waitFor()
    await typo
      .getByText('no tool is named order_tools.proces_refund; did you mean order_tools.process_refund?')
      .waitFor()
    await typo.getByText('Correct the name in spec.approval.tools of the Agent.').waitFor()
    await typo.getByText('Its runs wait.').waitFor()
    await typo.getByText('a gate, but no tool of this agent').waitFor()
    await card(page, 'unreachable').getByText('See whether the server of the toolset runs').waitFor()
    await card(page, 'grammar')
      .getByText(/tools\[0\]\.when, column \d+/)
      .waitFor()
    // Mended, it is ready, and the page says so by itself.
    const at = { namespace: stage.namespace, name: 'typo' }
    const body = { spec: { approval: { tools: [{ name: 'order_tools.process_refund' }] } } }
    await clientFor('alice@acme.com').patch(agents, at, { type: 'merge', body })
    await typo.getByText('Ready', { exact: true }).waitFor()
    expect(await typo.getByText('no tool is named').count()).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })

  it('says of tools that are not what was pinned that each call waits, and how they are accepted', async () => {
    await another('customers', {
      toolsets: [{ name: 'crm', timeoutSeconds: 10, retryUnknown: false, mcp: { url: crm.url } }],
      approval: undefined,
    })
    const at = { namespace: stage.namespace, name: 'customers' }
    await untilObject(agents, at, agent => readiness(agent)?.status === 'True')
    const { page, faults, context } = await stage.visit('alice', 'agents/customers')
    const agent = card(page, 'customers')
    await agent.getByText('runs by itself').first().waitFor()
    description = 'deletes a customer'
    // It is looked at now and then; a change of its metadata makes it now.
    const look = { metadata: { annotations: { 'acme.com/looked': 'again' } } }
    await clientFor('alice@acme.com').patch(agents, at, { type: 'merge', body: look })
    await agent.getByText('Tools changed').waitFor()
    await agent.getByText('each call of crm.lookup, crm.note waits for approval').waitFor()
    await agent.getByText('These calls wait, its runs go on.').waitFor()
    expect(await agent.getByText('waits for a person: it is not what was pinned').count()).toBe(2)
    expect(await agent.getByText('runs by itself').count()).toBe(0)
    await shot(page, 'agent-tools-changed')
    const command = (await agent.locator('.command code').innerText()).split(' ')
    const [key = '', value] = command.at(-1)?.split('=') ?? []
    expect([command.slice(0, 5), key]).toEqual([
      ['kubectl', 'annotate', 'agent', 'customers', '-n'],
      'countersign.dev/accept-tools',
    ])
    const accept = { metadata: { annotations: { [key]: value ?? '' } } }
    await clientFor('alice@acme.com').patch(agents, at, { type: 'merge', body: accept })
    await agent.getByText('Tools changed').waitFor({ state: 'detached' })
    expect(faults).toEqual([])
    await context.close()
  })
})
