import { describe, expect, it } from 'vitest'
import type { Member, Project } from '../../../crds/v1alpha1/project.ts'
import { impersonationOf, peopleOf } from './decide.ts'

const project = (
  namespace: string,
  members: readonly Member[],
  created = '2026-01-01T00:00:00Z',
): Project => ({
  metadata: { name: 'project', namespace, creationTimestamp: created },
  spec: { members: [...members] },
})
const owner = (user: string): Member => ({ user, role: 'Owner' })
const group = (name: string): Member => ({ group: name, role: 'Member' })

describe('whom the gateway may act as', () => {
  it('is everybody whom a project names, once, in the same order whatever the order of projects', () => {
    const shop = project('shop', [owner('bob'), owner('alice'), group('reviewers')])
    const bank = project('bank', [owner('alice'), group('auditors')])
    const { rules } = peopleOf([shop, bank], 'constrained')
    expect(rules).toEqual([
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['users'],
        resourceNames: ['alice', 'bob'],
        verbs: ['impersonate:user-info'],
      },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['groups'],
        resourceNames: ['auditors', 'reviewers'],
        verbs: ['impersonate:user-info'],
      },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['userextras/countersign.dev/via'],
        resourceNames: ['API', 'Web'],
        verbs: ['impersonate:user-info'],
      },
    ])
    expect(peopleOf([bank, shop], 'constrained').rules).toEqual(rules)
  })

  it('is nobody by a name that the policy refuses, which would keep everybody else out', () => {
    const odd = project('odd', [owner('alice'), owner('*'), group('*'), owner('system:admin'), group('')])
    const [users, ...others] = peopleOf([odd], 'constrained').rules
    expect(users?.resourceNames).toEqual(['alice'])
    expect(others.flatMap(({ resources }) => resources)).toEqual(['userextras/countersign.dev/via'])
  })

  it('is told to an older API server in its own words', () => {
    const { rules } = peopleOf([project('shop', [owner('alice'), group('reviewers')])], 'legacy')
    expect(rules.map(({ apiGroups, resources, verbs }) => [apiGroups?.[0], resources?.[0], verbs])).toEqual([
      ['', 'users', ['impersonate']],
      ['', 'groups', ['impersonate']],
      ['authentication.k8s.io', 'userextras/countersign.dev/via', ['impersonate']],
    ])
  })

  it.each([
    ['no projects', []],
    ['none but names of the system', [project('shop', [owner('system:admin'), group('system:masters')])]],
  ])(
    'is nobody where there are %s: a rule that names nobody would be one for everybody',
    (_what, projects) => {
      expect(peopleOf(projects, 'constrained').rules).toEqual([])
    },
  )

  it('has no rule for groups where no group is named', () => {
    const { rules } = peopleOf([project('shop', [owner('alice')])], 'constrained')
    expect(rules.flatMap(({ resources }) => resources)).toEqual(['users', 'userextras/countersign.dev/via'])
  })

  it('leaves out members of the newest projects where there is no room for all, and says whom', () => {
    const old = project('old', [owner('alice'), owner('bob')], '2025-01-01T00:00:00Z')
    const young = project('young', [owner('alice'), owner('carol'), group('all')], '2026-01-01T00:00:00Z')
    const room = ['alice', 'bob'].reduce((sum, name) => sum + name.length + 3, 0)
    const { rules, leftOut } = peopleOf([young, old], 'constrained', room)
    expect(rules[0]?.resourceNames).toEqual(['alice', 'bob'])
    expect([...leftOut]).toEqual([['young', ['carol', 'all']]])
  })
})

describe('how the API server limits it', () => {
  it.each([
    [{ major: '1', minor: '36' }, 'constrained'],
    [{ major: '1', minor: '37+' }, 'constrained'],
    [{ major: '2', minor: '0' }, 'constrained'],
    [{ major: '1', minor: '35' }, 'legacy'],
    [{ major: '1', minor: '32+' }, 'legacy'],
    [{}, 'legacy'],
    [{ major: '1', minor: '36', emulationMajor: '1', emulationMinor: '33' }, 'legacy'],
    [{ major: '1', minor: '36', emulationMajor: '1', emulationMinor: '36' }, 'constrained'],
  ] as const)('%j: %s', (version, expected) => expect(impersonationOf(version)).toBe(expected))
})
