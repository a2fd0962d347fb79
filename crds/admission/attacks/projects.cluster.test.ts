// Ways around the rule that only Owners change members and gates.
import { beforeEach, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace } from '../../../hack/admission.ts'
import { onTheWire, tokenOfPerson } from '../../../hack/rights/wire.ts'
import { adminClient, clientFor } from '../../../hack/testing.ts'
import { changed } from '../../../hack/truthtable.ts'
import type { Project } from '../../v1alpha1/project.ts'
import { projects } from '../../v1alpha1/resources.ts'
import { sampleProject } from '../../v1alpha1/samples.ts'

const bob = 'bob@acme.com'
const members = [
  { user: 'alice@acme.com', role: 'Owner' },
  { user: bob, role: 'Admin' },
  { user: 'carol@acme.com', role: 'Member' },
] as const
const gates = { tools: [{ name: 'order_tools.*' }] }
const onlyOwners = /^countersign-projects refuses: only an owner of the project changes its members and gates/

let namespace: string
const ref = () => ({ namespace, name: 'project' })
let before: Project
beforeEach(async () => {
  namespace ??= await projectNamespace('attack-projects')
  if (await adminClient().find(projects, ref())) await adminClient().delete(projects, ref())
  const project = changed(sampleProject(namespace), { '/spec/members': members, '/spec/approval': gates })
  before = await adminClient().create(projects, project)
})

const unchanged = async () => {
  const { spec } = await adminClient().get(projects, ref())
  expect([spec.members, spec.approval]).toEqual([before.spec.members, before.spec.approval])
}

