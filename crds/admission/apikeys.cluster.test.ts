import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace, refOf, type Who } from '../../hack/admission.ts'
import { adminClient, kubectl } from '../../hack/testing.ts'
import { apiKeys } from '../v1alpha1/resources.ts'
import { sampleAPIKey } from '../v1alpha1/samples.ts'

const system = 'countersign-system'
const aKey = (namespace: string) => sampleAPIKey(namespace, `k${randomUUID().slice(0, 8)}`)
const refused =
  'countersign-apikeys refuses: only the gateway writes API keys: create and revoke them in the page or over /api/v1'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('apikeys')
})

const others: readonly [Who, string][] = [
  ['owner', 'refused by a role'],
  ['admin', 'refused by a role'],
  ['member', 'refused by a role'],
  ['stranger', 'refused by a role'],
  ['the operator', 'refused by a role'],
  ['the operator with every right', refused],
  ['cluster-admin', refused],
  ['a ServiceAccount that is cluster-admin', refused],
]

describe('who writes API keys', () => {
  it.each([...others, ['the gateway', 'allowed'] as [Who, string]])(
    '%s creates one: %s',
    async (who, expected) => {
      const attempt = people(namespace)[who].create(apiKeys, aKey(system), { dryRun: true })
      expect(await outcome(attempt)).toBe(expected)
    },
  )

  it.each(others)('%s does not plant one in a project', async (who, expected) => {
    const attempt = people(namespace)[who].create(apiKeys, aKey(namespace), { dryRun: true })
    expect(await outcome(attempt)).toBe(expected)
  })

  it('nor does the gateway, whatever roles it is given', async () => {
    const attempt = people(namespace)['the gateway with every right'].create(apiKeys, aKey(namespace))
    expect(await outcome(attempt)).toBe(
      'countersign-apikeys refuses: API keys stand in the namespace countersign-system only',
    )
  })

  it('the gateway writes when one was used and revokes it; nobody else does', async () => {
    const key = await people(namespace)['the gateway'].create(apiKeys, aKey(system))
    const used = { type: 'merge', body: { status: { lastUsedAt: '2026-11-22T10:00:00Z' } } } as const
    for (const [who, expected] of others) {
      const client = people(namespace)[who]
      expect(await outcome(client.patch(apiKeys, refOf(key), used, { subresource: 'status' }))).toBe(expected)
      expect(await outcome(client.delete(apiKeys, refOf(key)))).toBe(expected)
    }
    const gateway = people(namespace)['the gateway']
    expect(await outcome(gateway.patch(apiKeys, refOf(key), used, { subresource: 'status' }))).toBe('allowed')
    expect(await outcome(gateway.delete(apiKeys, refOf(key)))).toBe('allowed')
    expect(await adminClient().find(apiKeys, refOf(key))).toBeUndefined()
  })

  it('kubectl is told the same', async () => {
    const manifest = JSON.stringify({ ...aKey(system) })
    await expect(kubectl(['create', '-f', '-'], undefined, manifest)).rejects.toThrow(
      /denied request: only the gateway writes API keys/,
    )
  })
})
