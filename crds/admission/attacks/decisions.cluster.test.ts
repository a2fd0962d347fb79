// Ways around the rule that everybody decides for themselves, once, in their own name.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  append,
  approval,
  aRequest,
  decided,
  outcome,
  people,
  projectNamespace,
  refOf,
  rejection,
} from '../../../hack/admission.ts'
import { onTheWire, tokenOfPerson } from '../../../hack/rights/wire.ts'
import { adminClient, clientFor } from '../../../hack/testing.ts'
import { asOperator } from '../../../hack/truthtable.ts'
import { isConflict } from '../../../kube/errors.ts'
import type { ApprovalRequest, Decision } from '../../v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../v1alpha1/resources.ts'
import { sampleApprovalRequest } from '../../v1alpha1/samples.ts'

const carol = 'carol@acme.com'
const dave = 'dave@acme.com'
let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('attack-decisions')
})

const stored = (request: ApprovalRequest) => adminClient().get(approvalRequests, refOf(request))
const decisionsOf = async (request: ApprovalRequest): Promise<readonly Decision[]> =>
  (await stored(request)).status.decisions
const pathOf = (request: ApprovalRequest, subresource = '/status') =>
  `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/approvalrequests/${request.metadata.name}${subresource}`

/** Carol sends these bytes as a JSON patch (a list) or a merge patch. */
const carolSends = (request: ApprovalRequest, body: string, subresource?: string) =>
  outcome(
    onTheWire({
      method: 'PATCH',
      path: pathOf(request, subresource),
      token: tokenOfPerson(carol),
      contentType: body.startsWith('[') ? 'application/json-patch+json' : 'application/merge-patch+json',
      body,
    }),
  )

describe('the same bytes again', () => {
  it('add no second entry when a JSON patch is replayed after it landed', async () => {
    const request = await aRequest(namespace, { requiredApprovals: 2 })
    const body = JSON.stringify([{ op: 'add', path: '/status/decisions/-', value: approval(carol) }])
    expect(await carolSends(request, body)).toBe('allowed')
    const after = await stored(request)
    expect(await carolSends(request, body)).toMatch(/^the schema refuses: .*Duplicate value/)
    expect(await stored(request)).toEqual(after)
  })

  it('change nothing when a merge patch is replayed', async () => {
    const request = await aRequest(namespace, { requiredApprovals: 2 })
    const body = JSON.stringify({ status: { decisions: [approval(carol)] } })
    expect(await carolSends(request, body)).toBe('allowed')
    const after = await stored(request)
    expect(await carolSends(request, body)).toBe('allowed')
    expect(await stored(request)).toEqual(after)
  })

  it('are refused when a merge patch is replayed after somebody else decided: it would drop them', async () => {
    const request = await aRequest(namespace, { requiredApprovals: 3 })
    const body = JSON.stringify({ status: { decisions: [approval(carol)] } })
    await carolSends(request, body)
    await decided(request, approval(dave))
    expect(await carolSends(request, body)).toMatch(
      /^countersign-decisions refuses: decisions are never changed/,
    )
    expect((await decisionsOf(request)).map(d => d.reviewer).sort()).toEqual([carol, dave])
  })

  // Only a JSON patch can say so: a uid beside the status in a merge patch is not looked at by the API server.
  it('land on no request of the same name that came later, where they name the uid', async () => {
    const request = await aRequest(namespace)
    const named = JSON.stringify([
      { op: 'test', path: '/metadata/uid', value: request.metadata.uid },
      { op: 'add', path: '/status/decisions/-', value: approval(carol) },
    ])
    await asOperator().delete(approvalRequests, refOf(request))
    const { name } = request.metadata
    const later = await asOperator().create(approvalRequests, sampleApprovalRequest(namespace, name))
    expect(await carolSends(later, named)).toMatch(/^the schema refuses/)
    expect(await decisionsOf(later)).toEqual([])
  })
})

