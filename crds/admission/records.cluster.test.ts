import { beforeAll, describe, expect, it } from 'vitest'
import {
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
import type { KubeObject, Resource } from '../../kube/types.ts'
import { agentRuns, agents, agentTurns, auditRecords, projects } from '../v1alpha1/resources.ts'
import {
  sampleAgent,
  sampleAgentRun,
  sampleAgentTurn,
  sampleAuditRecord,
  sampleProject,
} from '../v1alpha1/samples.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('records')
})

const byRole = 'refused by a role'
const mighty: readonly Who[] = [
  'cluster-admin',
  'a ServiceAccount that is cluster-admin',
  'the gateway with every right',
]
const weak: readonly Who[] = [
  'owner',
  'admin',
  'member',
  'stranger',
  'a ServiceAccount with the member role',
  'the gateway',
]

describe('only the operator writes transcripts and audit records', () => {
  const kinds: readonly [string, Resource, () => KubeObject, string][] = [
    [
      'AgentTurn',
      agentTurns,
      () => sampleAgentTurn(namespace),
      'countersign-operator-writes refuses: only the operator writes agentturns: they are the transcript of its runs',
    ],
    [
      'AuditRecord',
      auditRecords,
      () => sampleAuditRecord(namespace),
      'countersign-audit refuses: only the operator writes audit records',
    ],
  ]
  it.each(
    kinds.flatMap(([kind, resource, sample, message]) => [
      ...weak.map(who => ({ who, kind, resource, sample, expected: byRole })),
      ...mighty.map(who => ({ who, kind, resource, sample, expected: message })),
      { who: 'the operator' as const, kind, resource, sample, expected: 'allowed' },
    ]),
  )('$who creates an $kind: $expected', async ({ who, resource, sample, expected }) => {
    const client = people(namespace)[who]
    expect(await outcome(client.create(resource, sample(), { dryRun: true }))).toBe(expected)
    if (who === 'the operator') return
    const applied = client.patch(
      resource,
      refOf(sample()),
      { type: 'apply', body: sample() },
      { dryRun: true, fieldManager: 'test' },
    )
    expect(await outcome(applied)).toBe(expected)
  })

  it.each(forms)('nobody else writes the results of a turn, by %s', async form => {
    const turn = sampleAgentTurn(namespace, `turn-${form.replace(/\W/g, '').toLowerCase()}`)
    await people(namespace)['the operator'].create(agentTurns, turn)
    const results = [{ id: '1.0', kind: 'Result', text: 'refunded' }]
    for (const who of [...mighty, 'the operator'] as const) {
      const attempt = write(people(namespace)[who], agentTurns, refOf(turn), form, 'status', object =>
        changed(object, { '/status/results': results }),
      )
      expect(await outcome(attempt)).toMatch(
        who === 'the operator' ? /^allowed/ : /^countersign-operator-writes refuses/,
      )
    }
  })

  it('nobody else changes the metadata of a turn', async () => {
    const turn = sampleAgentTurn(namespace, 'turn-metadata')
    await people(namespace)['the operator'].create(agentTurns, turn)
    const attempt = write(
      people(namespace)['cluster-admin'],
      agentTurns,
      refOf(turn),
      'merge patch',
      'metadata',
      object => changed(object, { '/metadata/labels': { a: 'b' } }),
    )
    expect(await outcome(attempt)).toMatch(/^countersign-operator-writes refuses/)
  })
})

