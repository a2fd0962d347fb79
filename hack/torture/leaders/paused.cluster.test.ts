import { afterEach, describe, expect, it } from 'vitest'
import { cluster } from '../../testing.ts'
import { type Asked, type HoldingProxy, startHoldingProxy } from './holding-proxy.ts'
import { faultsOf } from './proof.ts'
import { type Operator, openStage, pay, type Stage } from './stage.ts'

/** Shorter would be lost on a busy machine; the successor waits for it. */
const LEASE_SECONDS = 8

let stage: Stage
let proxy: HoldingProxy
afterEach(async () => {
  await stage.close()
  await proxy.close()
})

const begins =
  (run: string) =>
  ({ method, path, body }: Asked): boolean =>
    method === 'PUT' && path.endsWith(`/agentruns/${run}/status`) && body.includes('"state":"Executing"')
const creates =
  (plural: string, ...words: readonly string[]) =>
  ({ method, path, body }: Asked): boolean =>
    method === 'POST' && path.endsWith(`/${plural}`) && words.every(word => body.includes(word))

/** Lets an operator come to each of the moments, in a run for each, and stops it there. */
const pauseEverywhere = async (first: Operator, asked: Promise<void>) => {
  const tool = stage.holdTool('tool')
  // Whoever calls here is in the middle of it while the other one wakes.
  const meanwhile = stage.holdTool('unsent')
  const landed = proxy.hold('Answer', begins('landed'))
  const unsent = proxy.hold('Request', begins('unsent'))
  const request = proxy.hold('Request', creates('approvalrequests', '"request-1-0"'))
  const decided = ['tool', 'landed', 'unsent']
  for (const run of ['waits', 'request', ...decided]) await stage.start(run, 'gated')
  await stage.start('model', 'free')
  await stage.untilRequest('waits-1-0')
  for (const run of decided) {
    await stage.untilRequest(`${run}-1-0`)
    await stage.decide(`${run}-1-0`, 'Approve')
  }
  await Promise.all([tool.called, asked, landed.reached, unsent.reached, request.reached])
  await stage.untilRun('waits', run => run.status?.phase === 'AwaitingApproval')
  // The last, as nothing is recorded behind it.
  const record = proxy.hold('Request', creates('auditrecords', '"ApprovalRequested"', '"record"'))
  await stage.start('record', 'gated')
  await record.reached
  first.pause()
  return { tool, meanwhile, landed, unsent, request, record }
}

/** Everything that waits is decided, and everything but one call ends, while the first operator stands still. */
const goOnWithout = async (meanwhile: Promise<void>) => {
  for (const run of ['waits', 'request', 'record']) {
    await stage.untilRequest(`${run}-1-0`)
    await stage.decide(`${run}-1-0`, 'Approve')
  }
  const ended = Object.fromEntries(
    await Promise.all(
      ['waits', 'tool', 'model', 'landed', 'request', 'record'].map(async name => {
        const { status } = await stage.untilEnded(name)
        // That it is let go is the last that is written of it.
        await stage.untilRun(name, ({ metadata }) => (metadata.finalizers ?? []).length === 0)
        return [name, status?.failure?.reason ?? status?.phase]
      }),
    ),
  )
  // What the first one had begun and not told the end of is not begun again.
  expect(ended).toEqual({
    waits: 'Succeeded',
    tool: 'OutcomeUnknown',
    model: 'Succeeded',
    landed: 'OutcomeUnknown',
    request: 'Succeeded',
    record: 'Succeeded',
  })
  await meanwhile
}

describe('an operator that is paused at every moment, and wakes when another one has gone on', () => {
  it.each(['by the Lease', 'though both believe they lead'] as const)(
    'changes nothing: %s',
    async how => {
      const elected = how === 'by the Lease'
      const asked = Promise.withResolvers<void>()
      const answer = Promise.withResolvers<void>()
      let times = 0
      stage = await openStage('paused', async input => {
        if (input !== 'model') return pay(input)
        times++
        if (times > 1) return pay('model-anew')
        asked.resolve()
        await answer.promise
        return pay('model')
      })
      proxy = await startHoldingProxy(cluster())
      const flags = elected
        ? [`--lease-seconds=${LEASE_SECONDS}`]
        : ['--leader-election=false', '--grace-seconds=600']
      const first = await stage.operator(['--instance=first', ...flags], {
        url: proxy.url,
        untilLeading: elected,
      })
      const other = () => stage.operator(['--instance=second', ...flags], { untilLeading: false })
      const waiting = elected ? await other() : undefined
      await stage.createAgentNamed('gated', { tools: [{ name: 'shop.pay' }] })
      await stage.createAgentNamed('free')
      const held = await pauseEverywhere(first, asked.promise)
      const second = waiting ?? (await other())
      await goOnWithout(held.meanwhile.called)
      const before = await stage.written()

      // All that it waits for comes at once, before it wakes; what it had sent is too late.
      answer.resolve()
      held.tool.release()
      await held.landed.release()
      for (const late of [held.unsent, held.request, held.record]) expect(await late.release()).toBe(409)
      first.wake()
      if (elected) {
        await first.ended
        expect(first.log()).toContain('stopped leading: the lease was not renewed in time')
        expect(await stage.written()).toEqual(before)
        expect(stage.callsFor('landed')).toEqual([])
      } else {
        await stage.start('after', 'gated')
        await stage.untilRequest('after-1-0')
        await stage.decide('after-1-0', 'Approve')
        await stage.untilEnded('after')
        await first.stop()
      }
      held.meanwhile.release()
      const { status } = await stage.untilEnded('unsent')
      // One that believes it leads takes the other for gone, and so does not know what has become of its call.
      expect(elected ? ['Succeeded'] : ['Succeeded', 'OutcomeUnknown']).toContain(
        status?.failure?.reason ?? status?.phase,
      )
      await second.stop()

      for (const run of ['waits', 'tool', 'model-anew', 'unsent', 'request', 'record'])
        expect(stage.callsFor(run), run).toHaveLength(1)
      expect(stage.callsFor('model')).toEqual([])
      expect(await faultsOf(stage)).toEqual([])
    },
    120_000,
  )
})
