import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { ApiError } from '../../kube/errors.ts'
import { haveTokens, tokenOf } from '../../web/gateway/testing-cluster.ts'
import { adminClient, clientFor, eventually, kubectl } from '../testing.ts'
import { append, decideOver, patched, paths } from './paths.ts'
import { bindMember, untilMay } from './rights.ts'
import { openStage, type Stage } from './stage.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const carol = 'carol@acme.com'
const ten = Array.from({ length: 10 }, (_, index) => `reviewer-${index}@acme.com`)

/** What a second entry by hand is told, by a policy or by the list's key, and what the gateway and the plugins say. */
const REPEATED = /never changed|decided this request already|Duplicate value|AlreadyDecided/

let stage: Stage
beforeAll(async () => {
  const quorum = (requiredApprovals: number) => ({ requiredApprovals })
  stage = await openStage('quorum', { one: quorum(1), two: quorum(2), three: quorum(3), ten: quorum(10) }, [
    alice,
    bob,
    carol,
    ...ten,
    { group: 'night-shift' },
    { group: 'finance' },
  ])
})
afterAll(() => stage.close())

const decidedOf = (request: ApprovalRequest) =>
  request.status.conditions?.find(({ type }) => type === 'Decided')
const untilSaid = (name: string, message: string) =>
  stage.untilRequest(name, request => decidedOf(request)?.message === message)
const ref = (name: string) => ({ namespace: stage.namespace, name })
const approve = (name: string, who: string) =>
  append(clientFor(who), ref(name), { reviewer: who, verdict: 'Approve' })
const reject = (name: string, who: string) =>
  append(clientFor(who), ref(name), { reviewer: who, verdict: 'Reject', reason: 'No.' })
const statusWrites = (from: number, name: string) =>
  stage.writes
    .slice(from)
    .filter(
      ({ what, body }) =>
        what === 'approvalrequests/status' && (body as ApprovalRequest).metadata.name === name,
    )

describe('a request that takes two approvals', () => {
  it.skipIf(!haveTokens())('says how far it is wherever it is looked at', async () => {
    const { namespace } = stage
    await stage.ask('two', 'shown')
    expect(decidedOf(await untilSaid('shown-1-0', '0 of 2 approvals'))).toMatchObject({
      status: 'False',
      reason: 'AwaitingApprovals',
    })

    const first = await decideOver(stage, 'kubectl approve', alice, 'shown-1-0')
    expect(first.said).toContain(
      'approved by alice@acme.com; 1 of 2 approvals; one more approval is needed, by another reviewer',
    )
    await untilSaid('shown-1-0', `1 of 2 approvals: ${alice}`)
    expect(await kubectl(['get', 'apr', 'shown-1-0', '-n', namespace, '-o', 'wide'])).toContain(
      `1 of 2 approvals: ${alice}`,
    )
    expect((await stage.plugins.kubectl(bob, 'approvals', '-n', namespace)).out).toMatch(
      /^shown-1-0 .* 1\/2 *$/m,
    )
    expect((await stage.plugins.kubectl(bob, 'approvals', 'shown-1-0', '-n', namespace)).out).toContain(
      `Approvals:   1 of 2 (${alice})`,
    )
    const seen = await stage.gateway.as(tokenOf(bob)).get(`/api/v1/projects/${namespace}/approvals/shown-1-0`)
    expect(seen.body).toMatchObject({ phase: 'Pending', approvals: 1, requiredApprovals: 2 })
    await stage.untilRun('shown', run =>
      (run.status?.conditions ?? []).some(
        ({ type, message }) =>
          type === 'AwaitingApproval' &&
          message === 'waits for people to decide shown-1-0 (1 of 2 approvals)',
      ),
    )
    const told = () => stage.events.filter(({ about }) => about === 'shown-1-0').map(({ note }) => note)
    expect(told()).toEqual([`1 of 2 approvals: ${alice}`])

    const second = await decideOver(stage, 'REST', bob, 'shown-1-0')
    expect(second.said).toContain('"approvals":2')
    const run = await stage.untilEnded('shown')
    expect(stage.step(run, '1.0')?.approval).toMatchObject({ verdict: 'Approved', reviewers: [alice, bob] })
    expect(decidedOf(await stage.request('shown-1-0'))).toMatchObject({
      status: 'True',
      reason: 'Approved',
      message: `Approved by ${alice}, ${bob}.`,
    })
    expect(told()).toEqual([`1 of 2 approvals: ${alice}`, `Approved by ${alice}, ${bob}.`])
    const recorded = (await stage.audit()).find(
      ({ action, approvalRequest }) => action === 'ApprovalApproved' && approvalRequest === 'shown-1-0',
    )
    expect(recorded).toMatchObject({ actor: `${alice}, ${bob}`, via: 'Kubectl, Token' })
    expect(stage.callsOf('shown')).toBe(1)
  })

  it('costs one write for each approval that does not settle it, and an ordinary one none', async () => {
    const before = stage.writes.length
    await stage.ask('one', 'ordinary')
    await untilSaid('ordinary-1-0', '0 of 1 approvals')
    await approve('ordinary-1-0', alice)
    await stage.untilEnded('ordinary')
    // Its times, and its end.
    expect(statusWrites(before, 'ordinary-1-0')).toHaveLength(2)

    await stage.ask('two', 'double')
    await untilSaid('double-1-0', '0 of 2 approvals')
    await approve('double-1-0', alice)
    await untilSaid('double-1-0', `1 of 2 approvals: ${alice}`)
    await approve('double-1-0', bob)
    await stage.untilEnded('double')
    expect(statusWrites(before, 'double-1-0')).toHaveLength(3)
  })

  it('is settled although its progress cannot be written', async () => {
    let refused = 0
    stage.breakWrites(({ what, body }) => {
      if (what !== 'approvalrequests/status' || !JSON.stringify(body).includes('1 of 3 approvals'))
        return undefined
      refused++
      return new ApiError(500, 'InternalError', 'a test')
    })
    await stage.ask('three', 'unsaid')
    await approve('unsaid-1-0', alice)
    await eventually(() => refused > 0)
    await approve('unsaid-1-0', bob)
    await approve('unsaid-1-0', carol)
    expect((await stage.untilEnded('unsaid')).status?.phase).toBe('Succeeded')
    stage.breakWrites(() => undefined)
  })
})

