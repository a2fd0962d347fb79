import { describe, expect, it } from 'vitest'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { painter } from '../../text/paint.ts'
import { describeStanding } from './describe.ts'
import { type ActName, questionsFor, rightsFrom } from './rights.ts'
import { isNoPerson, type ProjectSeen, standingOf } from './standing.ts'

const all = rightsFrom(questionsFor('shop').map(() => true))
const none = rightsFrom(questionsFor('shop').map(() => false))
if (!all || !none) throw new Error('every question has its answer')
const project = (members: readonly Member[], generation = 1, observedGeneration = 1): ProjectSeen => ({
  kind: 'Read',
  project: {
    metadata: { name: 'project', namespace: 'shop', generation },
    spec: { members: [...members] },
    status: { observedGeneration },
  },
})
const carol = { name: 'carol@acme.com', groups: ['ops', 'system:authenticated'] }

describe('rights', () => {
  it('take all that an act takes', () => {
    const answers = questionsFor('shop').map(({ verb, resource }) => `${verb} ${resource}` !== 'own projects')
    const rights = rightsFrom(answers)
    const held = (Object.keys(all) as ActName[]).filter(name => rights?.[name])
    expect(held).toEqual(Object.keys(all).filter(name => name !== 'own'))
  })

  it('are not known while one answer is missing', () => {
    expect(rightsFrom(questionsFor('shop').map((_, i) => (i === 3 ? undefined : true)))).toBeUndefined()
    expect(rightsFrom([])).toBeUndefined()
  })
})

describe('how somebody stands', () => {
  it('should be by name and through each group, the highest role first', () => {
    const members: Member[] = [
      { group: 'other', role: 'Owner' },
      { user: 'carol@acme.com', role: 'Member' },
      { group: 'ops', role: 'Admin' },
    ]
    const { memberships, keys, owners } = standingOf(carol, 'shop', project(members), all)
    expect(memberships).toEqual([
      { role: 'Admin', through: { group: 'ops' } },
      { role: 'Member', through: { user: 'carol@acme.com' } },
    ])
    expect(keys).toBe('Yes')
    expect(owners).toEqual(['the group other'])
  })

  it.each([
    [
      'a ServiceAccount',
      { name: 'system:serviceaccount:shop:bot', groups: ['system:serviceaccounts'] },
      true,
    ],
    ['a component', { name: 'system:kube-scheduler', groups: [] }, true],
    ['the first client certificate of some distributions', { name: 'system:admin', groups: [] }, false],
    ['somebody', carol, false],
  ])('%s is a person: not %s', (_, person, is) => {
    expect(isNoPerson(person)).toBe(is)
    expect(standingOf(person, 'shop', project([]), all).rights.decide).toBe(!is)
  })
})

describe('what a person is told', () => {
  const told = (seen: ProjectSeen, rights = none, owners: readonly string[] = []) =>
    describeStanding(standingOf(carol, 'shop', seen, rights, owners), painter(false))

  it('should be that they are nobody, and whom to ask', () => {
    expect(told({ kind: 'Hidden' })).toBe(`You are carol@acme.com.
Your groups: ops

Project shop: you are nobody here.
To become a member, ask one of its owners. (You may not read who they are.)

Another project: kubectl countersign whoami -n NAMESPACE
`)
    expect(told({ kind: 'Hidden' }, none, ['alice@acme.com'])).toContain('ask an owner: alice@acme.com.')
    expect(told({ kind: 'None' })).toContain(
      'Project shop: there is none in this namespace and you have no right',
    )
  })

  it('should be that a change of the Project is not in force yet', () => {
    const members: Member[] = [{ user: 'carol@acme.com', role: 'Owner' }]
    expect(told(project(members, 2, 1), none)).toContain('the operator has not put that in force yet')
    expect(told(project(members), none)).toContain('the RoleBindings of the operator say otherwise')
    expect(told(project(members), all)).not.toContain('in force')
  })

  it('should be free of characters that a terminal would act on', () => {
    const evil = 'x\u202e\u001b[2J'
    const person = { name: evil, groups: [evil] }
    const seen = project([
      { group: evil, role: 'Member' },
      { user: `y${evil}`, role: 'Owner' },
    ])
    const text = describeStanding(standingOf(person, 'shop', seen, all), painter(false))
    for (const character of '\u202e\u001b') expect(text).not.toContain(character)
    expect(text).toContain('\\u202e')
  })

  it('should fit on 80 columns', () => {
    const texts = [told({ kind: 'Hidden' }), told(project([{ group: 'ops', role: 'Member' }]), all)]
    for (const line of texts.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})
