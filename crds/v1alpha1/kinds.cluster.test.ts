import { beforeAll, describe, expect, it } from 'vitest'
import { adminClient, kubectl, testNamespace } from '../../hack/testing.ts'
import { asOperator, changed } from '../../hack/truthtable.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { type Kind, kinds } from './kinds.ts'
import { agentRuns, agents, approvalRequests, auditRecords } from './resources.ts'
import {
  sampleAgent,
  sampleAgentRun,
  sampleApprovalRequest,
  sampleAuditRecord,
  sampleProject,
} from './samples.ts'

let namespace: string
beforeAll(async () => {
  namespace = await testNamespace('kinds')
  await adminClient().create(agents, sampleAgent(namespace))
  await adminClient().create(agentRuns, sampleAgentRun(namespace))
  await asOperator().create(approvalRequests, sampleApprovalRequest(namespace))
  await asOperator().create(auditRecords, sampleAuditRecord(namespace))
})

/** The cells of each line, but for the age. */
const table = async (...args: string[]) =>
  (await kubectl(['get', '--namespace', namespace, ...args]))
    .trim()
    .split('\n')
    .map(line => line.trim().split(/ {2,}/))

describe('the API server', () => {
  const samples = { agents: sampleAgent, agentruns: sampleAgentRun, projects: sampleProject }
  it.each(Object.entries(samples))(
    'fills in the same defaults for %s as zod does',
    async (plural, sample) => {
      const kind = kinds.find(({ resource }) => resource.plural === plural) as Kind
      const sent = changed<KubeObject & { spec: object }>(sample(namespace), {
        '/metadata/name': plural === 'projects' ? 'project' : 'defaults',
        ...(plural === 'agents' && { '/spec/limits': {} }),
        ...(plural === 'projects' && {
          '/spec/approval': {},
          '/spec/notifications': { email: {}, inApp: {} },
        }),
      })
      const resource = kind.resource as Resource<typeof sent>
      const { spec } = await adminClient().create(resource, sent, { dryRun: true })
      // Who created a run is filled in as well where the server stamps it; zod cannot know who that is.
      const { requestedBy, ...filled } = spec as { requestedBy?: string }
      expect(filled).toEqual(kind.spec.schema.parse(sent.spec))
    },
  )
})

describe('kubectl', () => {
  it.each(kinds.map(kind => [kind.shortNames.join(' '), kind.resource.plural] as const))(
    'knows %s as %s, explains it, and lists it in the category',
    async (shortName, plural) => {
      expect(
        await kubectl(['get', shortName, '--namespace', namespace, '--ignore-not-found', '-o', 'name']),
      ).toBe(await kubectl(['get', plural, '--namespace', namespace, '--ignore-not-found', '-o', 'name']))
      expect(await kubectl(['explain', plural])).toMatch(/DESCRIPTION:\n {4}An? /)
    },
  )

  it('shows which requests wait, of which agent and run', async () => {
    const [header, row] = await table('apr')
    expect(header).toEqual(['NAME', 'AGENT', 'TOOL', 'PHASE', 'AGE', 'EXPIRES', 'RUN'])
    expect(row?.slice(0, 4)).toEqual([
      'order-run-1-0',
      'order-manager',
      'order_tools.process_refund',
      'Pending',
    ])
  })

  it('shows how far runs are', async () => {
    const [header, row] = await table('arun')
    expect(header).toEqual(['NAME', 'AGENT', 'PHASE', 'TURNS', 'REASON', 'AGE'])
    expect(row?.slice(0, 3)).toEqual(['order-run', 'order-manager', 'Pending'])
  })

  it('shows which agents are ready, and that nobody has looked at this one', async () => {
    const [header, row] = await table('agt')
    expect(header).toEqual(['NAME', 'MODEL', 'READY', 'REASON', 'AGE'])
    expect(row?.slice(0, 4)).toEqual(['order-manager', 'some-model', 'Unknown', 'Pending'])
  })

  it('shows what happened', async () => {
    const [header, row] = await table('audit')
    expect(header).toEqual(['NAME', 'ACTION', 'ACTOR', 'AGENT', 'TOOL', 'RUN', 'AGE'])
    expect(row?.slice(0, 2)).toEqual(['audit-000000000001', 'ToolExecuting'])
  })

  it('explains the approval block of an agent like documentation', async () => {
    const text = (await kubectl(['explain', 'agent.spec.approval'])).replaceAll(/\s+/g, ' ')
    expect(text).toContain('Which tool calls a person must countersign, and how.')
    expect(text).toContain(
      'timeoutSeconds <integer> Seconds that a request waits for a decision before it expires.',
    )
    expect(text).toContain('Default: 3600. From 30 to 604800.')
    expect(text).toContain('onRejection <string> enum: Fail, Continue')
  })

  it.each(kinds.filter(kind => kind.selectableFields).map(kind => [kind.resource.plural, kind] as const))(
    'selects %s by their fields',
    async (plural, kind) => {
      const selector = kind.selectableFields?.map(field => `${field.slice(1)}!=none`).join(',') ?? ''
      await expect(
        kubectl(['get', plural, '-n', namespace, '--field-selector', selector]),
      ).resolves.toBeTypeOf('string')
      await expect(
        kubectl(['get', plural, '-n', namespace, '--field-selector', 'spec.none=x']),
      ).rejects.toThrow('field label not supported')
    },
  )
})
