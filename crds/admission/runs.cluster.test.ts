import { beforeAll, describe, expect, it, type TestContext } from 'vitest'
import {
  forms,
  nameOf,
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
import type { AgentRun } from '../v1alpha1/agentrun.ts'
import { RUN_FINALIZER } from '../v1alpha1/meta.ts'
import { agentRuns } from '../v1alpha1/resources.ts'
import { sampleAgentRun } from '../v1alpha1/samples.ts'

let namespace: string
let count = 0
beforeAll(async () => {
  namespace = await projectNamespace('runs')
})

/** Ends a test here, passed over, on a server before 1.36 that cannot stamp. */
async function needsStamps(context: TestContext): Promise<void> {
  const served = await adminClient().raw({ method: 'GET', path: '/apis/admissionregistration.k8s.io/v1' })
  context.skip(!JSON.stringify(served).includes('"mutatingadmissionpolicies"'), 'the server cannot stamp')
}

const byRole = 'refused by a role'
const aRun = (set: Readonly<Record<string, unknown>> = {}): AgentRun =>
  changed(sampleAgentRun(namespace, `run-${++count}`), set)
const starters: readonly Who[] = [
  'owner',
  'admin',
  'member',
  'cluster-admin',
  'a ServiceAccount with the member role',
]

describe('who starts a run', () => {
  it.each<[Who, string]>([
    ...starters.map((who): [Who, string] => [who, 'allowed']),
    ['stranger', byRole],
    ['the operator', byRole],
    ['the gateway', byRole],
  ])('%s: %s', async (who, expected) => {
    expect(await outcome(people(namespace)[who].create(agentRuns, aRun()))).toBe(expected)
  })

  it.each(starters)('%s may say so', async who => {
    const run = aRun({ '/spec/requestedBy': nameOf(who, namespace) })
    expect(await outcome(people(namespace)[who].create(agentRuns, run))).toBe('allowed')
  })

  it.each(starters)('%s may not say that somebody else did', async who => {
    const run = aRun({ '/spec/requestedBy': 'dave@acme.com' })
    const expected = `countersign-runs refuses: requestedBy must be who creates the run: leave it out, or set it to ${nameOf(who, namespace)}`
    expect(await outcome(people(namespace)[who].create(agentRuns, run))).toBe(expected)
    const applied = people(namespace)['cluster-admin'].patch(
      agentRuns,
      refOf(run),
      { type: 'apply', body: run },
      { fieldManager: 'test' },
    )
    expect(await outcome(applied)).toMatch(/^countersign-runs refuses: requestedBy must be/)
  })

  it.for(starters)('that it was %s is stamped where the server can', async (who, context) => {
    await needsStamps(context)
    const run = aRun()
    await people(namespace)[who].create(agentRuns, run)
    const stored = await adminClient().get(agentRuns, refOf(run))
    expect(stored.spec.requestedBy).toBe(nameOf(who, namespace))
  })

  it('it is stamped on a run that is applied, too', async context => {
    await needsStamps(context)
    const run = aRun()
    await people(namespace).admin.patch(
      agentRuns,
      refOf(run),
      { type: 'apply', body: run },
      { fieldManager: 'test' },
    )
    const again = people(namespace).admin.patch(
      agentRuns,
      refOf(run),
      { type: 'apply', body: run },
      { fieldManager: 'test' },
    )
    expect(await outcome(again)).toBe('allowed')
    expect((await adminClient().get(agentRuns, refOf(run))).spec.requestedBy).toBe('bob@acme.com')
  })
})

describe('who sets what conditions read', () => {
  const refused =
    'countersign-runs refuses: you may not set spec.context, as conditions of gates read it: it takes the verb setcontext on agentruns.countersign.dev. Leave it out, or ask an admin of the project to start the run'
  it.each<[Who, string]>([
    ['owner', 'allowed'],
    ['admin', 'allowed'],
    ['cluster-admin', 'allowed'],
    ['member', refused],
    ['another member', refused],
    ['a ServiceAccount with the member role', refused],
  ])('%s: %s', async (who, expected) => {
    const run = aRun({ '/spec/context': { is_admin: true } })
    expect(await outcome(people(namespace)[who].create(agentRuns, run))).toBe(expected)
  })

  it('an empty context takes the verb as well', async () => {
    const run = aRun({ '/spec/context': {} })
    expect(await outcome(people(namespace).member.create(agentRuns, run))).toBe(refused)
  })

  it('a member to whom a role gives the verb may', async () => {
    const client = await withRights(namespace, 'trusted@acme.com', { agentruns: ['create', 'setcontext'] })
    const run = aRun({ '/spec/context': { is_admin: true } })
    expect(await outcome(client.create(agentRuns, run))).toBe('allowed')
  })
})

describe('a run does not change', () => {
  const context = { is_admin: false, deep: { list: [{ a: 1 }] } }
  const changes: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['its context', { '/spec/context': { is_admin: true } }],
    ['its context deep inside', { '/spec/context/deep/list': [{ a: 2 }] }],
    ['its input', { '/spec/input': 'Something else.' }],
    ['its agent', { '/spec/agentRef/name': 'another' }],
    ['who started it', { '/spec/requestedBy': 'dave@acme.com' }],
  ]
  const everybody: readonly Who[] = ['admin', 'cluster-admin', 'the operator with every right']
  it.each(
    everybody.flatMap(who => changes.flatMap(([what, set]) => forms.map(form => ({ who, what, set, form })))),
  )('$who changes $what by $form: refused', async ({ who, set, form }) => {
    const run = await people(namespace).admin.create(agentRuns, aRun({ '/spec/context': context }))
    const attempt = write(people(namespace)[who], agentRuns, refOf(run), form, 'spec', object =>
      changed(object, set),
    )
    // The schema is asked first; what it does not see is the policy's.
    expect(await outcome(attempt)).toMatch(
      /a run cannot be changed, but for cancel and ttlSecondsAfterFinished: create another run/,
    )
    expect((await adminClient().get(agentRuns, refOf(run))).spec).toEqual(run.spec)
  })

  it.each<[Who, string]>([
    ['owner', 'allowed'],
    ['admin', 'allowed'],
    ['cluster-admin', 'allowed'],
    ['member', byRole],
    ['stranger', byRole],
    ['a ServiceAccount with the member role', byRole],
  ])('but for its cancellation, by %s: %s', async (who, expected) => {
    const run = await people(namespace).member.create(agentRuns, aRun())
    const attempt = people(namespace)[who].patch(agentRuns, refOf(run), {
      type: 'merge',
      body: { spec: { cancel: true } },
    })
    expect(await outcome(attempt)).toBe(expected)
  })
})

