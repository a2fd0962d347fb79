// A control plane of its own, as policies are taken away here.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/controlplane.ts'
import { applyFiles, installApi, kubectl, manifestsIn } from '../../hack/manifests.ts'
import { eventually } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import { staticConnection } from '../../kube/connection.ts'
import { createClient } from '../../kube/http-client.ts'
import { silentLogger } from '../../kube/logger.ts'
import { TestClock } from '../../kube/testing.ts'
import { type Canary, canaryPolicies, createCanary } from './canary.ts'
import { CANARY_NAME } from './objects.ts'

const namespace = 'countersign-system'
let controlPlane: ControlPlane
let client: Client
let clock: TestClock
let canary: Canary
let gauges: Map<string, number>

const run = (...args: readonly string[]) =>
  kubectl({ kubectl: controlPlane.kubectl, kubeconfig: controlPlane.adminKubeconfig }, args)

beforeAll(async () => {
  controlPlane = await startControlPlane({
    prepare: started => installApi({ kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }),
  })
  const { url: server, ca } = controlPlane
  const token = await controlPlane.serviceAccountToken(namespace, 'countersign-operator')
  client = createClient(staticConnection({ server, ca, token }))
})

afterAll(async () => {
  await client?.close()
  await controlPlane?.stop()
})

beforeEach(() => {
  clock = new TestClock(Date.now())
  gauges = new Map()
  canary = createCanary({
    client,
    clock,
    logger: silentLogger,
    metrics: {
      policiesTrusted: { set: value => gauges.set('', value) },
      policyRefusing: { set: ({ policy }, value) => gauges.set(policy, value) },
    },
  })
})

/** Policies are taken up about once a second, without telling. */
const untilTrustedIs = (trusted: boolean) =>
  eventually(async () => (await canary.check()).ok === trusted, { timeoutMs: 30_000, everyMs: 200 })

describe('the canary', () => {
  it('trusts nothing before it looked', () => {
    expect(canary.trusted()).toBe(false)
    expect(canary.reason()).toBe('no admission policy was seen to refuse yet')
  })

  it('sees every policy refuse, with the roles that the operator really has', async () => {
    expect(await canary.check()).toEqual({ ok: true, failed: [] })
    expect(canary.trusted()).toBe(true)
    expect(gauges.get('')).toBe(1)
    for (const policy of canaryPolicies) expect(gauges.get(policy)).toBe(1)
  })

  it('leaves nothing behind but a request that waits for nobody', async () => {
    await canary.check()
    const requests = await client.list(approvalRequests, {})
    expect(requests.items.map(({ metadata, status }) => [metadata.name, status.phase])).toEqual([
      [CANARY_NAME, 'Cancelled'],
    ])
  })

  it('makes its request again when that is gone', async () => {
    await canary.check()
    await client.delete(approvalRequests, { namespace, name: CANARY_NAME })
    expect(await canary.check()).toEqual({ ok: true, failed: [] })
  })

  it('stops trusting when it did not look for long', async () => {
    await canary.check()
    await clock.advance(99_000)
    expect(canary.trusted()).toBe(true)
    await clock.advance(2000)
    expect(canary.trusted()).toBe(false)
    expect(canary.reason()).toContain('too long ago')
  })

  it('looks again every minute, and tells when that changes something', async () => {
    const told: boolean[] = []
    canary.onChange(trusted => told.push(trusted))
    const stop = new AbortController()
    canary.start(stop.signal)
    await eventually(() => canary.trusted() && clock.pending().includes(60_000))
    await run('delete', 'validatingadmissionpolicybinding', 'countersign-runs')
    await eventually(
      async () => {
        await clock.advance(60_000)
        await eventually(() => clock.pending().length > 0)
        return !canary.trusted()
      },
      { timeoutMs: 30_000, everyMs: 200 },
    )
    await applyFiles(target(), manifestsIn('crds/admission'))
    await eventually(
      async () => {
        // While all is not well it looks more often.
        await eventually(() => clock.pending().includes(2000) || canary.trusted())
        await clock.advance(2000)
        return canary.trusted()
      },
      { timeoutMs: 30_000, everyMs: 200 },
    )
    stop.abort()
    expect(told).toEqual([true, false, true])
  })
})

/** Policies that limit the operator itself: it tries those under its own name. */
const triedAsOperator = canaryPolicies.filter(name =>
  /-operator-(secrets|bindings)$|-people$/.test(name),
).length

const target = () => ({ kubectl: controlPlane.kubectl, kubeconfig: controlPlane.adminKubeconfig })

describe.each(canaryPolicies)('without %s', policy => {
  it('the canary names it and trusts nothing, until it is back', async () => {
    await untilTrustedIs(true)
    await run('delete', 'validatingadmissionpolicy', policy)
    await untilTrustedIs(false)
    const { failed } = await canary.check()
    expect(failed.map(one => one.policy)).toEqual([policy])
    expect(canary.trusted()).toBe(false)
    expect(canary.reason()).toMatch(new RegExp(`^${policy}: .*: it would have been allowed`))
    expect([gauges.get(''), gauges.get(policy)]).toEqual([0, 0])
    await applyFiles(target(), manifestsIn('crds/admission'))
    await untilTrustedIs(true)
    expect(canary.trusted()).toBe(true)
  })
})

describe('what is no refusal by a policy', () => {
  it('a binding that only warns', async () => {
    await untilTrustedIs(true)
    const set = (actions: string) =>
      run(
        'patch',
        'validatingadmissionpolicybinding',
        'countersign-decisions',
        '--type=merge',
        `--patch={"spec":{"validationActions":${actions}}}`,
      )
    await set('["Warn","Audit"]')
    await untilTrustedIs(false)
    expect((await canary.check()).failed.map(one => one.policy)).toEqual(['countersign-decisions'])
    await set('["Deny"]')
    await untilTrustedIs(true)
  })

  it('a role that does not let the canary try', async () => {
    await run('delete', 'rolebinding', 'countersign-canary', `--namespace=${namespace}`)
    await untilTrustedIs(false)
    const { failed } = await canary.check()
    expect(failed.length).toBeGreaterThanOrEqual(canaryPolicies.length - triedAsOperator)
    expect(failed[0]?.message).toMatch(/refused, but not by the policy \(.*cannot patch resource/)
    await applyFiles(target(), manifestsIn('crds/rbac'))
    await untilTrustedIs(true)
  })

  it('an API server that does not answer', async () => {
    const nobody = createClient(
      staticConnection({ server: 'https://127.0.0.1:9', ca: controlPlane.ca, token: 'x' }),
    )
    const blind = createCanary({ client: nobody, clock, logger: silentLogger })
    const { ok, failed } = await blind.check()
    await nobody.close()
    expect(ok).toBe(false)
    expect(failed.map(one => one.policy)).toEqual(canaryPolicies)
    expect(blind.trusted()).toBe(false)
  })
})
