import { beforeAll, describe, expect, it } from 'vitest'
import {
  aRequest,
  forms,
  outcome,
  people,
  projectNamespace,
  refOf,
  type Who,
  withRights,
  write,
} from '../../hack/admission.ts'
import { adminClient, clientFor } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import { approvalRequests } from '../v1alpha1/resources.ts'
import { sampleApprovalRequest } from '../v1alpha1/samples.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('requests')
})

const policy = 'countersign-requests refuses: '
const byRole = 'refused by a role'

describe('who creates an ApprovalRequest', () => {
  const onlyOperator = `${policy}only the operator creates ApprovalRequests: one comes to be when a gate stops a tool call of an AgentRun`
  it.each<[Who, string]>([
    ['owner', byRole],
    ['admin', byRole],
    ['member', byRole],
    ['stranger', byRole],
    ['a ServiceAccount with the member role', byRole],
    ['the gateway', byRole],
    ['the gateway with every right', onlyOperator],
    ['a ServiceAccount that is cluster-admin', onlyOperator],
    ['cluster-admin', onlyOperator],
    ['the operator', 'allowed'],
  ])('%s: %s', async (who, expected) => {
    const client = people(namespace)[who]
    expect(
      await outcome(client.create(approvalRequests, sampleApprovalRequest(namespace), { dryRun: true })),
    ).toBe(expected)
    if (who === 'the operator') return
    // An apply to a name that does not exist creates it.
    const body = sampleApprovalRequest(namespace, 'applied')
    const applied = client.patch(
      approvalRequests,
      { namespace, name: 'applied' },
      { type: 'apply', body },
      { dryRun: true, fieldManager: 'test' },
    )
    expect(await outcome(applied)).toBe(expected)
  })

  it('nobody creates one with a status: it begins Pending without decisions', async () => {
    const sample = sampleApprovalRequest(namespace, 'born-approved')
    const created = await people(namespace)['the operator'].create(approvalRequests, {
      ...sample,
      status: { phase: 'Approved', decisions: [{ reviewer: 'x', verdict: 'Approve', via: 'Kubectl' }] },
    })
    expect(created.metadata.name).toBe('born-approved')
    const stored = await adminClient().get(approvalRequests, refOf(created))
    expect(stored.status).toEqual({ phase: 'Pending', decisions: [] })
  })
})

describe('the spec of a request never changes', () => {
  const changes: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['the quorum is lowered', { '/spec/requiredApprovals': 1 }],
    ['self-approval is allowed', { '/spec/allowSelfApproval': true }],
    ['the time is prolonged', { '/spec/timeoutSeconds': 604_800 }],
    ['the starter is changed', { '/spec/requestedBy': 'mallory@acme.com' }],
    ['another tool is named', { '/spec/tool': 'order_tools.other' }],
    ['a parameter is changed', { '/spec/params/amount': 1 }],
    ['a parameter deep inside is changed', { '/spec/params/lines/0/sku': 'B-2' }],
    ['a parameter is added deep inside', { '/spec/params/lines/0/extra': true }],
    ['a parameter is taken out', { '/spec/params/amount': undefined }],
    ['the run is changed', { '/spec/runRef/uid': 'another' }],
    ['what a gate read is changed', { '/spec/gates/0/values': { 'param.amount': 1 } }],
  ]
  const rows = (['cluster-admin', 'the operator with every right'] as const).flatMap(who =>
    changes.flatMap(([what, set]) =>
      // A merge patch and an apply keep what they do not name.
      (Object.values(set).includes(undefined) ? (['JSON patch', 'PUT'] as const) : forms).map(form => ({
        who,
        what,
        set,
        form,
      })),
    ),
  )
  it.each(rows)('$what by $who, by $form', async ({ who, set, form }) => {
    const request = await aRequest(namespace, {
      requiredApprovals: 2,
      allowSelfApproval: false,
      requestedBy: 'bob@acme.com',
    })
    const attempt = write(people(namespace)[who], approvalRequests, refOf(request), form, 'spec', object =>
      changed(object, set),
    )
    // The schema is asked first; what it does not see is the policy's.
    expect(await outcome(attempt)).toMatch(
      /a request cannot be changed: reviewers decide on exactly this call/,
    )
    const stored = await adminClient().get(approvalRequests, refOf(request))
    expect(stored.spec).toEqual(request.spec)
  })
})

