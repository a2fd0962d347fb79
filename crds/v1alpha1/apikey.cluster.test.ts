import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { clientFor, kubectl } from '../../hack/testing.ts'
import { creating, updating } from '../../hack/truthtable.ts'
import { apiKeys } from './resources.ts'
import { sampleAPIKey } from './samples.ts'

/** Keys are the gateway's. */
const asGateway = () =>
  clientFor('system:serviceaccount:countersign-system:countersign-gateway', ['system:masters'])
const asOperator = () =>
  clientFor('system:serviceaccount:countersign-system:countersign-operator', ['system:masters'])
const table = { client: asGateway, resource: apiKeys }
/** Keys stand here only (policy), so that the test cannot have a namespace of its own. */
const namespace = 'countersign-system'
const name = `schema-${randomUUID().slice(0, 8)}`

beforeAll(async () => {
  const exists = (error: unknown) => String(error).includes('AlreadyExists')
  await kubectl(['create', 'namespace', namespace]).catch(error => {
    if (!exists(error)) throw error
  })
  await asGateway().create(apiKeys, sampleAPIKey(namespace, name))
})
afterAll(async () => {
  await asGateway().delete(apiKeys, { namespace, name })
  // Nobody has to record its end.
  await asOperator().patch(
    apiKeys,
    { namespace, name },
    { type: 'merge', body: { metadata: { finalizers: [] } } },
  )
})

describe('an APIKey', () => {
  describe('when created', () => {
    creating(table, () => sampleAPIKey(namespace, 'other'), [
      { when: 'is accepted', set: {} },
      {
        when: 'holds a hash, never a key',
        set: { '/spec/hash': 'csk_k7d2p9_secret' },
        refused: 'spec.hash in body should match',
      },
      { when: 'names its user', set: { '/spec/user': undefined }, refused: 'spec.user: Required value' },
    ])
  })

  describe('once created', () => {
    const refused = 'spec: Forbidden: a key cannot be changed'
    updating(table, () => ({ namespace, name }), [
      { when: 'can be labelled', set: { '/metadata/labels': { a: 'b' } } },
      { when: 'keeps its user', set: { '/spec/user': 'bob@acme.com' }, refused },
      { when: 'keeps its project', set: { '/spec/project': 'other' }, refused },
      { when: 'gets no end', set: { '/spec/expiresAt': '2030-01-01T00:00:00Z' }, refused },
      { when: 'cannot be made to read only, or to write', set: { '/spec/readOnly': true }, refused },
    ])
  })
})
