import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VIA_EXTRA } from '../../crds/v1alpha1/meta.ts'
import { agentRuns, approvalRequests } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { aRun } from '../../operator/testing/world.ts'
import { haveTokens, tokenOf } from '../../web/gateway/testing-cluster.ts'
import { adminClient, clientFor } from '../testing.ts'
import { append, decideOver, patched, paths } from './paths.ts'
import { bindMember, untilMay } from './rights.ts'
import { openStage, type Stage } from './stage.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const carol = 'carol@acme.com'

const REFUSED = 'you started this run, so somebody else must decide (allowSelfApproval is false)'

let stage: Stage
beforeAll(async () => {
  stage = await openStage(
    'self',
    {
      strict: { allowSelfApproval: false },
      'strict-two': { allowSelfApproval: false, requiredApprovals: 2 },
      lenient: { allowSelfApproval: true },
    },
    [alice, bob, carol, { group: 'night-shift' }, { group: 'finance' }],
  )
})
afterAll(() => stage.close())

const ref = (name: string) => ({ namespace: stage.namespace, name })
const approve = (name: string, who: string, as: Client = clientFor(who)) =>
  append(as, ref(name), { reviewer: who, verdict: 'Approve' })
const decisionsOf = async (name: string) => (await stage.request(name)).status.decisions

/** As the gateway comes for somebody's API key: their name, no group of theirs, and the path. */
const byKey = (user: string): Client =>
  adminClient().impersonate({ user, groups: ['system:authenticated'], extra: { [VIA_EXTRA]: ['API'] } })

const approveByKey = (name: string, who: string) =>
  byKey(who).patch(
    approvalRequests,
    ref(name),
    {
      type: 'json',
      body: [
        { op: 'add', path: '/status/decisions/-', value: { reviewer: who, verdict: 'Approve', via: 'API' } },
      ],
    },
    { subresource: 'status' },
  )

describe('who started a run whose agent wants somebody else', () => {
  it.skipIf(!haveTokens())('decides it over no path, neither way, and somebody else does', async () => {
    await stage.ask('strict', 'own', clientFor(alice))
    for (const path of paths) {
      for (const verdict of ['Approve', 'Reject'] as const) {
        const { taken, said } = await decideOver(stage, path, alice, 'own-1-0', verdict)
        expect([path, verdict, taken]).toEqual([path, verdict, false])
        expect(said).toContain(REFUSED)
      }
    }
    expect(await decisionsOf('own-1-0')).toEqual([])
    await approve('own-1-0', carol)
    expect((await stage.untilEnded('own')).status?.phase).toBe('Succeeded')
    expect(stage.callsOf('own')).toBe(1)
  })

  it.skipIf(!haveTokens())('is known when it was started over REST, too', async () => {
    const started = await stage.gateway
      .as(tokenOf(alice))
      .post(`/api/v1/projects/${stage.namespace}/runs`, { agent: 'strict', input: 'rest' })
    const { name } = started.body
    await stage.untilRequest(`${name}-1-0`)
    for (const path of paths) {
      expect(await decideOver(stage, path, alice, `${name}-1-0`)).toMatchObject({ taken: false })
    }
    expect(await decideOver(stage, 'REST', bob, `${name}-1-0`)).toMatchObject({ taken: true })
    await stage.untilEnded(name)
  })

  it('is the same person with an API key and with a token', async () => {
    await stage.ask('strict', 'key-then-token', byKey(alice))
    await stage.ask('strict', 'token-then-key', clientFor(alice))
    expect((await stage.request('key-then-token-1-0')).spec.requestedBy).toBe(alice)
    await expect(approve('key-then-token-1-0', alice)).rejects.toThrow(REFUSED)
    await expect(approveByKey('key-then-token-1-0', alice)).rejects.toThrow(REFUSED)
    await expect(approveByKey('token-then-key-1-0', alice)).rejects.toThrow(REFUSED)
    await approveByKey('key-then-token-1-0', bob)
    await approve('token-then-key-1-0', bob)
    await Promise.all(['key-then-token', 'token-then-key'].map(name => stage.untilEnded(name)))
  })

  it('is the same person through every group that they are in, and none', async () => {
    const gina = 'gina@acme.com'
    await bindMember(stage.namespace, gina)
    await untilMay(clientFor(gina), stage.namespace, true)
    await stage.ask('strict', 'groups', clientFor(gina, ['night-shift']))
    for (const groups of [[], ['night-shift'], ['finance'], ['night-shift', 'finance'], ['system:masters']]) {
      await expect(approve('groups-1-0', gina, clientFor(gina, groups))).rejects.toThrow(REFUSED)
    }
    // Another of the same group is somebody else.
    const other = 'nina@acme.com'
    await approve('groups-1-0', other, clientFor(other, ['night-shift']))
    await stage.untilEnded('groups')
  })

  it('is not one of two', async () => {
    await stage.ask('strict-two', 'two', clientFor(alice))
    await approve('two-1-0', bob)
    await expect(approve('two-1-0', alice)).rejects.toThrow(REFUSED)
    expect((await stage.request('two-1-0')).status.phase).toBe('Pending')
    await approve('two-1-0', carol)
    const run = await stage.untilEnded('two')
    expect(stage.step(run, '1.0')?.approval?.reviewers).toEqual([bob, carol])
  })

  it.skipIf(!haveTokens())(
    'is refused among others that they decide at once, and the others are not',
    async () => {
      await Promise.all([
        stage.ask('strict', 'bulk-own', clientFor(alice)),
        stage.ask('strict', 'bulk-other', clientFor(bob)),
        stage.ask('lenient', 'bulk-lenient', clientFor(alice)),
      ])
      const names = ['bulk-other', 'bulk-own', 'bulk-lenient']
      const decisions = names.map(name => ({ name: `${name}-1-0`, verdict: 'Approve' }))
      const answer = await stage.gateway
        .as(tokenOf(alice))
        .post(`/api/v1/projects/${stage.namespace}/approvals/decide`, { decisions })
      expect(answer.body.items.map((item: { status: number }) => item.status)).toEqual([200, 403, 200])
      expect(answer.body.items[1].problem.detail).toContain(REFUSED)
      await Promise.all(['bulk-other', 'bulk-lenient'].map(name => stage.untilEnded(name)))
      expect(await decisionsOf('bulk-own-1-0')).toEqual([])
    },
  )

  it('is somebody else in other letters, as Kubernetes has it', async () => {
    const other = 'Alice@acme.com'
    await bindMember(stage.namespace, other)
    await untilMay(clientFor(other), stage.namespace, true)
    await stage.ask('strict', 'letters', clientFor(alice))
    await approve('letters-1-0', other)
    await stage.untilEnded('letters')
  })

  it('decides where the agent does not mind', async () => {
    await stage.ask('lenient', 'allowed', clientFor(alice))
    await approve('allowed-1-0', alice)
    expect((await stage.untilEnded('allowed')).status?.phase).toBe('Succeeded')
  })
})

