import { expect, test } from 'vitest'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { previewOf } from './preview.ts'

const project: Project = {
  metadata: { name: 'project', namespace: 'shop' },
  spec: {
    members: [
      { user: 'alice', role: 'Owner', email: 'alice@acme.com' },
      { group: 'night', role: 'Member' },
    ],
  },
}
const who = (settings: Parameters<typeof previewOf>[1], ...agents: string[]) =>
  previewOf(project, settings, agents).items

test('every member hears of every agent where nothing is set', () => {
  expect(who({}, 'orders')).toEqual([
    { agent: 'orders', email: ['alice', 'night'], inApp: ['alice', 'night'], webhooks: [] },
  ])
})

test('routes narrow, a channel that is off tells nobody, a webhook without agents is told of all', () => {
  const settings = {
    email: { enabled: false },
    routes: [{ agents: ['order-*'], members: ['night'] }],
    webhooks: [
      { name: 'all', urlSecretRef: { name: 's', key: 'k' }, format: 'Slack' as const },
      { name: 'stock', urlSecretRef: { name: 's', key: 'k' }, format: 'Slack' as const, agents: ['stock'] },
    ],
  }
  expect(who(settings, 'order-manager', 'stock')).toEqual([
    { agent: 'order-manager', email: [], inApp: ['night'], webhooks: ['all'] },
    { agent: 'stock', email: [], inApp: ['alice', 'night'], webhooks: ['all', 'stock'] },
  ])
})

test('whom no e-mail can reach is named, without anybody’s address', () => {
  const all = previewOf(project, {}, ['orders'])
  expect(all.withoutAddress).toEqual(['night'])
  expect(JSON.stringify(all)).not.toContain('@')
})