describe('the metadata of a request is the operator’s', () => {
  const owner = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'gone',
    uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de',
  }
  const changes: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['a label', { '/metadata/labels': { team: 'shop' } }],
    ['an annotation', { '/metadata/annotations': { note: 'x' } }],
    ['a finalizer', { '/metadata/finalizers': ['acme.com/hold'] }],
    ['an owner that does not exist, so that it is collected', { '/metadata/ownerReferences': [owner] }],
  ]
  const others: readonly Who[] = ['cluster-admin', 'the gateway with every right']
  const rows = others.flatMap(who =>
    changes.flatMap(([what, set]) => forms.map(form => ({ who, what, set, form }))),
  )
  it.each(rows)('$who adds $what by $form: refused', async ({ who, set, form }) => {
    const request = await aRequest(namespace)
    const attempt = write(
      people(namespace)[who],
      approvalRequests,
      refOf(request),
      form,
      'metadata',
      object => changed(object, set),
    )
    expect(await outcome(attempt)).toBe(
      `${policy}only the operator changes the metadata of an ApprovalRequest. To decide, use kubectl approve or kubectl reject`,
    )
  })

  it.each(changes)('the operator adds %s', async (_, set) => {
    const request = await aRequest(namespace)
    const client = people(namespace)['the operator with every right']
    const attempt = write(client, approvalRequests, refOf(request), 'merge patch', 'metadata', object =>
      changed(object, set),
    )
    // Let the object go again with its namespace.
    expect(await outcome(attempt)).toBe('allowed')
    await client
      .patch(approvalRequests, refOf(request), {
        type: 'merge',
        body: { metadata: { finalizers: null } },
      })
      .catch(() => undefined)
  })

  it.each(forms)('through the status nobody changes it at all, by %s', async form => {
    const request = await aRequest(namespace)
    const set = Object.assign({}, ...changes.map(([, one]) => one))
    await write(people(namespace)['the operator'], approvalRequests, refOf(request), form, 'status', object =>
      changed(object, { ...set, '/status/message': 'x', '/spec/tool': 'other' }),
    )
    const stored = await adminClient().get(approvalRequests, refOf(request))
    expect(stored.status.message).toBe('x')
    expect(stored.spec).toEqual(request.spec)
    expect(stored.metadata.labels).toBeUndefined()
    expect(stored.metadata.finalizers).toBeUndefined()
    expect(stored.metadata.ownerReferences).toBeUndefined()
  })

  it.each(['merge patch', 'JSON patch', 'PUT'] as const)(
    'nobody clears managedFields, as decisions would have no time any more, by %s',
    async form => {
      const request = await aRequest(namespace)
      for (const who of ['cluster-admin', 'the operator with every right'] as const) {
        const client = people(namespace)[who]
        const attempt = write(client, approvalRequests, refOf(request), form, 'metadata', object =>
          changed(object, { '/metadata/managedFields': [{}] }),
        )
        expect(await outcome(attempt)).toBe(
          `${policy}managedFields cannot be cleared: they say when a decision was made`,
        )
      }
    },
  )

  it('a write that changes nothing is let through, as storage migration makes them', async () => {
    const request = await aRequest(namespace)
    const attempt = write(
      people(namespace)['cluster-admin'],
      approvalRequests,
      refOf(request),
      'PUT',
      'spec',
      o => o,
    )
    expect(await outcome(attempt)).toBe('allowed')
  })
})

describe('a request is not deleted by hand', () => {
  const kept =
    'countersign-deletions refuses: approvalrequests are kept: delete the AgentRun, and the operator cancels, records and removes them'
  it.each<[Who, string]>([
    ['owner', byRole],
    ['admin', byRole],
    ['member', byRole],
    ['stranger', byRole],
    ['cluster-admin', kept],
    ['a ServiceAccount that is cluster-admin', kept],
    ['the gateway with every right', kept],
    ['the operator', 'allowed'],
  ])('%s: %s', async (who, expected) => {
    const request = await aRequest(namespace)
    expect(await outcome(people(namespace)[who].delete(approvalRequests, refOf(request)))).toBe(expected)
    const stored = await adminClient().find(approvalRequests, refOf(request))
    expect(stored === undefined).toBe(expected === 'allowed')
  })

  it.each(['Foreground', 'Orphan', 'Background'] as const)(
    'nor with propagation policy %s',
    async propagationPolicy => {
      const request = await aRequest(namespace)
      const attempt = people(namespace)['cluster-admin'].delete(approvalRequests, refOf(request), {
        propagationPolicy,
      })
      expect(await outcome(attempt)).toBe(kept)
    },
  )

  it('nor all of them at once', async () => {
    const request = await aRequest(namespace)
    const attempt = people(namespace)['cluster-admin'].raw({
      method: 'DELETE',
      path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/approvalrequests`,
    })
    expect(await outcome(attempt)).toBe(kept)
    expect(await adminClient().find(approvalRequests, refOf(request))).toBeDefined()
  })

  it('nor by one to whom a role gives the delete', async () => {
    const request = await aRequest(namespace)
    await withRights(namespace, 'deleter@acme.com', { approvalrequests: ['delete', 'deletecollection'] })
    expect(await outcome(clientFor('deleter@acme.com').delete(approvalRequests, refOf(request)))).toBe(kept)
  })
})
