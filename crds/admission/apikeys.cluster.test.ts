import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace, refOf, type Who } from '../../hack/admission.ts'
import { adminClient, kubectl } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import type { APIKey } from '../v1alpha1/apikey.ts'
import { ANNOTATIONS } from '../v1alpha1/meta.ts'
import { apiKeys } from '../v1alpha1/resources.ts'
import { sampleAPIKey } from '../v1alpha1/samples.ts'

const system = 'countersign-system'
const aKey = (namespace: string) => sampleAPIKey(namespace, `k${randomUUID().slice(0, 8)}`)
const refused =
  'countersign-apikeys refuses: only the gateway writes API keys: create and revoke them in the page or over /api/v1'

/** As the operator does once the end of a key is recorded. */
const release = async (key: APIKey): Promise<void> => {
  const now = await adminClient().get(apiKeys, refOf(key))
  await people(namespace)['the operator'].replace(apiKeys, {
    ...now,
    metadata: { ...now.metadata, finalizers: [] },
  })
}

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
    const nobody = others.filter(([who]) => !who.startsWith('the operator'))
    const used = { type: 'merge', body: { status: { lastUsedAt: '2026-11-22T10:00:00Z' } } } as const
    for (const [who, expected] of nobody) {
      const client = people(namespace)[who]
      expect(await outcome(client.patch(apiKeys, refOf(key), used, { subresource: 'status' }))).toBe(expected)
      expect(await outcome(client.delete(apiKeys, refOf(key)))).toBe(expected)
    }
    const gateway = people(namespace)['the gateway']
    expect(await outcome(gateway.patch(apiKeys, refOf(key), used, { subresource: 'status' }))).toBe('allowed')
    expect(await outcome(gateway.delete(apiKeys, refOf(key)))).toBe('allowed')
    await release(key)
    expect(await adminClient().find(apiKeys, refOf(key))).toBeUndefined()
  })

  it('none is made without the finalizer that holds it until its end is recorded', async () => {
    const { finalizers: _, ...metadata } = aKey(system).metadata
    const attempt = people(namespace)['the gateway'].create(apiKeys, { ...aKey(system), metadata })
    expect(await outcome(attempt)).toBe(
      'countersign-apikeys refuses: an API key has the finalizer countersign.dev/audit from the beginning',
    )
  })

  it('the gateway says who revokes one, and cannot let it go unrecorded', async () => {
    const all = people(namespace)
    const key = await all['the gateway'].create(apiKeys, aKey(system))
    const said = { metadata: { annotations: { [ANNOTATIONS.revokedBy]: 'alice@acme.com' } } }
    const patch = (body: object) =>
      outcome(all['the gateway'].patch(apiKeys, refOf(key), { type: 'merge', body }))
    expect(await patch(said)).toBe('allowed')
    expect(await patch({ metadata: { finalizers: [] } })).toBe(
      'countersign-apikeys refuses: only the operator takes the finalizer countersign.dev/audit out of an API key, once its end is recorded',
    )
    await all['the gateway'].delete(apiKeys, refOf(key))
    expect(await patch({ metadata: { finalizers: [] } })).toContain('countersign-apikeys refuses')
    await release(key)
  })

  it('the operator lets go of one that is deleted, and changes nothing else, whatever roles it is given', async () => {
    const all = people(namespace)
    const key = await all['the gateway'].create(apiKeys, aKey(system))
    const operator = all['the operator']
    const put = async (client: Client, metadata: object) => {
      const now = await adminClient().get(apiKeys, refOf(key))
      return outcome(client.replace(apiKeys, { ...now, metadata: { ...now.metadata, ...metadata } }))
    }
    const only =
      'countersign-apikeys refuses: of an API key the operator takes the finalizer countersign.dev/audit out once it is deleted, and changes nothing else'
    const root = all['the operator with every right']
    // Not before it is deleted, or a key could end without a record.
    expect(await put(operator, { finalizers: [] })).toBe(only)
    expect(await put(operator, { annotations: { [ANNOTATIONS.revokedBy]: 'bob@acme.com' } })).toBe(only)
    const used = { type: 'merge', body: { status: { lastUsedAt: '2026-11-22T10:00:00Z' } } } as const
    expect(await outcome(root.patch(apiKeys, refOf(key), used, { subresource: 'status' }))).toBe(only)
    expect(await outcome(operator.delete(apiKeys, refOf(key)))).toBe('allowed')
    expect(
      await put(operator, { finalizers: [], annotations: { [ANNOTATIONS.revokedBy]: 'bob@acme.com' } }),
    ).toBe(only)
    expect(await put(operator, { finalizers: [] })).toBe('allowed')
    expect(await adminClient().find(apiKeys, refOf(key))).toBeUndefined()
  })

  it('kubectl is told the same', async () => {
    const manifest = JSON.stringify({ ...aKey(system) })
    await expect(kubectl(['create', '-f', '-'], undefined, manifest)).rejects.toThrow(
      /denied request: only the gateway writes API keys/,
    )
  })
})
