import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import {
  agentRuns,
  agents,
  agentTurns,
  approvalRequests,
  auditRecords,
} from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually, untilObject } from '../../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { recordHash } from '../../audit/chain.ts'
import { type Said, type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

const schema = {
  type: 'object',
  properties: { order_id: { type: 'string' }, amount: { type: 'number' }, card_number: { type: 'string' } },
  required: ['order_id'],
} as const

const tools = (server: McpServer): void => {
  for (const name of ['refund', 'cancel', 'lookup', 'fail']) {
    server.registerTool(
      name,
      {
        description: name,
        inputSchema: fromJsonSchema<{ order_id: string; amount?: number; card_number?: string }>(schema),
      },
      (async (params: { order_id: string; card_number?: string }) => {
        if (name === 'fail') throw new Error('the order desk is closed')
        return {
          content: [
            { type: 'text', text: `${name} done for ${params.order_id} ${params.card_number ?? ''}`.trim() },
          ],
        }
      }) as never,
    )
  }
}

const refund = (amount = 2000, order_id = 'A'): Said => ({
  calls: [{ tool: 'shop.refund', params: { order_id, amount } }],
})
const say = (text: string): Said => ({ text })

/** What the model does, by what it is asked. */
const scripts: Record<string, (spoken: number, results: readonly string[]) => Said> = {
  'free small': (spoken, results) => (spoken === 0 ? refund(10) : say(results.join())),
  gated: (spoken, results) => (spoken === 0 ? refund() : say(results.join())),
  'again and again': (spoken, results) => (spoken < 3 ? refund() : say(results.join())),
  'three at once': (spoken, results) =>
    spoken === 0
      ? {
          calls: [
            { tool: 'shop.lookup', params: { order_id: 'A' } },
            { tool: 'shop.cancel', params: { order_id: 'B' } },
            { tool: 'shop.cancel', params: { order_id: 'C' } },
          ],
        }
      : say(results.join(' | ')),
  'failing tool': (spoken, results) =>
    spoken === 0 ? { calls: [{ tool: 'shop.fail', params: { order_id: 'A' } }] } : say(results.join()),
  'bad calls': (spoken, results) =>
    spoken === 0
      ? {
          calls: [
            { tool: 'no_such_tool', params: {} },
            { tool: 'shop.refund', params: '{"order_id": ' },
            { tool: 'shop.refund', params: { order_id: 7 } },
            { tool: 'shop.refund', params: '{"order_id": "A", "amount": 9007199254740993}' },
            { tool: 'shop.refund', params: { order_id: 'x'.repeat(66_000), amount: 1 } },
            { tool: 'shop.refund', params: '{"order_id": "\\ud800", "amount": 1}' },
          ],
        }
      : say(results.join('\n')),
  secret: (spoken, results) =>
    spoken === 0
      ? {
          text: 'I pay to 4111222233334444.',
          calls: [
            { tool: 'shop.refund', params: { order_id: 'A', amount: 5000, card_number: '4111222233334444' } },
          ],
        }
      : say(results.join()),
  'for ever': () => ({ calls: [{ tool: 'shop.lookup', params: { order_id: 'A' } }] }),
  undeclared: (spoken, results) =>
    spoken === 0
      ? { calls: [{ tool: 'shop.refund', params: { order_id: 'A', amount: 1, Amount: 5000 } }] }
      : say(results.join()),
  'ask back': () => say('Which order?'),
  'order B': (spoken, results) => (spoken === 0 ? refund(10, 'B') : say(results.join())),
}

let world: Awaited<ReturnType<typeof newWorld>>
let model: ScriptedModel
let mcp: McpTestServer

const approval = (changes: Partial<NonNullable<AgentSpec['approval']>> = {}) =>
  ({
    tools: [{ name: 'shop.refund', when: 'param.amount > 1000' }, { name: 'shop.cancel' }],
    ...changes,
  }) as NonNullable<AgentSpec['approval']>

const agent = (
  name: string,
  changes: Partial<NonNullable<AgentSpec['approval']>> = {},
  spec: Partial<AgentSpec> = {},
) =>
  world.createAgent(
    anAgent(world.namespace, model.url, {
      name,
      toolsets: [{ name: 'shop', timeoutSeconds: 10, retryUnknown: false, mcp: { url: mcp.url } }],
      approval: approval(changes),
      ...spec,
    }),
  )

const start = (name: string, input: string, agentName = 'fail', spec = {}): Promise<AgentRun> =>
  world.createRun(aRun(world.namespace, name, { agentRef: { name: agentName }, input, ...spec }))

const executed = (order: string) =>
  callsSeen(mcp).filter(call => (call.arguments as { order_id: string }).order_id === order)

beforeAll(async () => {
  model = await scriptedModel((spoken, results, input) =>
    (scripts[input] ?? (() => say('What?')))(spoken, results),
  )
  mcp = await startMcpServer('Modern', tools)
  world = await newWorld('flow')
  await Promise.all([
    agent('fail'),
    agent('continue', { onRejection: 'Continue' }),
    agent('quorum', { requiredApprovals: 2 }),
    agent('redacting', { redact: ['param.card_number'] }),
    agent('short', {}, { limits: { maxTurns: 2, maxRunSeconds: 3600 } }),
  ])
})
afterAll(async () => {
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

describe('a run', () => {
  it('calls a tool that no gate stops at once, and ends with the last words of the model', async () => {
    await start('free', 'free small')
    const run = await world.untilEnded('free')
    expect(run.status).toMatchObject({ phase: 'Succeeded', output: 'refund done for A', turns: 2 })
    expect(world.step(run, '1.0')).toMatchObject({
      state: 'Succeeded',
      tool: 'shop.refund',
      result: 'refund done for A',
    })
    expect(run.status?.conditions?.find(({ type }) => type === 'Complete')?.status).toBe('True')
  })

  it('pauses a gated call until somebody approves, then calls it once with an idempotency key', async () => {
    await start('approved', 'gated')
    const request = await world.untilRequest('approved-1-0')
    const waiting = await world.untilRun('approved', run => run.status?.phase === 'AwaitingApproval')
    expect(waiting.status?.conditions?.find(({ type }) => type === 'AwaitingApproval')?.status).toBe('True')
    expect(request.spec).toMatchObject({
      tool: 'shop.refund',
      params: { order_id: 'A', amount: 2000 },
      gates: [
        { name: 'shop.refund', from: 'Agent', outcome: 'ConditionTrue', values: { 'param.amount': 2000 } },
      ],
    })
    const before = callsSeen(mcp).length
    await world.decide('approved-1-0', 'Approve', 'fine')
    const run = await world.untilEnded('approved')
    expect(run.status?.phase).toBe('Succeeded')
    expect(world.step(run, '1.0')).toMatchObject({
      state: 'Succeeded',
      approval: { verdict: 'Approved', reviewers: ['reviewer@acme.com'], reason: 'fine' },
    })
    const calls = callsSeen(mcp)
      .slice(before)
      .filter(call => (call.arguments as { amount?: number }).amount === 2000)
    expect(calls).toHaveLength(1)
    expect(calls[0]?._meta).toMatchObject({ 'countersign.dev/idempotency-key': `${run.metadata.uid}-1.0` })
  })

  it('fails with the reason of the reviewer where a rejection fails it', async () => {
    await start('rejected', 'gated')
    await world.untilRequest('rejected-1-0')
    await world.decide('rejected-1-0', 'Reject', 'not a duplicate')
    const run = await world.untilEnded('rejected')
    expect(run.status?.phase).toBe('Failed')
    expect(run.status?.failure).toEqual({
      reason: 'ApprovalRejected',
      message: 'reviewer@acme.com rejected shop.refund: not a duplicate',
    })
    expect(world.step(run, '1.0')?.state).toBe('Rejected')
  })

  it('tells the model of a rejection where it goes on, names nobody, and answers a repeated call from the record', async () => {
    await start('repeating', 'again and again', 'continue')
    await world.untilRequest('repeating-1-0')
    await world.decide('repeating-1-0', 'Reject', 'no money today')
    const run = await world.untilEnded('repeating')
    expect(run.status?.phase).toBe('Succeeded')
    expect(run.status?.output).toContain('a reviewer rejected it. Reason: no money today')
    expect(run.status?.output).not.toContain('reviewer@acme.com')
    expect(['1.0', '2.0', '3.0'].map(id => world.step(run, id)?.state)).toEqual([
      'Rejected',
      'Rejected',
      'Rejected',
    ])
    const requests = await adminClient().list(approvalRequests, { namespace: world.namespace })
    expect(requests.items.filter(({ spec }) => spec.runRef.name === 'repeating')).toHaveLength(1)
    expect(world.step(run, '2.0')?.approvalRequest).toBe('repeating-1-0')
  })

  it('decides the calls of one turn singly, while a free one runs', async () => {
    await start('three', 'three at once', 'continue')
    await Promise.all([world.untilRequest('three-1-1'), world.untilRequest('three-1-2')])
    await world.untilRun(
      'three',
      run => world.step(run, '1.0')?.state === 'Succeeded' && run.status?.phase === 'AwaitingApproval',
    )
    await world.decide('three-1-2', 'Approve')
    await world.untilRun('three', run => world.step(run, '1.2')?.state === 'Succeeded')
    expect((await world.run('three')).status?.phase).toBe('AwaitingApproval')
    await world.decide('three-1-1', 'Reject', 'keep it')
    const run = await world.untilEnded('three')
    expect(['1.0', '1.1', '1.2'].map(id => world.step(run, id)?.state)).toEqual([
      'Succeeded',
      'Rejected',
      'Succeeded',
    ])
    expect(executed('B')).toHaveLength(0)
    expect(executed('C')).toHaveLength(1)
  })

  it('cancels the open sibling of a rejected call that fails the run', async () => {
    await start('siblings', 'three at once')
    await Promise.all([world.untilRequest('siblings-1-1'), world.untilRequest('siblings-1-2')])
    await world.decide('siblings-1-1', 'Reject', 'no')
    const run = await world.untilEnded('siblings')
    expect(run.status?.failure?.reason).toBe('ApprovalRejected')
    expect(world.step(run, '1.2')?.state).toBe('Cancelled')
    expect((await world.request('siblings-1-2')).status.phase).toBe('Cancelled')
  })

  it('waits for as many different reviewers as the agent asks for', async () => {
    await start('two', 'gated', 'quorum')
    await world.untilRequest('two-1-0')
    await world.decide('two-1-0', 'Approve', undefined, 'first@acme.com')
    await expect(world.decide('two-1-0', 'Approve', undefined, 'first@acme.com')).rejects.toThrow()
    expect((await world.request('two-1-0')).status.phase).toBe('Pending')
    await world.decide('two-1-0', 'Approve', undefined, 'second@acme.com')
    const run = await world.untilEnded('two')
    expect(world.step(run, '1.0')?.approval?.reviewers.toSorted()).toEqual([
      'first@acme.com',
      'second@acme.com',
    ])
  })

  it('gives the model an error for each call that cannot be made, and asks nobody', async () => {
    await start('bad', 'bad calls')
    const run = await world.untilEnded('bad')
    expect(run.status?.phase).toBe('Succeeded')
    const states = run.status?.steps?.filter(({ type }) => type === 'ToolCall').map(({ state }) => state)
    expect(states).toEqual(['Failed', 'Failed', 'Failed', 'Failed', 'Failed', 'Failed'])
    const requests = await adminClient().list(approvalRequests, { namespace: world.namespace })
    expect(requests.items.filter(({ spec }) => spec.runRef.name === 'bad')).toHaveLength(0)
  })

  it('tells the model of a tool that throws and goes on', async () => {
    await start('thrown', 'failing tool')
    const run = await world.untilEnded('thrown')
    expect(run.status?.phase).toBe('Succeeded')
    expect(world.step(run, '1.0')?.state).toBe('Failed')
    expect(run.status?.output).toContain('the order desk is closed')
  })

  it('pauses a call with a property that the schema does not declare', async () => {
    await start('undeclared', 'undeclared')
    const request = await world.untilRequest('undeclared-1-0')
    expect(request.spec.gates[0]).toMatchObject({ outcome: 'ConditionUnknown' })
    expect(request.spec.gates[0]?.detail).toContain('Amount')
  })

  it('fails after as many turns as the agent allows', async () => {
    await start('turns', 'for ever', 'short')
    expect((await world.untilEnded('turns')).status?.failure?.reason).toBe('MaxTurns')
  })

  it('shows a redacted value to nobody: not in the request, the trace, the output or the audit log', async () => {
    await start('secret', 'secret', 'redacting')
    const request = await world.untilRequest('secret-1-0')
    expect(request.spec.params.card_number).toMatchObject({
      $redacted: expect.stringMatching(/^hmac-sha256:/),
    })
    await world.decide('secret-1-0', 'Approve')
    const run = await world.untilEnded('secret')
    expect(run.status?.output).toBe('refund done for A [redacted]')
    expect(
      executed('A').some(
        call => (call.arguments as { card_number?: string }).card_number === '4111222233334444',
      ),
    ).toBe(true)
    const { items } = await adminClient().listAll(auditRecords, { namespace: world.namespace })
    expect(JSON.stringify([run, await world.request('secret-1-0'), items])).not.toContain('4111222233334444')
  })

  it('goes on with the conversation of an earlier run', async () => {
    await start('asks', 'ask back')
    await world.untilEnded('asks')
    await start('answers', 'order B', 'fail', { continueFrom: { name: 'asks' } })
    expect((await world.untilEnded('answers')).status?.output).toBe('refund done for B')
    const asked = model.asked.filter(messages => messages.some(({ content }) => content === 'order B'))
    expect(asked[0]?.map(({ content }) => content)).toEqual(
      expect.arrayContaining(['ask back', 'Which order?', 'order B']),
    )
  })

  it('waits in Pending and says why while its agent is missing', async () => {
    await start('early', 'free small', 'late')
    const run = await world.untilRun('early', found =>
      (found.status?.conditions ?? []).some(({ reason }) => reason === 'AgentNotFound'),
    )
    expect(run.status?.phase).toBe('Pending')
    await agent('late')
    expect((await world.untilEnded('early')).status?.phase).toBe('Succeeded')
  })
})

describe('a run that is stopped', () => {
  const open = async (name: string) => {
    await start(name, 'gated')
    await world.untilRequest(`${name}-1-0`)
    await world.untilRun(name, run => run.status?.phase === 'AwaitingApproval')
  }

  it('ends as Cancelled when it is cancelled, its open request with it', async () => {
    await open('cancelled')
    await adminClient().patch(
      agentRuns,
      { namespace: world.namespace, name: 'cancelled' },
      { type: 'merge', body: { spec: { cancel: true } } },
    )
    const run = await world.untilEnded('cancelled')
    expect(run.status?.phase).toBe('Cancelled')
    expect((await world.request('cancelled-1-0')).status.phase).toBe('Cancelled')
    await expect(world.decide('cancelled-1-0', 'Approve')).rejects.toThrow()
  })

  it('stays, when deleted, until its request is cancelled and recorded', async () => {
    await open('deleted')
    await adminClient().delete(agentRuns, { namespace: world.namespace, name: 'deleted' })
    await untilObject(agentRuns, { namespace: world.namespace, name: 'deleted' }, run => run === undefined)
    const entries = (await world.audit()).filter(({ run }) => run === 'deleted').map(({ action }) => action)
    expect(entries).toEqual(['RunStarted', 'ApprovalRequested', 'ApprovalCancelled', 'RunEnded'])
  })

  it('fails when its agent is deleted', async () => {
    await agent('doomed')
    await start('orphan', 'gated', 'doomed')
    await world.untilRequest('orphan-1-0')
    await adminClient().delete(agents, { namespace: world.namespace, name: 'doomed' })
    expect((await world.untilEnded('orphan')).status?.failure?.reason).toBe('AgentDeleted')
    expect((await world.request('orphan-1-0')).status.phase).toBe('Cancelled')
  })

  it('is deleted when its time after the end is over', async () => {
    await start('brief', 'free small', 'fail', { ttlSecondsAfterFinished: 0 })
    await untilObject(agentRuns, { namespace: world.namespace, name: 'brief' }, run => run === undefined)
    await eventually(async () => {
      const entries = (await world.audit()).filter(({ run }) => run === 'brief')
      return entries.at(-1)?.action === 'RunEnded'
    })
  })
})

describe('an approval', () => {
  it('does not count for another run of the same name', async () => {
    await start('twin', 'gated')
    await world.untilRequest('twin-1-0')
    await world.untilRun('twin', run => run.status?.phase === 'AwaitingApproval')
    const first = await world.run('twin')
    await world.stop()
    await world.decide('twin-1-0', 'Approve')
    const before = callsSeen(mcp).length
    await adminClient().delete(
      agentRuns,
      { namespace: world.namespace, name: 'twin' },
      { propagationPolicy: 'Orphan' },
    )
    world.restart()
    await untilObject(
      agentRuns,
      { namespace: world.namespace, name: 'twin' },
      run => run === undefined || run.metadata.uid !== first.metadata.uid,
    )
    await start('twin', 'gated')
    const request = await world.untilRequest(
      'twin-1-0',
      ({ spec, status }) => spec.runRef.uid !== first.metadata.uid && status.phase === 'Pending',
    )
    expect(request.status.decisions).toEqual([])
    await world.untilRun('twin', run => run.status?.phase === 'AwaitingApproval')
    expect(callsSeen(mcp).length).toBe(before)
  })
})

describe('the audit log', () => {
  it('is one chain without a gap whose hashes can be computed again, and tells each call in order', async () => {
    const { items } = await adminClient().listAll(auditRecords, { namespace: world.namespace })
    const records = items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    let prevHash: string | undefined
    let seq = 0
    for (const { spec, metadata } of records) {
      expect(spec.prevHash).toBe(prevHash)
      expect(spec.hash).toBe(recordHash(world.namespace, spec.entries, prevHash))
      expect(metadata.name).toBe(`audit-${String(seq + 1).padStart(12, '0')}`)
      for (const entry of spec.entries) expect(entry.seq).toBe(++seq)
      prevHash = spec.hash
    }
    const story = records
      .flatMap(({ spec }) => spec.entries)
      .filter(({ run }) => run === 'approved')
      .map(({ action }) => action)
    expect(story).toEqual([
      'RunStarted',
      'ApprovalRequested',
      'ApprovalApproved',
      'ToolExecuting',
      'ToolExecuted',
      'RunEnded',
    ])
  })
})

describe('the transcript', () => {
  it('keeps the real parameters where no shipped role but the operator reads', async () => {
    const turn = await adminClient().get(agentTurns, { namespace: world.namespace, name: 'secret-t1' })
    expect(JSON.stringify(turn.spec.calls)).toContain('4111222233334444')
    expect(turn.status?.complete).toBe(true)
  })
})