describe('a request that many decide at the same moment', () => {
  it('is settled although the operator hears of them too late to write first', async () => {
    let tried = 0
    stage.breakWrites(({ what, body }) => {
      if (what !== 'approvalrequests/status' || (body as ApprovalRequest).status.phase !== 'Approved')
        return undefined
      tried++
      return new ApiError(409, 'Conflict', 'a test')
    })
    await stage.ask('one', 'crowded')
    await approve('crowded-1-0', alice)
    await eventually(() => tried > 0)
    const release = stage.holdWatch()
    try {
      await approve('crowded-1-0', bob)
      stage.breakWrites(() => undefined)
      const settled = await stage.untilRequest(
        'crowded-1-0',
        ({ status }) => status.phase === 'Approved',
        30_000,
      )
      expect(settled.status.message).toBe(`Approved by ${alice}, ${bob}.`)
    } finally {
      release()
    }
    await stage.untilEnded('crowded')
    expect(stage.callsOf('crowded')).toBe(1)
  })
})

describe('the same person', () => {
  it.skipIf(!haveTokens())('counts once, whatever paths they come over', async () => {
    await stage.ask('two', 'paths')
    await approve('paths-1-0', alice)
    const once = await untilSaid('paths-1-0', `1 of 2 approvals: ${alice}`)
    for (const path of paths) {
      const again = await decideOver(stage, path, alice, 'paths-1-0')
      // Who repeats by hand is told so; who asks for the same again has it.
      if (!again.taken) expect(again.said).toMatch(REPEATED)
      expect(await stage.request('paths-1-0')).toMatchObject({
        status: { phase: 'Pending', decisions: once.status.decisions },
      })
    }
    expect(stage.callsOf('paths')).toBe(0)
  })

  it.skipIf(!haveTokens())('counts once when they come over every path at the same moment', async () => {
    await stage.ask('two', 'at-once')
    const all = await Promise.all(paths.map(path => decideOver(stage, path, alice, 'at-once-1-0')))
    expect(all.some(({ taken }) => taken)).toBe(true)
    const request = await untilSaid('at-once-1-0', `1 of 2 approvals: ${alice}`)
    expect(request.status).toMatchObject({ phase: 'Pending', decisions: [{ reviewer: alice }] })
  })

  it('counts once through two groups and a role of their own', async () => {
    const nina = 'nina@acme.com'
    await bindMember(stage.namespace, nina)
    await untilMay(clientFor(nina), stage.namespace, true)
    await stage.ask('two', 'groups')
    const as = [[], ['night-shift'], ['finance'], ['night-shift', 'finance']]
    const approval = { reviewer: nina, verdict: 'Approve' } as const
    const all = await Promise.all(
      as.map(groups => patched(append(clientFor(nina, groups), ref('groups-1-0'), approval))),
    )
    expect(all.filter(({ taken }) => taken)).toHaveLength(1)
    const request = await untilSaid('groups-1-0', `1 of 2 approvals: ${nina}`)
    expect(request.status.decisions).toHaveLength(1)
  })

  it.skipIf(!haveTokens())('cannot change their mind, over whatever path', async () => {
    await stage.ask('two', 'mind')
    await approve('mind-1-0', alice)
    const once = await untilSaid('mind-1-0', `1 of 2 approvals: ${alice}`)
    for (const path of paths) {
      const change = await decideOver(stage, path, alice, 'mind-1-0', 'Reject')
      expect([path, change.taken]).toEqual([path, false])
      expect(change.said).toMatch(REPEATED)
    }
    expect((await stage.request('mind-1-0')).status).toEqual(once.status)
  })

  it('is another one in other letters: names are compared as they are, letter by letter', async () => {
    const composed = 'ren\u00e9@acme.com'
    const decomposed = 'rene\u0301@acme.com'
    await stage.ask('three', 'letters')
    for (const name of [composed, decomposed]) {
      await bindMember(stage.namespace, name)
      await untilMay(clientFor(name), stage.namespace, true)
      await approve('letters-1-0', name)
    }
    await untilSaid('letters-1-0', `2 of 3 approvals: ${[composed, decomposed].sort().join(', ')}`)
  })
})

