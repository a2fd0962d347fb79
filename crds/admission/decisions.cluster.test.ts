import { beforeAll, describe, expect, it } from 'vitest'
import {
  append,
  approval,
  aRequest,
  decided,
  type Form,
  forms,
  nameOf,
  outcome,
  people,
  projectNamespace,
  refOf,
  rejection,
  settle,
  type Who,
  withRights,
  write,
} from '../../hack/admission.ts'
import { adminClient, clientFor } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import type { ApprovalRequest, ApprovalRequestSpec, Decision } from '../v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../v1alpha1/resources.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('decisions')
})

const carol = 'carol@acme.com'
const root = (user: string) => clientFor(user, ['system:masters'])
const noAccounts =
  'countersign-decisions refuses: ServiceAccounts and components of the system never decide: decide under your own name'

/** Sets the list of decisions in one of the four forms. */
const setDecisions = (
  client: Client,
  request: ApprovalRequest,
  form: Form,
  change: (list: Decision[]) => Decision[],
): Promise<unknown> =>
  write(client, approvalRequests, refOf(request), form, 'status', object => ({
    ...object,
    status: { ...object.status, decisions: change(object.status.decisions) },
  }))

const decisionsOf = async (request: ApprovalRequest): Promise<readonly Decision[]> =>
  (await adminClient().get(approvalRequests, refOf(request))).status.decisions

describe('who may add their own decision', () => {
  // Members hold patch on the status, not update: a role refuses their PUT before any policy is asked.
  const byPatch = (form: Form) => (form === 'PUT' ? 'refused by a role' : 'allowed')
  const rows: readonly [Who, (form: Form) => string][] = [
    ['owner', byPatch],
    ['admin', byPatch],
    ['member', byPatch],
    ['another member', byPatch],
    ['stranger', () => 'refused by a role'],
    ['cluster-admin', () => 'allowed'],
    ['a ServiceAccount with the member role', form => (form === 'PUT' ? 'refused by a role' : noAccounts)],
    ['a ServiceAccount that is cluster-admin', () => noAccounts],
    ['the operator', () => noAccounts],
    ['the gateway', () => 'refused by a role'],
    ['the gateway with every right', () => noAccounts],
  ]
  it.each(rows.flatMap(([who, expected]) => forms.map(form => ({ who, form, expected: expected(form) }))))(
    '$who, by $form: $expected',
    async ({ who, form, expected }) => {
      const request = await aRequest(namespace)
      const mine = approval(nameOf(who, namespace))
      const attempt = setDecisions(people(namespace)[who], request, form, list => [...list, mine])
      expect(await outcome(attempt)).toBe(expected)
      expect(await decisionsOf(request)).toEqual(expected === 'allowed' ? [mine] : [])
    },
  )

  it('nobody with the patch but without the verb approve', async () => {
    const request = await aRequest(namespace)
    const half = await withRights(namespace, 'half@acme.com', { 'approvalrequests/status': ['patch'] })
    expect(await outcome(append(half, request, approval('half@acme.com')))).toMatch(
      /^countersign-decisions refuses: you may not decide here: it takes the verb approve/,
    )
  })

  it('nobody with the verb approve on another request alone', async () => {
    const request = await aRequest(namespace)
    await withRights(namespace, 'elsewhere@acme.com', { 'approvalrequests/status': ['patch'] })
    const other = await projectNamespace('decisions-other')
    await withRights(other, 'elsewhere@acme.com', { approvalrequests: ['approve'] })
    expect(
      await outcome(append(clientFor('elsewhere@acme.com'), request, approval('elsewhere@acme.com'))),
    ).toMatch(/you may not decide here/)
  })

  it.each([
    'system:node:worker-1',
    'system:kube-controller-manager',
    'system:anonymous',
    'system:bootstrap:x',
  ])('nobody called %s, whatever rights they have', async user => {
    const request = await aRequest(namespace)
    expect(await outcome(append(root(user), request, approval(user)))).toBe(noAccounts)
  })

  it('nobody in the group of the ServiceAccounts, whatever they are called', async () => {
    const request = await aRequest(namespace)
    const client = clientFor(carol, ['system:serviceaccounts'])
    expect(await outcome(append(client, request, approval(carol)))).toBe(noAccounts)
  })

  it('system:admin, as some distributions name the person with the first certificate', async () => {
    const request = await aRequest(namespace)
    expect(await outcome(append(root('system:admin'), request, approval('system:admin')))).toBe('allowed')
  })
})