describe('a stale object', () => {
  it.each(['status', undefined] as const)(
    'drops no decision of others by PUT (subresource %s)',
    async sub => {
      const request = await aRequest(namespace, { requiredApprovals: 2 })
      const stale = await stored(request)
      await decided(request, approval(dave))
      const root = people(namespace)['cluster-admin']
      const options = sub === undefined ? {} : { subresource: sub }
      const mine = { ...stale, status: { ...stale.status, decisions: [approval('kubernetes-admin')] } }
      await expect(root.replace(approvalRequests, mine, options)).rejects.toSatisfy(isConflict)
      expect(await decisionsOf(request)).toEqual([approval(dave)])
    },
  )

  it.each<[string | undefined, string]>([
    ['', 'empty'],
    [undefined, 'left out'],
  ])('nor with its resourceVersion "%s" (%s)', async resourceVersion => {
    const request = await aRequest(namespace, { requiredApprovals: 2 })
    const stale = await stored(request)
    await decided(request, approval(dave))
    const { resourceVersion: _, ...metadata } = stale.metadata as typeof stale.metadata & {
      resourceVersion?: string
    }
    const sent = {
      ...stale,
      metadata: { ...metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
      status: { ...stale.status, decisions: [approval('kubernetes-admin')] },
    }
    const root = people(namespace)['cluster-admin']
    const answer = await outcome(root.replace(approvalRequests, sent, { subresource: 'status' }))
    expect(answer).toMatch(
      /^the schema refuses: .*resourceVersion|^countersign-decisions refuses: decisions are never/,
    )
    expect(await decisionsOf(request)).toEqual([approval(dave)])
  })
})

describe('operations of JSON patch', () => {
  const kept =
    /^countersign-decisions refuses: (decisions are never changed|decide under your own name)|^the schema refuses/
  it.each<[string, readonly object[]]>([
    [
      'copies an entry and renames it',
      [
        { op: 'copy', from: '/status/decisions/0', path: '/status/decisions/1' },
        { op: 'replace', path: '/status/decisions/1/reviewer', value: 'eve@acme.com' },
      ],
    ],
    [
      "moves another's entry under their own name",
      [
        { op: 'move', from: '/status/decisions/0', path: '/status/decisions/0' },
        { op: 'replace', path: '/status/decisions/0/reviewer', value: carol },
      ],
    ],
    [
      'removes an entry and adds it as a rejection',
      [
        { op: 'remove', path: '/status/decisions/0' },
        { op: 'add', path: '/status/decisions/-', value: rejection(dave) },
      ],
    ],
    ['replaces the list by an empty one', [{ op: 'replace', path: '/status/decisions', value: [] }]],
    ['takes the list out', [{ op: 'remove', path: '/status/decisions' }]],
    [
      'replaces the whole status',
      [{ op: 'replace', path: '/status', value: { decisions: [approval(carol)] } }],
    ],
    ['takes the whole status out', [{ op: 'remove', path: '/status' }]],
    ['replaces the whole object by its own spec', [{ op: 'copy', from: '/spec', path: '/status' }]],
  ])('nobody %s', async (_, body) => {
    const request = await aRequest(namespace, { requiredApprovals: 3 })
    await decided(request, approval(dave))
    expect(await carolSends(request, JSON.stringify(body))).toMatch(kept)
    expect(await decisionsOf(request)).toEqual([approval(dave)])
  })
})

describe('JSON that says two things', () => {
  it.each([
    [
      'the reviewer, own name first',
      `{"reviewer":"${carol}","reviewer":"${dave}","verdict":"Approve","via":"Kubectl"}`,
    ],
    [
      'the reviewer, own name last',
      `{"reviewer":"${dave}","reviewer":"${carol}","verdict":"Approve","via":"Kubectl"}`,
    ],
    [
      'the reviewer, in another case',
      `{"Reviewer":"${carol}","reviewer":"${dave}","verdict":"Approve","via":"Kubectl"}`,
    ],
    [
      'the reviewer, in another case and last',
      `{"reviewer":"${dave}","REVIEWER":"${carol}","verdict":"Approve","via":"Kubectl"}`,
    ],
    [
      'the reviewer, escaped',
      `{"reviewer":"${carol}","\\u0072eviewer":"${dave}","verdict":"Approve","via":"Kubectl"}`,
    ],
  ])('stores what the policy saw: %s', async (_, entry) => {
    for (const body of [
      `[{"op":"add","path":"/status/decisions/-","value":${entry}}]`,
      `{"status":{"decisions":[${entry}]}}`,
      `{"status":{"decisions":[]},"status":{"decisions":[${entry}]}}`,
    ]) {
      const request = await aRequest(namespace)
      const answer = await carolSends(request, body)
      const after = (await decisionsOf(request)).map(({ reviewer, verdict, via }) => ({
        reviewer,
        verdict,
        via,
      }))
      // Either way nobody but Carol stands there.
      if (answer === 'allowed') expect(after).toEqual([approval(carol)])
      else {
        expect(answer).toMatch(
          /^countersign-decisions refuses: decide under your own name|^the schema refuses/,
        )
        expect(after).toEqual([])
      }
    }
  })

  it('keeps no field that a decision does not have', async () => {
    const request = await aRequest(namespace)
    const body = JSON.stringify([
      { op: 'add', path: '/status/decisions/-', value: { ...approval(carol), onBehalfOf: dave, weight: 10 } },
    ])
    expect(await carolSends(request, body)).toBe('allowed')
    expect(await decisionsOf(request)).toEqual([approval(carol)])
  })

  it.each(['null', '{}', '[null]', '"Approve"', '{"0":{"reviewer":"carol@acme.com"}}'])(
    'decides nothing where the list is %s',
    async list => {
      const request = await aRequest(namespace, { requiredApprovals: 2 })
      await decided(request, approval(dave))
      const answer = await carolSends(request, `{"status":{"decisions":${list}}}`)
      expect(answer).toMatch(/^the schema refuses|^countersign-decisions refuses/)
      expect(await decisionsOf(request)).toEqual([approval(dave)])
    },
  )
})

describe('the status through another door', () => {
  it('is not written through the main resource', async () => {
    const request = await aRequest(namespace)
    const root = people(namespace)['cluster-admin']
    const status = { phase: 'Approved', decisions: [approval('kubernetes-admin')] }
    await root.patch(approvalRequests, refOf(request), { type: 'merge', body: { status } })
    const whole = { ...(await stored(request)), status }
    await root.replace(approvalRequests, whole as ApprovalRequest)
    expect((await stored(request)).status).toEqual({ phase: 'Pending', decisions: [] })
  })

  it('does not carry metadata or spec with it, for whoever decides', async () => {
    const request = await aRequest(namespace, { requiredApprovals: 2 })
    const body = {
      metadata: { labels: { a: 'b' }, finalizers: ['acme.com/hold'], generateName: 'x', managedFields: [] },
      spec: { requiredApprovals: 1 },
      status: { decisions: [approval(carol)] },
    }
    expect(await carolSends(request, JSON.stringify(body))).toMatch(
      /^allowed$|^the schema refuses|^countersign/,
    )
    const { metadata, spec } = await stored(request)
    expect(spec).toEqual(request.spec)
    expect([metadata.labels, metadata.finalizers]).toEqual([undefined, undefined])
  })

  it.each(['scale', 'finalizers', 'approve', 'decisions'])('there is no door called %s', async door => {
    const request = await aRequest(namespace)
    const root = people(namespace)['cluster-admin']
    const path = pathOf(request, `/${door}`)
    await expect(
      root.raw({ method: 'PATCH', path, body: {}, contentType: 'application/merge-patch+json' }),
    ).rejects.toMatchObject({ code: 404 })
  })
})

describe('the extra of the gateway', () => {
  const as = (extra: Readonly<Record<string, readonly string[]>>) =>
    adminClient().impersonate({ user: carol, groups: ['system:authenticated'], extra })

  it.each<[string, Readonly<Record<string, readonly string[]>>, RegExp]>([
    ['two values', { 'countersign.dev/via': ['Web', 'API'] }, /^countersign-decisions refuses: via must be/],
    ['an empty list of them', {}, /^countersign-decisions refuses: via must be Kubectl or Token/],
    [
      'the value in other case',
      { 'countersign.dev/via': ['web'] },
      /^countersign-decisions refuses: via must be/,
    ],
    [
      'another key',
      { 'countersign.dev/path': ['Web'] },
      /^countersign-decisions refuses: via must be Kubectl or Token/,
    ],
    [
      'another group of the key',
      { 'countersign.example/via': ['Web'] },
      /^countersign-decisions refuses: via must be Kubectl/,
    ],
  ])('does not count with %s', async (_, extra, expected) => {
    const request = await aRequest(namespace)
    expect(await outcome(append(as(extra), request, approval(carol, { via: 'Web' })))).toMatch(expected)
    expect(await decisionsOf(request)).toEqual([])
  })

  it('is the same in any letter case of its header, as the API server lower-cases it', async () => {
    const request = await aRequest(namespace)
    const client = as({ 'Countersign.Dev/VIA': ['Web'] })
    expect(await outcome(append(client, request, approval(carol, { via: 'Web' })))).toBe('allowed')
  })

  it('is not believed from somebody who has no right to impersonate', async () => {
    const request = await aRequest(namespace)
    const sent = onTheWire({
      method: 'PATCH',
      path: pathOf(request),
      token: tokenOfPerson(carol),
      contentType: 'application/json-patch+json',
      headers: { 'impersonate-extra-countersign.dev%2fvia': 'Web', 'impersonate-user': carol },
      body: JSON.stringify([
        { op: 'add', path: '/status/decisions/-', value: approval(carol, { via: 'Web' }) },
      ]),
    })
    expect(await outcome(sent)).toBe('refused by a role')
    expect(await decisionsOf(request)).toEqual([])
  })

  it('nor without the header that names a user', async () => {
    const request = await aRequest(namespace)
    const sent = onTheWire({
      method: 'PATCH',
      path: pathOf(request),
      token: tokenOfPerson(carol),
      contentType: 'application/json-patch+json',
      headers: { 'impersonate-extra-countersign.dev%2fvia': 'Web' },
      body: JSON.stringify([
        { op: 'add', path: '/status/decisions/-', value: approval(carol, { via: 'Web' }) },
      ]),
    })
    await expect(sent).rejects.toThrow()
    expect(await decisionsOf(request)).toEqual([])
  })
})

it('a member who applies as the manager of the operator changes no more than their own decision', async () => {
  const request = await aRequest(namespace, { requiredApprovals: 2 })
  await decided(request, approval(dave))
  const apply = (status: object) =>
    outcome(
      clientFor(carol).patch(
        approvalRequests,
        refOf(request),
        { type: 'apply', force: true, body: { metadata: refOf(request), status } },
        { subresource: 'status', fieldManager: 'countersign-operator' },
      ),
    )
  expect(await apply({ phase: 'Approved' })).toMatch(/^countersign-settlement refuses/)
  expect(await apply({ decisions: [rejection(dave)] })).toMatch(/^countersign-decisions refuses/)
  expect(await apply({ decisions: [approval(carol)] })).toBe('allowed')
  expect((await decisionsOf(request)).map(d => d.reviewer).sort()).toEqual([carol, dave])
})
