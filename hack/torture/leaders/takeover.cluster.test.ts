import { afterEach, describe, expect, it } from 'vitest'
import { type Lease, leases } from '../../../kube/lease.ts'
import { eventually, untilObject } from '../../testing.ts'
import { type Operator, openStage, type Stage } from './stage.ts'

let stage: Stage
afterEach(() => stage.close())

const SYSTEM = 'countersign-system'
const leaseOf = (namespace: string) => ({ namespace: SYSTEM, name: `countersign-operator-${namespace}` })
const untilLease = async (condition: (lease: Lease) => boolean): Promise<Lease> =>
  (await untilObject(
    leases,
    leaseOf(stage.namespace),
    lease => lease !== undefined && condition(lease),
  )) as Lease

/** A leader with a run that waits for people, and another operator that waits for the lease. */
const twoOperators = async (leaseSeconds: number): Promise<{ leader: Operator; other: Operator }> => {
  stage = await openStage('takeover')
  const flags = [`--lease-seconds=${leaseSeconds}`]
  const leader = await stage.operator(['--instance=leader', ...flags])
  const other = await stage.operator(['--instance=other', ...flags], { untilLeading: false })
  await stage.createAgentNamed('gated', { tools: [{ name: 'shop.pay' }] })
  await stage.start('waits', 'gated')
  await stage.untilRun('waits', run => run.status?.phase === 'AwaitingApproval')
  return { leader, other }
}

/** Decides in the middle of the change, and says after how long the other one leads, and has made the call. */
const measure = async (what: string, other: Operator, since: number): Promise<number> => {
  await stage.decide('waits-1-0', 'Approve')
  await eventually(() => other.log().includes('started leading'), { timeoutMs: 60_000, everyMs: 5 })
  const leads = performance.now() - since
  await eventually(() => stage.callsFor('waits').length > 0, { timeoutMs: 60_000, everyMs: 5 })
  const called = performance.now() - since
  console.info(`${what}: another leads after ${leads.toFixed(0)} ms, calls after ${called.toFixed(0)} ms`)
  expect((await stage.untilEnded('waits')).status?.phase).toBe('Succeeded')
  expect(stage.callsFor('waits')).toHaveLength(1)
  return leads
}

describe('another operator takes over', () => {
  it('from one that is stopped, long before its lease would be over', async () => {
    const { leader, other } = await twoOperators(15)
    const since = performance.now()
    const stopped = leader.stop()
    const took = await measure('after a clean stop, with a lease of 15 s', other, since)
    await stopped
    expect(leader.log()).toContain('"stopped leading"')
    // Without letting go it would be 8.6 seconds at least: 70 % of the lease in whole seconds, less a period of renewal.
    expect(took).toBeLessThan(8_500)
  }, 120_000)

  it('from one that is killed, within its lease', async () => {
    const { leader, other } = await twoOperators(20)
    const { spec } = await untilLease(({ spec }) => spec?.holderIdentity?.startsWith('leader_') === true)
    // Just after a renewal: the longest that it can take.
    await untilLease(lease => lease.spec?.renewTime !== spec?.renewTime)
    const since = performance.now()
    await leader.kill()
    const took = await measure('after a crash, with a lease of 20 s', other, since)
    expect(took).toBeLessThan(20_000)
  }, 120_000)
})
