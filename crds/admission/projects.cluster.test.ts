import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  forms,
  outcome,
  people,
  projectNamespace,
  type Who,
  withRights,
  write,
} from '../../hack/admission.ts'
import { adminClient } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import { projects } from '../v1alpha1/resources.ts'
import { sampleProject } from '../v1alpha1/samples.ts'

let namespace: string
const ref = () => ({ namespace, name: 'project' })
const byRole = 'refused by a role'
const gates = { tools: [{ name: 'order_tools.*' }] }

beforeAll(async () => {
  namespace = await projectNamespace('projects')
})

beforeEach(async () => {
  if (await adminClient().find(projects, ref())) await adminClient().delete(projects, ref())
  await adminClient().create(projects, changed(sampleProject(namespace), { '/spec/approval': gates }))
})

describe('who changes a project', () => {
  const owners = (part: RegExp) => part
  const refused = owners(
    /^countersign-projects refuses: only an owner of the project changes its members and gates/,
  )
  const fixed = owners(
    /^countersign-projects refuses: only an owner of the project changes its owner references/,
  )
  const members = [
    { user: 'alice@acme.com', role: 'Owner' },
    { user: 'bob@acme.com', role: 'Owner' },
  ]
  const asked = { 'countersign.dev/notify-test': 'k3u5hq2m Webhook ops' }
  const gone = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'gone',
    uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de',
  }
  const changes: readonly [string, Readonly<Record<string, unknown>>, RegExp][] = [
    ['makes themselves an owner', { '/spec/members': members }, refused],
    ['changes a gate', { '/spec/approval/tools': [{ name: 'order_tools.*', when: 'false' }] }, refused],
    ['empties the gates', { '/spec/approval/tools': [] }, refused],
    ['adds a gate', { '/spec/approval/tools': [...gates.tools, { name: 'crm.*' }] }, refused],
    ['gives it an owner that is gone, to have it collected', { '/metadata/ownerReferences': [gone] }, fixed],
    ['gives it a finalizer', { '/metadata/finalizers': ['acme.com/hold'] }, fixed],
    ['changes the notifications', { '/spec/notifications': { email: { enabled: false } } }, /^allowed$/],
    ['asks for a test message', { '/metadata/annotations': asked }, /^allowed$/],
    ['gives it a label', { '/metadata/labels': { team: 'shop' } }, /^allowed$/],
  ]
  const by: Readonly<Record<string, (expected: RegExp) => RegExp>> = {
    admin: expected => expected,
    owner: () => /^allowed$/,
    'cluster-admin': () => /^allowed$/,
    member: () => /^refused by a role$/,
    stranger: () => /^refused by a role$/,
    'the operator': () => /^refused by a role$/,
    'a ServiceAccount with the member role': () => /^refused by a role$/,
  }
  const rows = Object.entries(by).flatMap(([who, then]) =>
    changes.flatMap(([what, set, expected]) =>
      forms.map(form => ({ who: who as Who, what, set, form, expected: then(expected) })),
    ),
  )
  it.each(rows)('$who $what by $form: $expected', async ({ who, set, form, expected }) => {
    const part = Object.keys(set)[0]!.startsWith('/spec') ? 'spec' : 'metadata'
    const attempt = write(people(namespace)[who], projects, ref(), form, part, object => changed(object, set))
    expect(await outcome(attempt)).toMatch(expected)
    // Let it go before the garbage collector or the next test does.
    if ('/metadata/finalizers' in set || '/metadata/ownerReferences' in set) {
      const body = { metadata: { finalizers: null, ownerReferences: null } }
      await adminClient()
        .patch(projects, ref(), { type: 'merge', body })
        .catch(() => undefined)
    }
  })

  it.each(['JSON patch', 'PUT'] as const)('an admin does not take the gates out, by %s', async form => {
    const attempt = write(people(namespace).admin, projects, ref(), form, 'spec', object =>
      changed(object, { '/spec/approval': undefined }),
    )
    expect(await outcome(attempt)).toMatch(refused)
  })

  it('one who may edit it by another role changes no gates either', async () => {
    const editor = await withRights(namespace, 'editor@acme.com', { projects: ['get', 'update', 'patch'] })
    const attempt = write(editor, projects, ref(), 'merge patch', 'spec', object =>
      changed(object, { '/spec/approval/tools': [] }),
    )
    expect(await outcome(attempt)).toMatch(refused)
  })
})

describe('who deletes a project, and its gates with it', () => {
  it.each<[Who, string]>([
    ['owner', 'allowed'],
    ['cluster-admin', 'allowed'],
    ['admin', byRole],
    ['member', byRole],
    ['the operator', byRole],
  ])('%s: %s', async (who, expected) => {
    expect(await outcome(people(namespace)[who].delete(projects, ref()))).toBe(expected)
  })

  it('one to whom a role gives the delete, but who is no owner: refused', async () => {
    const client = await withRights(namespace, 'deleter@acme.com', {
      projects: ['delete', 'deletecollection'],
    })
    const refused =
      'countersign-projects refuses: only an owner of the project deletes it, as its gates go with it'
    expect(await outcome(client.delete(projects, ref()))).toBe(refused)
    const all = client.raw({
      method: 'DELETE',
      path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/projects`,
    })
    expect(await outcome(all)).toBe(refused)
  })
})

describe('who creates a project', () => {
  beforeEach(() => adminClient().delete(projects, ref()))

  it.each<[Who, string]>([
    ['owner', 'allowed'],
    ['cluster-admin', 'allowed'],
    ['admin', byRole],
    ['member', byRole],
    ['stranger', byRole],
  ])('%s, with gates: %s', async (who, expected) => {
    const project = changed(sampleProject(namespace), { '/spec/approval': gates })
    expect(await outcome(people(namespace)[who].create(projects, project))).toBe(expected)
    if (expected !== 'allowed') await adminClient().create(projects, project)
  })

  it('one to whom a role gives the create: without gates', async () => {
    const client = await withRights(namespace, 'platform@acme.com', { projects: ['create'] })
    const gated = changed(sampleProject(namespace), { '/spec/approval': gates })
    expect(await outcome(client.create(projects, gated))).toMatch(
      /^countersign-projects refuses: to set spec.approval of a project takes the verb own/,
    )
    expect(await outcome(client.create(projects, sampleProject(namespace)))).toBe('allowed')
  })
})