describe('one rejection', () => {
  it('ends a quorum at once, whatever was approved before', async () => {
    await stage.ask('three', 'vetoed')
    await approve('vetoed-1-0', alice)
    await approve('vetoed-1-0', bob)
    await reject('vetoed-1-0', carol)
    expect((await stage.untilEnded('vetoed')).status?.failure?.reason).toBe('ApprovalRejected')
    expect((await stage.request('vetoed-1-0')).status.message).toBe(`Rejected by ${carol}: No.`)
    expect(stage.callsOf('vetoed')).toBe(0)
  })

  it('wins over enough approvals that the operator finds beside it', async () => {
    await stage.ask('three', 'outvoted')
    stage.trust(false)
    await Promise.all([
      ...[alice, bob, carol].map(who => approve('outvoted-1-0', who)),
      reject('outvoted-1-0', ten[0] as string),
    ])
    stage.trust(true)
    expect((await stage.untilEnded('outvoted')).status?.failure?.reason).toBe('ApprovalRejected')
    expect((await stage.request('outvoted-1-0')).status).toMatchObject({ phase: 'Rejected' })
    expect(stage.callsOf('outvoted')).toBe(0)
  })

  it('and the last approval at the same moment: what is settled follows from what was taken', async () => {
    const rounds = Array.from({ length: 12 }, (_, round) => `race-${round}`)
    await Promise.all(rounds.map(name => stage.ask('three', name)))
    await Promise.all(
      rounds.flatMap(name => [
        ...[alice, bob, carol].map(who => patched(approve(`${name}-1-0`, who))),
        patched(reject(`${name}-1-0`, ten[0] as string)),
      ]),
    )
    for (const name of rounds) {
      const run = await stage.untilEnded(name)
      const { phase, decisions } = (await stage.request(`${name}-1-0`)).status
      const rejected = decisions.some(({ verdict }) => verdict === 'Reject')
      expect([name, phase]).toEqual([name, rejected ? 'Rejected' : 'Approved'])
      expect([name, stage.callsOf(name)]).toEqual([name, rejected ? 0 : 1])
      expect(run.status?.phase).toBe(rejected ? 'Failed' : 'Succeeded')
    }
  })
})

describe('ten approvals', () => {
  it('are ten people, at the same moment, and nobody is lost', async () => {
    await stage.ask('ten', 'ten')
    const nine = ten.slice(0, 9)
    await Promise.all(nine.map(who => approve('ten-1-0', who)))
    const request = await untilSaid('ten-1-0', `9 of 10 approvals: ${nine.toSorted().join(', ')}`)
    expect(request.status.phase).toBe('Pending')
    expect(stage.callsOf('ten')).toBe(0)
    await approve('ten-1-0', ten[9] as string)
    const run = await stage.untilEnded('ten')
    expect(stage.step(run, '1.0')?.approval?.reviewers.toSorted()).toEqual(ten.toSorted())
    const recorded = (await stage.audit()).find(
      ({ action, run: of }) => action === 'ApprovalApproved' && of === 'ten',
    )
    expect(recorded?.actor?.split(', ')).toEqual(
      run.status?.steps?.find(({ id }) => id === '1.0')?.approval?.reviewers,
    )
  })
})

describe('somebody who approved and is then no member any more', () => {
  it('counts: it was allowed when it was taken', async () => {
    const leaver = 'leaver@acme.com'
    const leave = await bindMember(stage.namespace, leaver)
    await untilMay(clientFor(leaver), stage.namespace, true)
    await stage.ask('two', 'left')
    await approve('left-1-0', leaver)
    await untilSaid('left-1-0', `1 of 2 approvals: ${leaver}`)
    await leave()
    await untilMay(clientFor(leaver), stage.namespace, false)
    await expect(approve('left-1-0', leaver)).rejects.toThrow('cannot patch resource')
    await approve('left-1-0', alice)
    const run = await stage.untilEnded('left')
    expect(stage.step(run, '1.0')?.approval?.reviewers.toSorted()).toEqual([alice, leaver])
  })
})

it('nobody can write the progress but the operator', async () => {
  await stage.ask('two', 'forged')
  const { status } = await untilSaid('forged-1-0', '0 of 2 approvals')
  const conditions = (status.conditions ?? []).map(condition => ({
    ...condition,
    message: '2 of 2 approvals',
  }))
  for (const client of [clientFor(alice), adminClient()]) {
    const forged = client.patch(
      approvalRequests,
      ref('forged-1-0'),
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    )
    await expect(forged).rejects.toThrow('the operator writes the rest')
  }
})
