import { beforeAll, describe, expect, it } from 'vitest'
import { adminClient, testNamespace } from '../../hack/testing.ts'
import { creating } from '../../hack/truthtable.ts'
import { agents } from './resources.ts'
import { sampleAgent } from './samples.ts'

const table = { client: adminClient, resource: agents }
let namespace: string
beforeAll(async () => {
  namespace = await testNamespace('agent-schema')
})

const tool = { name: 'lookup', url: 'http://crm/lookup' }
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

describe('an Agent', () => {
  it('reads Ready=Unknown and its defaults before any operator has looked at it', async () => {
    const created = await adminClient().create(agents, sampleAgent(namespace, 'fresh'))
    expect(created.spec.approval).toMatchObject({
      timeoutSeconds: 3600,
      onRejection: 'Fail',
      requiredApprovals: 1,
      allowSelfApproval: true,
    })
    expect(created.spec.toolsets).toMatchObject([{ timeoutSeconds: 60, retryUnknown: false }])
    const read = await adminClient().get(agents, { namespace, name: 'fresh' })
    expect(read.status?.conditions).toEqual([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'Pending',
        message: 'Waiting for the operator',
        lastTransitionTime: '1970-01-01T00:00:00Z',
      },
    ])
  })

  describe('model', () => {
    creating(table, () => sampleAgent(namespace), [
      { when: 'is accepted with everything that its provider needs', set: {} },
      {
        when: 'needs a baseURL where the provider is OpenAICompatible',
        set: { '/spec/model/baseURL': undefined },
        refused: 'spec.model.baseURL: Required value: provider OpenAICompatible needs baseURL',
      },
      {
        when: 'needs no baseURL where the provider has its own',
        set: { '/spec/model': { provider: 'Anthropic', name: 'm' } },
      },
      {
        when: 'is refused where the provider is unknown',
        set: { '/spec/model/provider': 'Acme' },
        refused: 'supported values: "OpenAI", "Anthropic", "Google", "OpenAICompatible"',
      },
      {
        when: 'is refused with a password in the URL',
        set: { '/spec/model/baseURL': 'https://user:password@llm/v1' },
        refused: 'spec.model.baseURL in body should match',
      },
      {
        when: 'is refused with a URL that is none of http',
        set: { '/spec/model/baseURL': 'file:///etc/passwd' },
        refused: 'spec.model.baseURL in body should match',
      },
    ])
  })

  describe('a toolset', () => {
    const toolset = (value: object) => ({ '/spec/toolsets': [{ name: 'crm', ...value }] })
    creating(table, () => sampleAgent(namespace), [
      { when: 'is accepted with mcp', set: toolset({ mcp: { url: 'http://a/mcp' } }) },
      { when: 'is accepted with http', set: toolset({ http: { tools: [tool] } }) },
      { when: 'is refused with neither', set: toolset({}), refused: 'set exactly one of mcp and http' },
      {
        when: 'is refused with both',
        set: toolset({ mcp: { url: 'http://a/mcp' }, http: { tools: [tool] } }),
        refused: 'set exactly one of mcp and http',
      },
      {
        when: 'is refused where two tools have one name',
        set: toolset({ http: { tools: [tool, tool] } }),
        refused: 'spec.toolsets[0].http.tools[1]: Duplicate value',
      },
      {
        when: 'is refused where two toolsets have one name',
        set: { '/spec/toolsets': many(2, () => ({ name: 'crm', mcp: { url: 'http://a/mcp' } })) },
        refused: 'spec.toolsets[1]: Duplicate value',
      },
      {
        when: 'is refused with a dot in its name, which would make full names ambiguous',
        set: { '/spec/toolsets': [{ name: 'a.b', mcp: { url: 'http://a/mcp' } }] },
        refused: 'spec.toolsets[0].name in body should match',
      },
      {
        when: 'takes placeholders in the path of a URL',
        set: toolset({ http: { tools: [{ ...tool, url: 'http://crm/customers/{id}?x={y}' }] } }),
      },
      {
        when: 'takes no placeholder in the host of a URL: the model would choose where a call goes',
        set: toolset({ http: { tools: [{ ...tool, url: 'http://{host}/lookup' }] } }),
        refused: 'spec.toolsets[0].http.tools[0].url in body should match',
      },
      {
        when: 'keeps any JSON Schema as it is',
        set: toolset({
          http: { tools: [{ ...tool, inputSchema: { type: 'object', $defs: { x: { not: {} } } } }] },
        }),
      },
      {
        when: 'takes a timeout of an hour at most',
        set: toolset({ mcp: { url: 'http://a/mcp' }, timeoutSeconds: 3601 }),
        refused: 'should be less than or equal to 3600',
      },
      {
        when: 'is one of at most 32',
        set: { '/spec/toolsets': many(33, index => ({ name: `t${index}`, mcp: { url: 'http://a/mcp' } })) },
        refused: 'must have at most 32 items',
      },
    ])
  })

  describe('approval', () => {
    const approval = (value: object) => ({ '/spec/approval': value })
    const gate = (value: object) => approval({ tools: [{ name: 'a.b', ...value }] })
    creating(table, () => sampleAgent(namespace), [
      { when: 'is accepted empty', set: approval({}) },
      { when: 'is accepted absent', set: { '/spec/approval': undefined } },
      { when: 'takes a condition of 2,000 characters', set: gate({ when: `param.${'a'.repeat(1994)}` }) },
      {
        when: 'takes no condition of 2,001 characters',
        set: gate({ when: `param.${'a'.repeat(1995)}` }),
        refused: 'Too long: may not be more than 2000 bytes',
      },
      {
        when: 'takes no empty condition, which would stop nothing or everything',
        set: gate({ when: '' }),
        refused: 'should be at least 1 chars long',
      },
      { when: 'takes a gate for every tool', set: gate({ name: '*' }) },
      { when: 'takes a gate for a prefix', set: gate({ name: 'order_tools.*' }) },
      {
        when: 'takes no star in the middle of a name',
        set: gate({ name: 'order_*.refund' }),
        refused: 'spec.approval.tools[0].name in body should match',
      },
      {
        when: 'takes 100 gates at most',
        set: approval({ tools: many(101, index => ({ name: `a.t${index}` })) }),
        refused: 'must have at most 100 items',
      },
      { when: 'takes 30 seconds to decide', set: approval({ timeoutSeconds: 30 }) },
      {
        when: 'takes no 29 seconds to decide',
        set: approval({ timeoutSeconds: 29 }),
        refused: 'should be greater than or equal to 30',
      },
      { when: 'takes a week to decide', set: approval({ timeoutSeconds: 604800 }) },
      {
        when: 'takes no second more than a week',
        set: approval({ timeoutSeconds: 604801 }),
        refused: 'should be less than or equal to 604800',
      },
      {
        when: 'needs at least one approval',
        set: approval({ requiredApprovals: 0 }),
        refused: 'should be greater than or equal to 1',
      },
      {
        when: 'needs at most ten approvals',
        set: approval({ requiredApprovals: 11 }),
        refused: 'should be less than or equal to 10',
      },
      {
        when: 'counts approvals in whole numbers',
        set: approval({ requiredApprovals: 1.5 }),
        refused: 'must be of type integer',
      },
      {
        when: 'is refused with an onRejection that nobody knows',
        set: approval({ onRejection: 'continue' }),
        refused: 'supported values: "Fail", "Continue"',
      },
      {
        when: 'is refused with escalateTo and no time for it',
        set: approval({ escalateTo: ['leads'] }),
        refused: 'set escalateTo and escalateAfterSeconds together',
      },
      {
        when: 'is refused with a time to escalate and nobody to escalate to',
        set: approval({ escalateAfterSeconds: 60 }),
        refused: 'set escalateTo and escalateAfterSeconds together',
      },
      {
        when: 'is accepted where it escalates before it expires',
        set: approval({ escalateAfterSeconds: 3599, escalateTo: ['leads'] }),
      },
      {
        when: 'is refused where it escalates when all is over, by the default timeout too',
        set: approval({ escalateAfterSeconds: 3600, escalateTo: ['leads'] }),
        refused: 'spec.approval.escalateAfterSeconds: Invalid value',
      },
      { when: 'is accepted where it reminds before it expires', set: approval({ remindAfterSeconds: 900 }) },
      {
        when: 'is refused where it reminds when all is over',
        set: approval({ timeoutSeconds: 60, remindAfterSeconds: 60 }),
        refused: 'remindAfterSeconds must be less than timeoutSeconds',
      },
      ...['param.card_number', 'param["card-number"]', 'param.cards[0].number', 'param.cards[*].number'].map(
        path => ({ when: `redacts ${path}`, set: approval({ redact: [path] }) }),
      ),
      ...['context.name', 'card_number', 'param', 'param.', 'param.a b', 'param[', 'parameter.x'].map(
        path => ({
          when: `cannot redact ${path}`,
          set: approval({ redact: [path] }),
          refused: 'spec.approval.redact[0]',
        }),
      ),
    ])
  })

  describe('limits', () => {
    creating(table, () => sampleAgent(namespace), [
      {
        when: 'are accepted within their bounds',
        set: { '/spec/limits': { maxTurns: 1, maxRunSeconds: 1 } },
      },
      {
        when: 'are refused at no turn',
        set: { '/spec/limits': { maxTurns: 0 } },
        refused: 'should be greater than or equal to 1',
      },
    ])
  })
})
