import { describe, expect, it } from 'vitest'
import type { Member, Notifications } from '../../crds/v1alpha1/project.ts'
import { hears, isMember, type Listener, namesAgent, recipientsOf } from './routes.ts'

const alice: Member = { user: 'alice', role: 'Owner', email: 'alice@acme.com' }
const bob: Member = { user: 'bob', role: 'Member' }
const finance: Member = { group: 'finance', role: 'Member', email: 'finance@acme.com' }
const members = [alice, bob, finance]
const everybody = ['alice', 'bob', 'finance']

const route = (agents: string[], ...named: string[]) => ({ agents, members: named })
const routes = (...list: NonNullable<Notifications['routes']>): Notifications => ({ routes: list })

describe('names of agents', () => {
  it.each([
    [['orders'], 'orders', true],
    [['orders'], 'orders-eu', false],
    [['Orders'], 'orders', false],
    [['*'], 'anything', true],
    [['orders-*'], 'orders-eu', true],
    [['orders-*'], 'orders', false],
    [['crm', 'orders'], 'orders', true],
    [['o*s'], 'orders', false],
    [[], 'orders', false],
  ])('%j name %s: %s', (names, agent, expected) => {
    expect(namesAgent(names, agent)).toBe(expected)
  })
})

describe('who hears of an agent', () => {
  it.each<[string, Notifications | undefined, string[]]>([
    ['everybody, with nothing configured', undefined, everybody],
    ['everybody, with empty settings', {}, everybody],
    ['everybody, with no routes', routes(), everybody],
    ['whom its route names', routes(route(['orders'], 'bob')), ['bob']],
    ['a group that its route names', routes(route(['orders'], 'finance')), ['finance']],
    [
      'whom any of its routes names, each once',
      routes(route(['orders'], 'bob'), route(['*'], 'alice', 'bob')),
      ['alice', 'bob'],
    ],
    ['whom a route of its prefix names', routes(route(['ord*'], 'alice')), ['alice']],
    ['everybody, where no route names it', routes(route(['crm'], 'alice')), everybody],
    ['the members alone whom a route names', routes(route(['orders'], 'eve', 'bob')), ['bob']],
    ['everybody, where its route names no member any more', routes(route(['orders'], 'eve')), everybody],
    [
      'whom another route names, where one names no member',
      routes(route(['orders'], 'eve'), route(['*'], 'alice')),
      ['alice'],
    ],
    ['nobody by name in another case', routes(route(['orders'], 'Bob', 'alice')), ['alice']],
  ])('is %s', (_, settings, expected) => {
    for (const channel of ['email', 'inApp'] as const) {
      const found = recipientsOf(members, settings, 'orders', channel)
      expect(found.map(({ user, group }) => user ?? group)).toEqual(expected)
    }
  })

  it('is nobody over a channel that is off, and the same people over the other', () => {
    const settings: Notifications = { email: { enabled: false }, ...routes(route(['*'], 'bob')) }
    expect(recipientsOf(members, settings, 'orders', 'email')).toEqual([])
    expect(recipientsOf(members, settings, 'orders', 'inApp')).toEqual([bob])
    expect(recipientsOf(members, { inApp: { enabled: true } }, 'orders', 'inApp')).toEqual(members)
  })
})

describe('whether a person hears of an agent', () => {
  const person = (username: string, ...groups: string[]): Listener => ({ username, groups })
  it.each<[string, Listener, Notifications | undefined, boolean]>([
    ['a member does by default', person('bob'), undefined, true],
    ['a member by group does by default', person('dave', 'finance'), undefined, true],
    ['who is no member does not', person('eve', 'sales'), undefined, false],
    [
      'who is no member does not, though a route names them',
      person('eve'),
      routes(route(['*'], 'eve')),
      false,
    ],
    ['a member does not, where the route names others', person('bob'), routes(route(['*'], 'alice')), false],
    [
      'a member does by a group of the route',
      person('dave', 'finance'),
      routes(route(['*'], 'finance')),
      true,
    ],
    [
      'a member by group does, whom the route names themselves beside others',
      person('dave', 'finance'),
      routes(route(['*'], 'alice', 'dave')),
      true,
    ],
    [
      'a member does by a group of theirs that is no member',
      person('bob', 'leads'),
      routes(route(['*'], 'alice', 'leads')),
      true,
    ],
    [
      'a user does not hear as a group of the same name',
      person('finance'),
      routes(route(['*'], 'finance')),
      false,
    ],
    ['nobody does where the channel is off', person('bob'), { inApp: { enabled: false } }, false],
    [
      'nobody does where the channel is off, though a route names them',
      person('bob'),
      { inApp: { enabled: false }, ...routes(route(['*'], 'bob')) },
      false,
    ],
  ])('%s', (_, who, settings, expected) => {
    expect(hears(who, members, settings, 'orders', 'inApp')).toBe(expected)
  })

  it('is never no for all of its recipients', () => {
    const settings = routes(route(['orders'], 'eve'), route(['crm'], 'nobody'))
    for (const agent of ['orders', 'crm', 'other']) {
      expect(hears(person('alice'), members, settings, agent, 'email')).toBe(true)
    }
  })

  it('holds who is a member by their own name or by a group', () => {
    expect(isMember(person('alice'), members)).toBe(true)
    expect(isMember(person('x', 'a', 'finance'), members)).toBe(true)
    expect(isMember(person('finance', 'alice'), members)).toBe(false)
  })
})