describe('what a decision may be', () => {
  interface Row {
    readonly when: string
    readonly decision: object
    readonly expected: string | RegExp
    readonly spec?: Partial<ApprovalRequestSpec>
    readonly extra?: readonly string[]
  }
  const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const rows: readonly Row[] = [
    { when: 'an approval', decision: approval(carol), expected: 'allowed' },
    { when: 'an approval with a reason', decision: approval(carol, { reason: 'ok' }), expected: 'allowed' },
    { when: 'a rejection with a reason', decision: rejection(carol), expected: 'allowed' },
    {
      when: 'a rejection without a reason',
      decision: { reviewer: carol, verdict: 'Reject', via: 'Kubectl' },
      expected: /^the schema refuses: .*a rejection needs a reason/,
    },
    {
      when: 'a rejection whose reason is spaces',
      decision: rejection(carol, { reason: ' \t\n' }),
      expected: /^the schema refuses: .*a rejection needs a reason/,
    },
    {
      when: 'a rejection whose reason is a no-break space',
      decision: rejection(carol, { reason: '\u00a0\u2003' }),
      expected: /^countersign-decisions refuses: say why you reject/,
    },
    {
      when: 'a verdict that there is not',
      decision: { ...approval(carol), verdict: 'Maybe' },
      expected: /^the schema refuses: .*Unsupported value: "Maybe"/,
    },
    {
      when: "another's name",
      decision: approval('dave@acme.com'),
      expected: 'countersign-decisions refuses: decide under your own name: reviewer must be carol@acme.com',
    },
    {
      when: 'the name in other case',
      decision: approval('Carol@acme.com'),
      expected: /^countersign-decisions refuses: decide under your own name/,
    },
    { when: 'via Token', decision: approval(carol, { via: 'Token' }), expected: 'allowed' },
    ...(['Web', 'API', 'Slack'] as const).flatMap((via): readonly Row[] => [
      {
        when: `via ${via} on one's own word`,
        decision: approval(carol, { via }),
        expected:
          'countersign-decisions refuses: via must be Kubectl or Token: Web, API and Slack are for the gateway to say',
      },
      {
        when: `via ${via} with the extra that the gateway gives`,
        decision: approval(carol, { via }),
        extra: [via],
        expected: 'allowed',
      },
      {
        when: `via ${via} with the extra of another path`,
        decision: approval(carol, { via }),
        extra: [via === 'Web' ? 'API' : 'Web'],
        expected: /^countersign-decisions refuses: via must be (API|Web): the path that you came by/,
      },
    ]),
    {
      when: 'via Kubectl by one whom the gateway brought',
      decision: approval(carol),
      extra: ['Web'],
      expected: 'countersign-decisions refuses: via must be Web: the path that you came by',
    },
    {
      when: 'decidedAt now',
      decision: approval(carol, { decidedAt: minutesFromNow(0) }),
      expected: 'allowed',
    },
    {
      when: 'decidedAt 4 minutes ago',
      decision: approval(carol, { decidedAt: minutesFromNow(-4) }),
      expected: 'allowed',
    },
    ...[6, -6, -600_000].map(minutes => ({
      when: `decidedAt ${minutes} minutes from now`,
      decision: approval(carol, { decidedAt: minutesFromNow(minutes) }),
      expected:
        "countersign-decisions refuses: decidedAt is more than 5 minutes from the API server's clock: set your clock, or leave decidedAt out",
    })),
    ...['2026-11-22', 'yesterday', ''].map(decidedAt => ({
      when: `decidedAt "${decidedAt}"`,
      decision: approval(carol, { decidedAt }),
      expected: /^the schema refuses|^countersign-decisions refuses/,
    })),
    {
      when: 'the starter, where they may',
      decision: approval(carol),
      spec: { requestedBy: carol, allowSelfApproval: true },
      expected: 'allowed',
    },
    {
      when: 'the starter, where they may not',
      decision: approval(carol),
      spec: { requestedBy: carol, allowSelfApproval: false },
      expected:
        'countersign-decisions refuses: you started this run, so somebody else must decide (allowSelfApproval is false)',
    },
    {
      when: 'the starter rejects, where they may not decide',
      decision: rejection(carol),
      spec: { requestedBy: carol, allowSelfApproval: false },
      expected: /^countersign-decisions refuses: you started this run/,
    },
    {
      when: 'somebody else, where the starter may not',
      decision: approval(carol),
      spec: { requestedBy: 'dave@acme.com', allowSelfApproval: false },
      expected: 'allowed',
    },
    {
      when: 'anybody, where the starter may not and is not known',
      decision: approval(carol),
      spec: { allowSelfApproval: false },
      expected:
        /^countersign-decisions refuses: nobody can decide this request: who started the run may not, and who that was is not known/,
    },
  ]
  it.each(rows)('$when: $expected', async ({ decision, expected, spec, extra }) => {
    const request = await aRequest(namespace, spec)
    const client =
      extra === undefined
        ? clientFor(carol)
        : adminClient().impersonate({
            user: carol,
            groups: ['system:authenticated'],
            extra: { 'countersign.dev/via': extra },
          })
    const answer = await outcome(append(client, request, decision))
    if (typeof expected === 'string') expect(answer).toBe(expected)
    else expect(answer).toMatch(expected)
    expect(await decisionsOf(request)).toEqual(answer === 'allowed' ? [decision] : [])
  })
})

