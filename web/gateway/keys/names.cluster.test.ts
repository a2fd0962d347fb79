// Whoever has an odd name is that person and nobody else over an API key, from the header to the decision.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { Store } from '../../../kube/store.ts'
import { anApproval, haveTokens } from '../testing-cluster.ts'
import { storeKey } from './keeping.ts'
import { hashOf } from './key.ts'
import { alice, carol, gatewayClient, type KeyWorld, keyWorld } from './testing-cluster.ts'

const names = [
  'Zoë Ünal 時 🔑',
  'x%41%0d%0a',
  `"quoted", 'so' \\ or <so>`,
  'CAROL@acme.com',
  'alice@acme.com, carol@acme.com',
  '../../*',
  'u'.repeat(256),
]
const secret = 'n'.repeat(52)
const idOf = (i: number) => `odd${i}`.padEnd(16, 'x')

describe.skipIf(!haveTokens())('a member of an odd name', () => {
  let world: KeyWorld
  const keyOf = (i: number) => world.withKey(`csk_${idOf(i)}_${secret}`)

  beforeAll(async () => {
    world = await keyWorld('keys-names')
    await world.setMembers(alice, carol, ...names.map(user => ({ user, role: 'Member' }) as const))
    const client = await gatewayClient()
    // No token of the cluster is of such a name, so no route would make these keys.
    for (const [i, user] of names.entries()) {
      const spec = { project: world.namespace, user, name: 'odd', hash: hashOf(secret), readOnly: false }
      await storeKey({ client, store: new Store() }, { via: 'Token' }, idOf(i), spec, undefined)
      await eventually(async () => (await keyOf(i).get('/api/v1/me')).status === 200)
    }
    await world.stopOperator()
  })
  afterAll(() => world.close())

  test.each(names.map((name, i) => [name, i] as const))('%s should be that person alone', async (user, i) => {
    const key = keyOf(i)
    expect((await key.get('/api/v1/me')).body.username).toBe(user)
    const ref = { namespace: world.namespace, name: `odd-${i}-1-0` }
    await anApproval(ref.namespace, ref.name, { requiredApprovals: 2 })
    expect((await key.post(`${world.base}/approvals/${ref.name}/approve`)).status).toBe(200)
    const { status } = await adminClient().get(approvalRequests, ref)
    expect(status.decisions).toMatchObject([{ reviewer: user, verdict: 'Approve', via: 'API' }])
  })
})
