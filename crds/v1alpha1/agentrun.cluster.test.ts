import { beforeAll, describe, expect, it } from 'vitest'
import { adminClient, testNamespace } from '../../hack/testing.ts'
import { asOperator, changed, creating, updating } from '../../hack/truthtable.ts'
import { agentRuns } from './resources.ts'
import { sampleAgentRun } from './samples.ts'

const table = { client: asOperator, resource: agentRuns }
const step = { type: 'Model', turn: 1, text: 'One moment.' } as const
let namespace: string

/** Creates a run with this spec and status. */
async function run(name: string, spec: object, status: object): Promise<void> {
  const created = await asOperator().create(
    agentRuns,
    changed(sampleAgentRun(namespace, name), { '/spec': spec }),
  )
  await asOperator().replace(agentRuns, changed(created, { '/status': status }), { subresource: 'status' })
}

beforeAll(async () => {
  namespace = await testNamespace('agentrun-schema')
})

describe('an AgentRun', () => {
  it('is Pending and not cancelled from the moment it exists, for selectors too', async () => {
    const created = await adminClient().create(agentRuns, sampleAgentRun(namespace, 'fresh'))
    expect(created.spec.cancel).toBe(false)
    const selected = { namespace, fieldSelector: 'status.phase=Pending,spec.agentRef.name=order-manager' }
    const { items } = await adminClient().list(agentRuns, selected)
    expect(items.map(item => item.metadata.name)).toContain('fresh')
    expect(items[0]?.status?.phase).toBe('Pending')
  })

  describe('when created', () => {
    const call = { tool: 'order_tools.process_refund', params: { amount: 5 } }
    creating(table, () => sampleAgentRun(namespace), [
      { when: 'is accepted with input', set: {} },
      { when: 'is accepted with a call', set: { '/spec/input': undefined, '/spec/call': call } },
      {
        when: 'is refused with both input and call',
        set: { '/spec/call': call },
        refused: 'spec: Invalid value: set exactly one of input',
      },
      {
        when: 'is refused with neither input nor call',
        set: { '/spec/input': undefined },
        refused: 'set exactly one of input',
      },
      { when: 'is refused with an empty input', set: { '/spec/input': '' }, refused: 'spec.input' },
      { when: 'goes on with an earlier run', set: { '/spec/continueFrom': { name: 'earlier' } } },
      {
        when: 'goes on with an earlier run by input only',
        set: { '/spec/continueFrom': { name: 'earlier' }, '/spec/input': undefined, '/spec/call': call },
        refused: 'spec.continueFrom: Forbidden: continueFrom goes with input',
      },
      {
        when: 'is refused when it goes on with itself',
        set: { '/metadata/name': 'itself', '/spec/continueFrom': { name: 'itself' } },
        refused: 'a run cannot continue from itself',
      },
      { when: 'takes a name of 63 characters', set: { '/metadata/name': 'a'.repeat(63) } },
      {
        when: 'takes no name of 64 characters',
        set: { '/metadata/name': 'a'.repeat(64) },
        refused: 'the name of a run has at most 63 characters',
      },
      {
        when: 'takes a generated name of any prefix, as the server cuts it to 63 characters',
        set: { '/metadata/name': undefined, '/metadata/generateName': 'a'.repeat(100) },
      },
      { when: 'takes any JSON object as context', set: { '/spec/context': { a: { b: [1, null, 'x'] } } } },
      { when: 'takes no list as context', set: { '/spec/context': [] }, refused: 'spec.context' },
      {
        when: 'is kept a year at most',
        set: { '/spec/ttlSecondsAfterFinished': 31_536_001 },
        refused: 'should be less than or equal to 31536000',
      },
    ])
  })

  describe('once created', () => {
    const spec = {
      agentRef: { name: 'order-manager' },
      input: 'Refund order ORD-1287.',
      context: { is_admin: false, nested: { list: [1, { x: 1 }] } },
      requestedBy: 'bob@acme.com',
    }
    const fixed = 'spec: Forbidden: a run cannot be changed'
    // `requestedBy` is taken for true here: the policy that checks it has tests of its own.
    beforeAll(() => run('fixed', { ...spec, requestedBy: undefined }, { phase: 'Running' }))
    updating(table, () => ({ namespace, name: 'fixed' }), [
      { when: 'can be labelled', set: { '/metadata/labels': { a: 'b' } } },
      { when: 'can be cancelled', set: { '/spec/cancel': true } },
      { when: 'can be given another time to live', set: { '/spec/ttlSecondsAfterFinished': 60 } },
      { when: 'keeps its agent', set: { '/spec/agentRef/name': 'other' }, refused: fixed },
      { when: 'keeps its input', set: { '/spec/input': 'Refund all.' }, refused: fixed },
      { when: 'keeps its context', set: { '/spec/context/is_admin': true }, refused: fixed },
      {
        when: 'keeps its context, deep inside',
        set: { '/spec/context/nested': { list: [1, { x: 2 }] } },
        refused: fixed,
      },
      { when: 'gets no further key in its context', set: { '/spec/context/more': 1 }, refused: fixed },
      { when: 'loses no context', set: { '/spec/context': undefined }, refused: fixed },
      { when: 'gets no earlier run', set: { '/spec/continueFrom': { name: 'earlier' } }, refused: fixed },
      { when: 'gets no other starter', set: { '/spec/requestedBy': 'bob@acme.com' }, refused: fixed },
    ])
  })

  describe('of an outside agent, once created', () => {
    const call = { tool: 'order_tools.process_refund', params: { amount: 5, lines: [{ sku: 'A-1' }] } }
    beforeAll(() => run('outside', { agentRef: { name: 'a' }, call }, { phase: 'Running' }))
    const refused = 'spec: Forbidden: a run cannot be changed'
    updating(table, () => ({ namespace, name: 'outside' }), [
      { when: 'can be cancelled', set: { '/spec/cancel': true } },
      { when: 'keeps its tool', set: { '/spec/call/tool': 'order_tools.cancel_order' }, refused },
      { when: 'keeps its params', set: { '/spec/call/params/amount': 6 }, refused },
      {
        when: 'keeps what stands deep in its params',
        set: { '/spec/call/params/lines': [{ sku: 'A-2' }] },
        refused,
      },
    ])
  })

  describe('that goes on with another, once created', () => {
    const spec = { agentRef: { name: 'a' }, input: 'Yes.', continueFrom: { name: 'earlier' } }
    beforeAll(() => run('later', spec, { phase: 'Running' }))
    const refused = 'spec: Forbidden: a run cannot be changed'
    updating(table, () => ({ namespace, name: 'later' }), [
      { when: 'keeps the earlier run', set: { '/spec/continueFrom/name': 'other' }, refused },
      { when: 'loses not the earlier run', set: { '/spec/continueFrom': undefined }, refused },
    ])
  })

  describe('once cancelled', () => {
    beforeAll(() => run('gone', { agentRef: { name: 'a' }, input: 'x', cancel: true }, { phase: 'Running' }))
    const refused = 'spec.cancel: Forbidden: a cancelled run stays cancelled'
    updating(table, () => ({ namespace, name: 'gone' }), [
      { when: 'cannot be called back', set: { '/spec/cancel': false }, refused },
      { when: 'cannot be called back by leaving the field out', set: { '/spec/cancel': undefined }, refused },
    ])
  })

  describe('while it runs', () => {
    const status = { phase: 'Running', steps: [step, step] }
    beforeAll(() => run('running', { agentRef: { name: 'a' }, input: 'x' }, status))
    const refused = 'status.steps: Forbidden: the trace never gets shorter'
    updating(
      table,
      () => ({ namespace, name: 'running' }),
      [
        { when: 'gets further steps', set: { '/status/steps': [step, step, step] } },
        { when: 'moves to another phase', set: { '/status/phase': 'AwaitingApproval' } },
        { when: 'loses no step', set: { '/status/steps': [step] }, refused },
        { when: 'loses not all steps', set: { '/status/steps': undefined }, refused },
        { when: 'loses not its whole status', set: { '/status': undefined }, refused },
        {
          when: 'takes no phase that nobody knows',
          set: { '/status/phase': 'Done' },
          refused: 'status.phase',
        },
        {
          when: 'takes no reason of failure that nobody knows',
          set: { '/status/failure': { reason: 'Oops', message: '' } },
          refused: 'status.failure.reason',
        },
      ],
      'status',
    )
  })

  describe.each(['Succeeded', 'Failed', 'Cancelled'])('once %s', phase => {
    const name = phase.toLowerCase()
    beforeAll(() => run(name, { agentRef: { name: 'a' }, input: 'x' }, { phase }))
    const refused = 'status.phase: Forbidden: the run has ended'
    updating(
      table,
      () => ({ namespace, name }),
      [
        { when: 'may be described better', set: { '/status/output': 'Done.' } },
        ...['Pending', 'Running', 'AwaitingApproval', 'Succeeded', 'Failed', 'Cancelled']
          .filter(other => other !== phase)
          .map(other => ({ when: `never is ${other}`, set: { '/status/phase': other }, refused })),
        { when: 'never begins again by losing its status', set: { '/status': undefined }, refused },
      ],
      'status',
    )
  })
})
