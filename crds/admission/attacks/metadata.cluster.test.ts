// What can be said beside spec and status, to have it believed.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  append,
  approval,
  aRequest,
  outcome,
  people,
  projectNamespace,
  refOf,
  type Who,
} from '../../../hack/admission.ts'
import { adminClient } from '../../../hack/testing.ts'
import { asOperator, changed } from '../../../hack/truthtable.ts'
import { isConflict } from '../../../kube/errors.ts'
import { RUN_FINALIZER } from '../../v1alpha1/meta.ts'
import { agentRuns, agents, approvalRequests } from '../../v1alpha1/resources.ts'
import { sampleAgent, sampleAgentRun, sampleApprovalRequest } from '../../v1alpha1/samples.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('attack-metadata')
})
const other = '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de'

describe('a request', () => {
  it.each(['status', undefined] as const)(
    'takes no PUT under another uid (subresource %s)',
    async subresource => {
      const request = await aRequest(namespace)
      const now = await adminClient().get(approvalRequests, refOf(request))
      const put = people(namespace)['cluster-admin'].replace(
        approvalRequests,
        changed(now, { '/metadata/uid': other, '/status/decisions': [approval('kubernetes-admin')] }),
        subresource === undefined ? {} : { subresource },
      )
      await expect(put).rejects.toSatisfy(isConflict)
      expect((await adminClient().get(approvalRequests, refOf(request))).status.decisions).toEqual([])
    },
  )

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a later creation', { '/metadata/creationTimestamp': '2099-01-01T00:00:00Z' }],
    ['an earlier creation', { '/metadata/creationTimestamp': '2020-01-01T00:00:00Z' }],
    ['another generation', { '/metadata/generation': 99 }],
    ['a deletion', { '/metadata/deletionTimestamp': '2026-01-01T00:00:00Z' }],
    [
      'times of its fields that are not so',
      {
        '/metadata/managedFields': [
          {
            manager: 'x',
            operation: 'Update',
            apiVersion: 'countersign.dev/v1alpha1',
            time: '2020-01-01T00:00:00Z',
            fieldsType: 'FieldsV1',
            fieldsV1: {},
            subresource: 'status',
          },
        ],
      },
    ],
  ])('does not believe %s, by whoever decides it', async (_, set) => {
    const request = await aRequest(namespace)
    const now = await adminClient().get(approvalRequests, refOf(request))
    const sent = changed(now, { ...set, '/status/decisions': [approval('kubernetes-admin')] })
    const root = people(namespace)['cluster-admin']
    expect(await outcome(root.replace(approvalRequests, sent, { subresource: 'status' }))).toBe('allowed')
    const { metadata } = await adminClient().get(approvalRequests, refOf(request))
    expect(metadata.creationTimestamp).toBe(request.metadata.creationTimestamp)
    expect(metadata.deletionTimestamp).toBeUndefined()
    expect(metadata.generation).toBe(request.metadata.generation)
    const stamps =
      (metadata as { managedFields?: { subresource?: string; time: string }[] }).managedFields ?? []
    const ofStatus = stamps.filter(stamp => stamp.subresource === 'status')
    expect(ofStatus.length).toBeGreaterThan(0)
    for (const { time } of ofStatus) {
      expect(Date.parse(time)).toBeGreaterThanOrEqual(Date.parse(request.metadata.creationTimestamp ?? ''))
    }
  })

  it('is not created by the operator with a name, a uid or a time of its choice but the name', async () => {
    const sample = changed(sampleApprovalRequest(namespace, 'dated'), {
      '/metadata/uid': other,
      '/metadata/creationTimestamp': '2020-01-01T00:00:00Z',
      '/metadata/resourceVersion': '',
    })
    const made = await people(namespace)['the operator'].create(approvalRequests, sample)
    expect(made.metadata.uid).not.toBe(other)
    expect(made.metadata.creationTimestamp).not.toBe('2020-01-01T00:00:00Z')
  })

  it('made again under its old name has none of the old decisions', async () => {
    const request = await aRequest(namespace)
    await append(people(namespace).member, request, approval('carol@acme.com'))
    await asOperator().delete(approvalRequests, refOf(request))
    const again = sampleApprovalRequest(namespace, request.metadata.name)
    const withOld = changed(again, {
      '/status': { phase: 'Approved', decisions: [approval('carol@acme.com')] },
    })
    const made = await people(namespace)['the operator'].create(approvalRequests, withOld)
    expect(made.status).toEqual({ phase: 'Pending', decisions: [] })
    expect(made.metadata.uid).not.toBe(request.metadata.uid)
  })
})

describe('a run', () => {
  const ways: readonly [string, object][] = [
    ['an empty list', { finalizers: [] }],
    ['null', { finalizers: null }],
    ['another in its place', { finalizers: ['acme.com/hold'] }],
    ['its name in other case', { finalizers: [RUN_FINALIZER.replace('open', 'Open')] }],
  ]
  const everybody: readonly Who[] = ['owner', 'admin', 'cluster-admin', 'the gateway with every right']
  it.each(everybody.flatMap(who => ways.map(([way, metadata]) => ({ who, way, metadata }))))(
    'keeps the finalizer that holds it against $who by $way, deleted or not',
    async ({ who, way, metadata }) => {
      const name = `held-${everybody.indexOf(who)}-${ways.findIndex(([w]) => w === way)}`
      const run = changed(sampleAgentRun(namespace, name), { '/metadata/finalizers': [RUN_FINALIZER] })
      const ref = { namespace, name }
      await adminClient().create(agentRuns, run)
      const refused =
        /^countersign-runs refuses: only the operator takes out the finalizer|^the schema refuses/
      const take = () =>
        outcome(people(namespace)[who].patch(agentRuns, ref, { type: 'merge', body: { metadata } }))
      expect(await take()).toMatch(refused)
      await adminClient().delete(agentRuns, ref)
      expect(await take()).toMatch(refused)
      await adminClient().delete(agentRuns, ref, { propagationPolicy: 'Foreground' })
      const held = await adminClient().get(agentRuns, ref)
      expect(held.metadata.finalizers).toContain(RUN_FINALIZER)
      await people(namespace)['the operator'].patch(agentRuns, ref, {
        type: 'merge',
        body: { metadata: { finalizers: null } },
      })
    },
  )

  it('deleted and started again by somebody else is theirs, with nothing of the old one', async () => {
    const name = 'again'
    const ref = { namespace, name }
    await people(namespace).admin.create(
      agentRuns,
      changed(sampleAgentRun(namespace, name), { '/spec/context': { is_admin: true } }),
    )
    await people(namespace).admin.delete(agentRuns, ref)
    await people(namespace).member.create(agentRuns, sampleAgentRun(namespace, name))
    const { spec } = await adminClient().get(agentRuns, ref)
    expect(spec.context).toBeUndefined()
    expect(spec.requestedBy ?? 'carol@acme.com').toBe('carol@acme.com')
  })
})

it('an Agent says nothing of its own readiness, not when it is made either', async () => {
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'x',
    message: 'x',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }
  const status = { observedGeneration: 1, toolsHash: `sha256:${'0'.repeat(64)}`, conditions: [ready] }
  const born = { ...sampleAgent(namespace, 'born-ready'), status }
  const made = await people(namespace).admin.create(agents, born as never)
  expect(made.status?.toolsHash).toBeUndefined()
  expect(made.status?.conditions?.map(({ type, status }) => [type, status])).toEqual([['Ready', 'Unknown']])
})