describe('the finalizer for open requests', () => {
  const held = async (): Promise<AgentRun> => {
    const run = await people(namespace).admin.create(agentRuns, aRun())
    const body = { metadata: { finalizers: [RUN_FINALIZER, 'acme.com/other'] } }
    return people(namespace)['the operator'].patch(agentRuns, refOf(run), { type: 'merge', body })
  }
  const everybody: readonly Who[] = ['owner', 'admin', 'cluster-admin', 'the gateway with every right']
  it.each(
    everybody.flatMap(who =>
      // An apply does not take out what another manager put in.
      (['merge patch', 'JSON patch', 'PUT'] as const).map(form => ({ who, form })),
    ),
  )('$who does not take it out, by $form', async ({ who, form }) => {
    const run = await held()
    const attempt = write(people(namespace)[who], agentRuns, refOf(run), form, 'metadata', object =>
      changed(object, { '/metadata/finalizers': ['acme.com/other'] }),
    )
    expect(await outcome(attempt)).toMatch(
      /^countersign-runs refuses: only the operator takes out the finalizer countersign.dev\/open-requests/,
    )
  })

  it('the operator does, and others their own', async () => {
    const run = await held()
    const set = (who: Who, finalizers: readonly string[]) =>
      outcome(
        people(namespace)[who].patch(agentRuns, refOf(run), {
          type: 'merge',
          body: { metadata: { finalizers } },
        }),
      )
    expect(await set('admin', [RUN_FINALIZER])).toBe('allowed')
    expect(await set('the operator', [])).toBe('allowed')
  })

  it.each(['admin', 'cluster-admin', 'the operator'] as const)(
    'a run that has it is deleted by the %s, and stays until it is taken out',
    async who => {
      const run = await held()
      expect(await outcome(people(namespace)[who].delete(agentRuns, refOf(run)))).toBe('allowed')
      const stored = await adminClient().get(agentRuns, refOf(run))
      expect(stored.metadata.deletionTimestamp).toBeDefined()
    },
  )

  it('a member does not delete runs', async () => {
    const run = await held()
    expect(await outcome(clientFor('carol@acme.com').delete(agentRuns, refOf(run)))).toBe(byRole)
  })
})
