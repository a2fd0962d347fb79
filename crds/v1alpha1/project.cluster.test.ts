import { beforeAll, describe, expect, it } from 'vitest'
import { adminClient, testNamespace } from '../../hack/testing.ts'
import { creating } from '../../hack/truthtable.ts'
import { projects } from './resources.ts'
import { sampleProject } from './samples.ts'

const table = { client: adminClient, resource: projects }
const owner = { user: 'alice@acme.com', role: 'Owner' }
const members = (...list: object[]) => ({ '/spec/members': [owner, ...list] })
let namespace: string

beforeAll(async () => {
  namespace = await testNamespace('project-schema')
})

describe('a Project', () => {
  it('reads Ready=Unknown before any operator has looked at it', async () => {
    await adminClient().create(projects, sampleProject(namespace))
    const { status } = await adminClient().get(projects, { namespace, name: 'project' })
    expect(status?.conditions).toMatchObject([{ type: 'Ready', status: 'Unknown', reason: 'Pending' }])
    await adminClient().delete(projects, { namespace, name: 'project' })
  })

  describe('when created', () => {
    const system = 'Forbidden: users and groups of the system'
    creating(table, () => sampleProject(namespace), [
      { when: 'is accepted with one Owner', set: {} },
      {
        when: 'is accepted with a group as its Owner',
        set: { '/spec/members': [{ group: 'leads', role: 'Owner' }] },
      },
      {
        when: 'is named project',
        set: { '/metadata/name': 'shop' },
        refused: 'metadata.name: Forbidden: the Project of a namespace is named project',
      },
      { when: 'needs members', set: { '/spec/members': [] }, refused: 'spec.members' },
      {
        when: 'needs an Owner',
        set: { '/spec/members': [{ user: 'alice@acme.com', role: 'Admin' }] },
        refused: 'spec.members: Required value: a project needs at least one member with the role Owner',
      },
      { when: 'takes users and groups', set: members({ group: 'support', role: 'Member' }) },
      {
        when: 'takes a user and a group of one name',
        set: members({ group: 'alice@acme.com', role: 'Member' }),
      },
      {
        when: 'takes no member that is user and group',
        set: members({ user: 'bob@acme.com', group: 'support', role: 'Member' }),
        refused: 'set exactly one of user and group',
      },
      {
        when: 'takes no member that is neither',
        set: members({ name: 'Bob', role: 'Member' }),
        refused: 'set exactly one of user and group',
      },
      {
        when: 'takes each user once',
        set: members({ user: 'alice@acme.com', role: 'Member' }),
        refused: 'each user and each group is a member once',
      },
      {
        when: 'takes each group once',
        set: members({ group: 'support', role: 'Admin' }, { group: 'support', role: 'Member' }),
        refused: 'each user and each group is a member once',
      },
      {
        when: 'takes no user that differs from another by a space at the end only',
        set: members({ user: 'alice@acme.com ', role: 'Member' }),
        refused: 'spec.members[1].user in body should match',
      },
      ...[
        'system:masters',
        'system:authenticated',
        'system:serviceaccounts',
        'system:serviceaccounts:shop',
      ].map(group => ({
        when: `takes not the group ${group} as a member`,
        set: members({ group, role: 'Member' }),
        refused: system,
      })),
      ...[
        'system:serviceaccount:countersign-system:countersign-operator',
        'system:kube-controller-manager',
        'system:anonymous',
      ].map(user => ({
        when: `takes not the user ${user} as a member`,
        set: members({ user, role: 'Member' }),
        refused: system,
      })),
      ...['user', 'group'].map(kind => ({
        when: `takes not everybody as a ${kind}, by a star`,
        set: members({ [kind]: '*', role: 'Member' }),
        refused: '"*" is no user or group',
      })),
      {
        when: 'takes no role that nobody knows',
        set: members({ user: 'bob@acme.com', role: 'Root' }),
        refused: 'supported values: "Owner", "Admin", "Member"',
      },
      {
        when: 'takes no line break in a name, which would forge the header of a mail',
        set: members({ user: 'bob@acme.com', role: 'Member', name: 'Bob\nBcc: all@acme.com' }),
        refused: 'spec.members[1].name in body should match',
      },
      {
        when: 'takes 100 members, each compared with every other, within what CEL may spend',
        set: members(
          ...Array.from({ length: 99 }, (_, index) => ({
            user: `${'u'.repeat(250)}${index}`,
            role: 'Member',
          })),
        ),
      },
      {
        when: 'takes 100 members at most',
        set: members(...Array.from({ length: 100 }, (_, index) => ({ user: `u${index}`, role: 'Member' }))),
        refused: 'must have at most 100 items',
      },
      {
        when: 'takes gates of its own',
        set: { '/spec/approval': { tools: [{ name: '*', when: 'not context.is_admin' }] } },
      },
      {
        when: 'takes no condition of 2,001 characters',
        set: { '/spec/approval': { tools: [{ name: '*', when: 'a'.repeat(2001) }] } },
        refused: 'may not be more than 2000 bytes',
      },
      {
        when: 'takes webhooks with names of their own',
        set: {
          '/spec/notifications': {
            webhooks: Array.from({ length: 2 }, () => ({
              name: 'ops',
              urlSecretRef: { name: 'ops', key: 'url' },
            })),
          },
        },
        refused: 'spec.notifications.webhooks[1]: Duplicate value',
      },
    ])
  })
})