describe('earlier decisions', () => {
  const dave = 'dave@acme.com'
  const kept = 'countersign-decisions refuses: decisions are never changed or removed'
  const once = 'countersign-decisions refuses: you have decided this request already'
  const acts: readonly { act: string; change: (list: Decision[]) => Decision[]; forms?: readonly Form[] }[] =
    [
      // An apply leaves list entries alone that it does not name: the next test is for it.
      { act: 'removes it', change: () => [], forms: ['merge patch', 'JSON patch', 'PUT'] },
      { act: 'changes its verdict', change: ([d]) => [{ ...d!, verdict: 'Reject', reason: 'no' }] },
      { act: 'changes its reason', change: ([d]) => [{ ...d!, reason: 'another' }] },
      { act: 'changes its time', change: ([d]) => [{ ...d!, decidedAt: '2026-01-01T00:00:00Z' }] },
      { act: 'changes how it came', change: ([d]) => [{ ...d!, via: 'Token' }] },
      {
        act: 'puts their own in its place',
        change: () => [approval('kubernetes-admin')],
        forms: ['merge patch', 'JSON patch', 'PUT'],
      },
    ]
  const everybody: readonly Who[] = [
    'cluster-admin',
    'the operator with every right',
    'the gateway with every right',
    'a ServiceAccount that is cluster-admin',
  ]
  it.each(
    everybody.flatMap(who =>
      acts.flatMap(({ forms: some = forms, ...row }) => some.map(form => ({ who, form, ...row }))),
    ),
  )('$who $act by $form: refused', async ({ who, form, change }) => {
    const request = await aRequest(namespace)
    await decided(request, approval(dave))
    expect(await outcome(setDecisions(people(namespace)[who], request, form, change))).toContain(kept)
    expect(await decisionsOf(request)).toEqual([approval(dave)])
  })

  it('whoever applied a decision cannot take it out by applying without it', async () => {
    const request = await aRequest(namespace)
    const client = clientFor(carol)
    const apply = (decisions: readonly Decision[]) =>
      client.patch(
        approvalRequests,
        refOf(request),
        {
          type: 'apply',
          body: {
            apiVersion: 'countersign.dev/v1alpha1',
            kind: 'ApprovalRequest',
            metadata: refOf(request),
            status: { decisions },
          },
        },
        { subresource: 'status', fieldManager: 'carol' },
      )
    expect(await outcome(apply([approval(carol)]))).toBe('allowed')
    expect(await outcome(apply([]))).toContain(once)
    expect(await outcome(apply([rejection(carol)]))).toContain(once)
    expect(await outcome(apply([approval(carol)]))).toBe('allowed')
    expect(await decisionsOf(request)).toEqual([approval(carol)])
  })

  it.each(['merge patch', 'JSON patch', 'server-side apply'] as const)(
    'nobody changes their mind, by %s',
    async form => {
      const request = await aRequest(namespace)
      await decided(request, approval(carol))
      const attempt = setDecisions(clientFor(carol), request, form, () => [rejection(carol)])
      expect(await outcome(attempt)).toContain(once)
    },
  )

  it('the same person twice: the schema keeps one entry for each reviewer', async () => {
    const request = await aRequest(namespace)
    await decided(request, approval(carol))
    expect(await outcome(append(clientFor(carol), request, rejection(carol)))).toMatch(
      /^the schema refuses: .*Duplicate value/,
    )
  })

  it('a reviewer who replaces the list is refused, and told how to add', async () => {
    const request = await aRequest(namespace)
    await decided(request, approval(dave))
    const attempt = setDecisions(clientFor(carol), request, 'merge patch', () => [approval(carol)])
    expect(await outcome(attempt)).toBe(
      `${kept}: leave those that are there, and add your own (kubectl approve, kubectl reject, or a JSON patch that adds to /status/decisions/-)`,
    )
  })

  it('two people who append at the same time both land', async () => {
    const request = await aRequest(namespace)
    await Promise.all([
      append(clientFor(carol), request, approval(carol)),
      append(people(namespace)['another member'], request, approval(dave)),
    ])
    expect((await decisionsOf(request)).map(d => d.reviewer).sort()).toEqual([carol, dave])
  })

  it('one may stand before them in the list: order means nothing', async () => {
    const request = await aRequest(namespace)
    await decided(request, approval(dave))
    const attempt = setDecisions(clientFor(carol), request, 'merge patch', list => [approval(carol), ...list])
    expect(await outcome(attempt)).toBe('allowed')
  })
})