describe('the starter of a run', () => {
  const forged = (name: string, requestedBy = bob) =>
    aRun(stage.namespace, name, { agentRef: { name: 'strict' }, input: 'x', requestedBy })

  it('cannot be said to be somebody else, by anybody', async () => {
    const WORDS = 'requestedBy must be who creates the run'
    for (const client of [clientFor(alice), byKey(alice), adminClient()]) {
      expect((await patched(client.create(agentRuns, forged('forged')))).said).toContain(WORDS)
    }
    const variants = ['Alice@acme.com', 'alice@acme.com\u200b', '\u0430lice@acme.com']
    for (const variant of variants) {
      const { taken, said } = await patched(clientFor(alice).create(agentRuns, forged('forged', variant)))
      expect([variant, taken]).toEqual([variant, false])
      expect(said).toContain(WORDS)
    }
  })

  it.skipIf(!haveTokens())('cannot be said in the body of a REST request', async () => {
    const answer = await stage.gateway
      .as(tokenOf(alice))
      .post(`/api/v1/projects/${stage.namespace}/runs`, { agent: 'strict', input: 'x', requestedBy: bob })
    expect(answer.status).toBe(422)
  })

  it('cannot be changed later, in the run or in its request', async () => {
    await stage.ask('strict', 'changed', clientFor(alice))
    for (const value of [bob, undefined]) {
      const body = { spec: { requestedBy: value ?? null } }
      const patch = { type: 'merge', body } as const
      const inRun = await patched(adminClient().patch(agentRuns, ref('changed'), patch))
      const inRequest = await patched(adminClient().patch(approvalRequests, ref('changed-1-0'), patch))
      expect([inRun.taken, inRequest.taken]).toEqual([false, false])
    }
    expect((await stage.request('changed-1-0')).spec.requestedBy).toBe(alice)
  })
})

describe('a run of which nobody knows who started it', () => {
  // As before Kubernetes 1.36 every run that does not say it: such a name does not fit into the field.
  const nameless = () => clientFor(`${'x'.repeat(300)}@acme.com`, ['system:masters'])

  it('says at once that nobody can decide, where the starter may not', async () => {
    const request = await stage.ask('strict', 'unknown', nameless())
    expect(request.spec.requestedBy).toBeUndefined()
    const said = await stage.untilRequest('unknown-1-0', ({ status }) =>
      (status.conditions ?? []).some(({ reason }) => reason === 'NobodyMayDecide'),
    )
    const message = said.status.conditions?.find(({ type }) => type === 'Decided')?.message
    expect(message).toContain('Nobody can decide this request, so it will expire')
    expect(message).toContain('Start the run again with spec.requestedBy set to your own name')
    const told = stage.events.filter(({ about }) => about === 'unknown-1-0')
    expect(told).toMatchObject([{ type: 'Warning', reason: 'NobodyMayDecide', note: message }])
  })

  it.skipIf(!haveTokens())('is decided by nobody over no path, in words', async () => {
    await stage.ask('strict', 'nobody', nameless())
    await stage.untilRequest('nobody-1-0', ({ status }) => status.expiresAt !== undefined)
    for (const path of paths) {
      const { taken, said } = await decideOver(stage, path, bob, 'nobody-1-0')
      expect([path, taken]).toEqual([path, false])
      expect(said).toContain('nobody can decide this request: who started the run may not')
    }
  })

  it('is decided as ever where the starter may', async () => {
    await stage.ask('lenient', 'fine', nameless())
    await approve('fine-1-0', bob)
    await stage.untilEnded('fine')
  })
})