describe('what is recorded stays', () => {
  const record = () => sampleAuditRecord(namespace, 'audit-000000000001')
  beforeAll(async () => {
    await people(namespace)['the operator'].create(auditRecords, record())
  })

  const changes: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['an entry', { '/spec/entries/0/action': 'ToolExecuted' }],
    ['a parameter deep inside an entry', { '/spec/entries/0/params/lines/0/sku': 'B-2' }],
    ['its hash', { '/spec/hash': `sha256:${'1'.repeat(64)}` }],
    ['a label', { '/metadata/labels': { a: 'b' } }],
    ['an annotation', { '/metadata/annotations': { a: 'b' } }],
    ['a finalizer', { '/metadata/finalizers': ['acme.com/hold'] }],
    [
      'an owner, to be collected with it',
      {
        '/metadata/ownerReferences': [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'x-y' }],
      },
    ],
  ]
  const everybody = [...mighty, 'the operator with every right'] as const
  it.each(
    everybody.flatMap(who => changes.flatMap(([what, set]) => forms.map(form => ({ who, what, set, form })))),
  )('$who changes $what by $form: refused', async ({ who, set, form }) => {
    const part = Object.keys(set)[0]!.startsWith('/spec') ? 'spec' : 'metadata'
    const attempt = write(people(namespace)[who], auditRecords, refOf(record()), form, part, object =>
      changed(object, set),
    )
    // Of the spec the schema says it first.
    expect(await outcome(attempt)).toMatch(/what is recorded cannot be changed/)
  })

  it('nor does it have an owner from the beginning', async () => {
    const owned = changed(sampleAuditRecord(namespace, 'audit-000000000002'), {
      '/spec/entries/0/seq': 2,
      '/spec/prevHash': `sha256:${'1'.repeat(64)}`,
      '/metadata/ownerReferences': [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'x-y' }],
    })
    expect(await outcome(people(namespace)['the operator'].create(auditRecords, owned))).toBe(
      'countersign-audit refuses: an audit record has no owner: it would be deleted with it',
    )
  })

  it.each([
    ...weak.map(who => [who, byRole] as const),
    ...mighty.map(
      who =>
        [who, 'countersign-deletions refuses: audit records are kept: they go with their namespace'] as const,
    ),
  ])('%s deletes it: %s', async (who, expected) => {
    expect(await outcome(people(namespace)[who].delete(auditRecords, refOf(record())))).toBe(expected)
  })

  it('all at once are deleted by nobody', async () => {
    const attempt = people(namespace)['cluster-admin'].raw({
      method: 'DELETE',
      path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/auditrecords`,
    })
    expect(await outcome(attempt)).toMatch(/^countersign-deletions refuses/)
    expect(await adminClient().find(auditRecords, refOf(record()))).toBeDefined()
  })

  it('a turn is not deleted by hand', async () => {
    const turn = sampleAgentTurn(namespace, 'turn-kept')
    await people(namespace)['the operator'].create(agentTurns, turn)
    expect(await outcome(people(namespace)['cluster-admin'].delete(agentTurns, refOf(turn)))).toMatch(
      /^countersign-deletions refuses: agentturns are kept/,
    )
    expect(await outcome(people(namespace)['the operator'].delete(agentTurns, refOf(turn)))).toBe('allowed')
  })
})

describe('only the operator writes the status of what it runs', () => {
  const kinds: readonly [string, Resource, () => KubeObject, object][] = [
    ['agents', agents, () => sampleAgent(namespace), { observedGeneration: 7 }],
    ['agentruns', agentRuns, () => sampleAgentRun(namespace), { phase: 'Succeeded' }],
    ['projects', projects, () => sampleProject(namespace), { observedGeneration: 7 }],
  ]
  beforeAll(async () => {
    for (const [, resource, sample] of kinds) await adminClient().create(resource, sample())
    // One to whom somebody's own role gives more than the shipped ones.
    await withRights(namespace, 'generous@acme.com', {
      'agents/status': ['patch', 'update'],
      'agentruns/status': ['patch', 'update'],
      'projects/status': ['patch', 'update'],
    })
  })

  const rows = kinds.flatMap(([plural, resource, sample, status]) => {
    const refused = `countersign-operator-writes refuses: only the operator writes the status of ${plural}: change the spec, and it follows`
    const by: readonly (readonly [Who, string])[] = [
      ...weak.map(who => [who, byRole] as const),
      ...mighty.map(who => [who, refused] as const),
      ['the operator', 'allowed'],
    ]
    return by.flatMap(([who, expected]) =>
      forms.map(form => ({ who, plural, resource, sample, status, form, expected, refused })),
    )
  })
  const setting = (object: KubeObject, status: object): KubeObject =>
    ({ ...object, status: { ...(object as { status?: object }).status, ...status } }) as KubeObject

  it.each(rows)('$who writes that of $plural by $form: $expected', async row => {
    const { who, resource, sample, status, form, expected } = row
    const client = people(namespace)[who]
    const attempt = write(client, resource, refOf(sample()), form, 'status', o => setting(o, status))
    expect(await outcome(attempt)).toBe(expected)
  })

  it.each(kinds)('one to whom a role gives it, of %s: refused', async (_, resource, sample, status) => {
    const client = clientFor('generous@acme.com')
    const attempt = write(client, resource, refOf(sample()), 'merge patch', 'status', o =>
      setting(o, { ...status, observedGeneration: 8 }),
    )
    expect(await outcome(attempt)).toMatch(/^countersign-operator-writes refuses/)
  })

  it('a run is not created with a status', async () => {
    const run = changed(sampleAgentRun(namespace, 'born-done'), {
      '/status': { phase: 'Succeeded', turns: 3 },
    })
    await people(namespace).admin.create(agentRuns, run)
    const stored = await adminClient().get(agentRuns, refOf(run))
    expect(stored.status?.phase ?? 'Pending').toBe('Pending')
    expect(stored.status?.turns).toBeUndefined()
  })
})