describe('one decision at a time', () => {
  it.each(forms)('two in one write are refused, by %s', async form => {
    const request = await aRequest(namespace)
    const attempt = setDecisions(people(namespace)['cluster-admin'], request, form, () => [
      approval('kubernetes-admin'),
      approval('dave@acme.com'),
    ])
    expect(await outcome(attempt)).toBe('countersign-decisions refuses: add one decision at a time: your own')
  })

  it.each(forms)('a write that changes nothing is no decision, and allowed, by %s', async form => {
    const request = await aRequest(namespace)
    await decided(request, approval(carol))
    const attempt = setDecisions(people(namespace)['cluster-admin'], request, form, list => list)
    expect(await outcome(attempt)).toBe('allowed')
  })
})

describe('a settled request takes no decision', () => {
  const settled: readonly [string, readonly Decision[]][] = [
    ['Approved', [approval('dave@acme.com')]],
    ['Rejected', [rejection('dave@acme.com')]],
    ['Cancelled', []],
  ]
  it.each(settled.flatMap(([phase, decisions]) => forms.map(form => ({ phase, decisions, form }))))(
    '$phase, by $form',
    async ({ phase, decisions, form }) => {
      const request = await aRequest(namespace)
      await decided(request, ...decisions)
      await settle(request, { phase })
      const attempt = setDecisions(people(namespace)['cluster-admin'], request, form, list => [
        ...list,
        approval('kubernetes-admin'),
      ])
      expect(await outcome(attempt)).toBe(
        `countersign-decisions refuses: this request is ${phase}: nothing is left to decide`,
      )
    },
  )
})

describe('what a client says of managedFields is not believed', () => {
  const now = () => Math.floor(Date.now() / 1000) * 1000
  const forged = [
    { manager: 'forged', operation: 'Update', subresource: 'status', time: '2020-01-01T00:00:00Z' },
  ]
  it.each([
    { what: 'cleared', managedFields: [{}] },
    { what: 'left out', managedFields: undefined },
    { what: 'of an old time', managedFields: forged },
  ])('$what: the write is stamped by the server all the same', async ({ managedFields }) => {
    const request = await aRequest(namespace)
    const { managedFields: _, ...metadata } = request.metadata as ApprovalRequest['metadata'] & {
      managedFields?: unknown
    }
    const before = now()
    await root('kubernetes-admin').replace(
      approvalRequests,
      {
        ...request,
        metadata: { ...metadata, ...(managedFields && { managedFields }) },
        status: { phase: 'Pending', decisions: [approval('kubernetes-admin')] },
      } as ApprovalRequest,
      { subresource: 'status' },
    )
    const stored = (await adminClient().get(approvalRequests, refOf(request))) as unknown as {
      metadata: { managedFields: { subresource?: string; time: string }[] }
    }
    const stamps = stored.metadata.managedFields.filter(entry => entry.subresource === 'status')
    expect(stamps.length).toBeGreaterThan(0)
    for (const { time } of stamps) expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
  })
})
