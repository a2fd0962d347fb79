import { describe, expect, it } from 'vitest'
import type { Member, Project } from '../../../crds/v1alpha1/project.ts'
import type { RoleBinding } from '../../rbac.ts'
import { bindingNames, subjectsFor, wantedBinding } from './bindings.ts'
import { decideBindings, type FoundBindings } from './decide.ts'

const members: Member[] = [
  { group: 'reviewers', role: 'Member' },
  { user: 'carol', role: 'Member' },
  { user: 'alice', role: 'Owner' },
]
const aProject = (changes: Partial<Project['metadata']> = {}, observed = 1): Project => ({
  metadata: { name: 'project', namespace: 'shop', uid: 'one', generation: 1, ...changes },
  spec: { members },
  status: { observedGeneration: observed },
})
const project = aProject()
const stand = (): Required<FoundBindings> => ({
  Owner: wantedBinding(project, 'Owner'),
  Admin: wantedBinding(project, 'Admin'),
  Member: wantedBinding(project, 'Member'),
})
const plan = (one: Project | undefined, found: FoundBindings) =>
  decideBindings(one, found).map(write => {
    const binding = write.do === 'Create' || write.do === 'Update' ? write.binding : write.found
    const reason = write.do === 'Delete' ? undefined : write.news?.reason
    return [write.do, binding.metadata.name, ...(reason ? [reason] : [])].join(' ')
  })
const foreign = (binding: RoleBinding): RoleBinding => {
  const { labels: _, ownerReferences: __, ...metadata } = binding.metadata
  return { ...binding, metadata }
}
const toAnotherRole = (binding: RoleBinding): RoleBinding => ({
  ...binding,
  roleRef: { ...binding.roleRef, name: 'cluster-admin' },
})

describe('the bindings of a project', () => {
  it('are the three there are, for nobody where nobody has the role', () => {
    const writes = decideBindings(aProject({}, 0), {})
    expect(writes.map(write => write.do === 'Create' && write.binding)).toEqual(Object.values(stand()))
    expect(Object.values(stand()).map(({ metadata }) => metadata.name)).toEqual(bindingNames)
    expect(stand().Admin.subjects).toEqual([])
  })

  it('hold users before groups, each by name, and nobody of the system', () => {
    const all: Member[] = [
      ...members,
      { user: 'bob', role: 'Member' },
      { user: 'system:admin', role: 'Member' },
    ]
    expect(subjectsFor(all, 'Member').map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'User bob',
      'User carol',
      'Group reviewers',
    ])
  })
})

describe('what is written', () => {
  it.each<[string, Project | undefined, (found: Required<FoundBindings>) => FoundBindings, string[]]>([
    ['nothing where they stand', project, found => found, []],
    [
      'nothing where others wrote labels and annotations on one',
      project,
      found => ({
        ...found,
        Owner: {
          ...found.Owner,
          metadata: {
            ...found.Owner.metadata,
            labels: { ...found.Owner.metadata.labels, team: 'shop' },
            annotations: { team: 'shop' },
          },
        },
      }),
      [],
    ],
    [
      'the one that is missing',
      project,
      ({ Owner, Member }) => ({ Owner, Member }),
      ['Create countersign-admin BindingRestored'],
    ],
    [
      'one that holds somebody else',
      project,
      found => ({ ...found, Admin: { ...found.Admin, subjects: found.Owner.subjects ?? [] } }),
      ['Update countersign-admin BindingRestored'],
    ],
    [
      'one whose label somebody took away, as it would stay behind without',
      project,
      found => ({ ...found, Admin: { ...found.Admin, metadata: { ...found.Admin.metadata, labels: {} } } }),
      ['Update countersign-admin BindingTakenOver'],
    ],
    [
      'one that holds nobody any more, as null',
      project,
      found => ({ ...found, Owner: { ...found.Owner, subjects: null } }),
      ['Update countersign-owner BindingRestored'],
    ],
    [
      'those that a new spec changes',
      { ...aProject({ generation: 2 }), spec: { members: members.slice(1) } },
      found => found,
      ['Update countersign-member MembersChanged'],
    ],
    [
      'one to another role, anew',
      project,
      found => ({ ...found, Member: toAnotherRole(found.Member) }),
      ['Replace countersign-member BindingRestored'],
    ],
    [
      'one of somebody else, taken over',
      project,
      found => ({ ...found, Member: foreign(found.Member) }),
      ['Update countersign-member BindingTakenOver'],
    ],
    [
      'one of somebody else to another role, anew',
      project,
      found => ({ ...found, Member: foreign(toAnotherRole(found.Member)) }),
      ['Replace countersign-member BindingTakenOver'],
    ],
    [
      'all, for a project that was made anew',
      aProject({ uid: 'two' }),
      found => found,
      [
        'Update countersign-owner BindingRestored',
        'Update countersign-admin BindingRestored',
        'Update countersign-member BindingRestored',
      ],
    ],
    [
      'of a project that is being deleted no binding that is missing, but one that holds too much',
      aProject({ deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ({ Owner, Admin }) => ({ Admin: { ...Admin, subjects: Owner.subjects ?? [] } }),
      ['Update countersign-admin BindingRestored'],
    ],
    [
      'without a project none, and ours go',
      undefined,
      found => ({ ...found, Admin: foreign(found.Admin) }),
      ['Delete countersign-owner', 'Delete countersign-member'],
    ],
  ])('is %s', (_what, one, change, expected) => {
    expect(plan(one, change(stand()))).toEqual(expected)
  })

  it('is no new binding in place of a wrong one of a project that is being deleted', () => {
    const ending = aProject({ deletionTimestamp: '2026-01-01T00:00:00Z' })
    const [write] = decideBindings(ending, { Member: toAnotherRole(stand().Member) })
    expect(write).toMatchObject({ do: 'Replace', binding: undefined })
  })

  it('tells who came and who went', () => {
    const changed = aProject({ generation: 2 })
    changed.spec.members = [
      { user: 'alice', role: 'Owner' },
      { user: 'dave', role: 'Member' },
      { group: 'reviewers', role: 'Member' },
    ]
    expect(decideBindings(changed, stand())).toMatchObject([
      { news: { type: 'Normal', reason: 'MembersChanged', note: 'Member: dave came; carol went' } },
    ])
  })
})