/** Somebody sends these bytes to the Project. */
const sends = (who: string, contentType: string, body: string, method = 'PATCH') =>
  outcome(
    onTheWire({
      method,
      path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/projects/project`,
      token: tokenOfPerson(who),
      contentType,
      body,
    }),
  )
const merge = 'application/merge-patch+json'
const json = 'application/json-patch+json'

describe('an Admin', () => {
  it.each<[string, readonly object[]]>([
    [
      'copies an Owner’s role to themselves',
      [{ op: 'copy', from: '/spec/members/0/role', path: '/spec/members/1/role' }],
    ],
    ['moves the gates to where nobody looks', [{ op: 'move', from: '/spec/approval', path: '/spec/was' }]],
    ['swaps two members', [{ op: 'move', from: '/spec/members/2', path: '/spec/members/1' }]],
    [
      'tests, removes and adds',
      [
        { op: 'test', path: '/spec/members/1/user', value: bob },
        { op: 'remove', path: '/spec/members/1' },
        { op: 'add', path: '/spec/members/-', value: { user: bob, role: 'Owner' } },
      ],
    ],
    [
      'replaces the spec by one in another order',
      [
        {
          op: 'replace',
          path: '/spec',
          value: { approval: gates, members: [members[1], members[0], members[2]] },
        },
      ],
    ],
    ['replaces the spec by one without gates', [{ op: 'replace', path: '/spec', value: { members } }]],
    ['adds a gate', [{ op: 'add', path: '/spec/approval/tools/-', value: { name: 'crm.*' } }]],
    [
      'adds a condition that never holds',
      [{ op: 'add', path: '/spec/approval/tools/0/when', value: 'false' }],
    ],
    [
      'takes an e-mail address over',
      [{ op: 'add', path: '/spec/members/0/email', value: 'bob@elsewhere.com' }],
    ],
    ['renames an Owner for the eye', [{ op: 'add', path: '/spec/members/0/name', value: 'Nobody' }]],
  ])('does not do it by JSON patch: %s', async (_, body) => {
    expect(await sends(bob, json, JSON.stringify(body))).toMatch(onlyOwners)
    await unchanged()
  })

  it.each<[string, string, RegExp]>([
    ['null for the gates', '{"spec":{"approval":null}}', onlyOwners],
    ['null for the tools', '{"spec":{"approval":{"tools":null}}}', onlyOwners],
    ['null for the members', '{"spec":{"members":null}}', /^the schema refuses/],
    ['null for the spec', '{"spec":null}', /^the schema refuses/],
    [
      'members twice, the good list last',
      `{"spec":{"members":[{"user":"${bob}","role":"Owner"}],"members":${JSON.stringify(members)}}}`,
      /^allowed$/,
    ],
    [
      'members twice, the bad list last',
      `{"spec":{"members":${JSON.stringify(members)},"members":[{"user":"${bob}","role":"Owner"}]}}`,
      onlyOwners,
    ],
    [
      'the spec twice',
      `{"spec":{"notifications":{}},"spec":{"members":[{"user":"${bob}","role":"Owner"}]}}`,
      onlyOwners,
    ],
    [
      'members in another letter case',
      `{"spec":{"Members":[{"user":"${bob}","role":"Owner"}]}}`,
      /^allowed$/,
    ],
    [
      'gates hidden beside notifications',
      '{"spec":{"notifications":{"inApp":{"enabled":false}},"approval":{"tools":[]}}}',
      onlyOwners,
    ],
    [
      'fields that there are not',
      '{"spec":{"notifications":{"members":[{"user":"x","role":"Owner"}]},"owners":["bob"]}}',
      /^allowed$/,
    ],
  ])('gains nothing by a merge patch with %s', async (_, body, expected) => {
    expect(await sends(bob, merge, body)).toMatch(expected)
    await unchanged()
  })

  it.each([true, false])('does not take fields over by applying them (force: %s)', async force => {
    const body = {
      metadata: ref(),
      spec: { members: [{ user: bob, role: 'Owner' }], approval: { tools: [] } },
    }
    const apply = clientFor(bob).patch(
      projects,
      ref(),
      { type: 'apply', force, body },
      { fieldManager: 'bob' },
    )
    if (force) expect(await outcome(apply)).toMatch(onlyOwners)
    else await expect(apply).rejects.toMatchObject({ code: 409 })
    await unchanged()
  })

  it('applies members as they are, and cannot take them out by applying without them', async () => {
    const apply = (spec: object) =>
      outcome(
        clientFor(bob).patch(
          projects,
          ref(),
          { type: 'apply', force: true, body: { metadata: ref(), spec } },
          { fieldManager: 'bob' },
        ),
      )
    expect(await apply({ members, approval: gates })).toBe('allowed')
    // He now owns these fields with whoever created them; and after a forced apply by him, alone.
    expect(await apply({ members })).toMatch(/^allowed$|^countersign-projects refuses/)
    await unchanged()
  })

  it('changes notifications with everything else as it is, by PUT too', async () => {
    const now = await adminClient().get(projects, ref())
    const put = (set: Readonly<Record<string, unknown>>) =>
      outcome(clientFor(bob).replace(projects, changed(now, set), { dryRun: true }))
    expect(await put({ '/spec/notifications': { email: { enabled: false } } })).toBe('allowed')
    const reordered = [members[2], members[1], members[0]]
    expect(await put({ '/spec/notifications': {}, '/spec/members': reordered })).toMatch(onlyOwners)
  })

  it('cannot bring back members that an Owner has removed, with the object that they read before', async () => {
    const old = await adminClient().get(projects, ref())
    const fewer = [members[0], members[1]]
    await people(namespace).owner.patch(projects, ref(), {
      type: 'merge',
      body: { spec: { members: fewer } },
    })
    await expect(
      clientFor(bob).replace(projects, changed(old, { '/spec/notifications': {} })),
    ).rejects.toMatchObject({ code: 409 })
    const { resourceVersion } = (await adminClient().get(projects, ref())).metadata
    const forged = changed(old, { '/metadata/resourceVersion': resourceVersion })
    expect(await outcome(clientFor(bob).replace(projects, forged))).toMatch(onlyOwners)
  })
})

describe('a Member', () => {
  it.each([
    [
      'notifications',
      '{"spec":{"notifications":{"webhooks":[{"name":"mine","urlSecretRef":{"name":"x","key":"url"}}]}}}',
    ],
    ['members', `{"spec":{"members":[{"user":"carol@acme.com","role":"Owner"}]}}`],
    ['a label', '{"metadata":{"labels":{"a":"b"}}}'],
    ['nothing', '{}'],
  ])('does not write the Project at all: %s', async (_, body) => {
    for (const who of ['carol@acme.com', 'mallory@acme.com']) {
      expect(await sends(who, merge, body)).toBe('refused by a role')
    }
    await unchanged()
  })
})

describe('an Owner', () => {
  const owner = () => people(namespace).owner
  const patchMembers = (list: readonly object[]) =>
    outcome(owner().patch(projects, ref(), { type: 'merge', body: { spec: { members: list } } }))

  it.each([
    ['makes the last Owner a Member, themselves', [{ user: 'alice@acme.com', role: 'Member' }, members[1]]],
    ['removes the last Owner', [members[1], members[2]]],
    ['removes everybody', []],
  ])('is refused who %s', async (_, list) => {
    expect(await patchMembers(list)).toMatch(
      /^the schema refuses: .*(at least one member with the role Owner|should have at least 1 items)/s,
    )
    await unchanged()
  })

  it('steps down where another Owner stays', async () => {
    const list = [
      { user: 'alice@acme.com', role: 'Member' },
      { user: bob, role: 'Owner' },
    ]
    expect(await patchMembers(list)).toBe('allowed')
  })

  it.each([
    ['the masters of the cluster', { group: 'system:masters', role: 'Member' }],
    ['everybody who signs in', { group: 'system:authenticated', role: 'Member' }],
    ['nobody', { group: 'system:unauthenticated', role: 'Member' }],
    ['a ServiceAccount', { user: 'system:serviceaccount:shop:bot', role: 'Owner' }],
    [
      'the operator',
      { user: 'system:serviceaccount:countersign-system:countersign-operator', role: 'Owner' },
    ],
    ['all ServiceAccounts', { group: 'system:serviceaccounts', role: 'Member' }],
    ['a name with a space before it', { user: ' system:admin', role: 'Member' }],
    ['a user and a group in one', { user: 'dana', group: 'system:masters', role: 'Member' }],
    ['somebody a second time with a better role', { user: 'carol@acme.com', role: 'Owner' }],
  ])('cannot name %s', async (_, one) => {
    expect(await patchMembers([...members, one])).toMatch(/^the schema refuses/)
    await unchanged()
  })

  it('does not write its status, nor move it to another namespace or name', async () => {
    const path = `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/projects`
    const status = { status: { observedGeneration: 99 } }
    expect(
      await outcome(
        owner().patch(projects, ref(), { type: 'merge', body: status }, { subresource: 'status' }),
      ),
    ).toBe('refused by a role')
    const second = { ...sampleProject(namespace), metadata: { namespace, name: 'another' } }
    expect(await outcome(owner().raw({ method: 'POST', path, body: second }))).toMatch(/^the schema refuses/)
  })
})

it('a Project deleted and created again has none of the old one’s members, and is no Owner’s who is not named', async () => {
  await people(namespace).owner.delete(projects, ref())
  const mine = changed(sampleProject(namespace), { '/spec/members': [{ user: bob, role: 'Owner' }] })
  expect(await outcome(clientFor(bob).create(projects, mine))).toBe('refused by a role')
  const all = clientFor(bob).patch(projects, ref(), { type: 'apply', body: mine }, { fieldManager: 'bob' })
  expect(await outcome(all)).toBe('refused by a role')
})

it('nobody, a cluster-admin neither, puts a Project beside the API keys', async () => {
  const there = sampleProject('countersign-system')
  expect(await outcome(people(namespace)['cluster-admin'].create(projects, there))).toBe(
    'countersign-projects refuses: no project stands in countersign-system: create it in another namespace',
  )
})
