import { expect, test } from 'vitest'
import type { KubeObject, Resource } from '../../kube/types.ts'
import {
  adminClient,
  clientFor,
  cluster,
  eventually,
  kubectl,
  testNamespace,
  untilObject,
} from '../testing.ts'

const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}
const reviews: Resource<KubeObject & { status?: { userInfo: { username: string; groups: string[] } } }> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
}

const whoAmI = async (client = adminClient()) =>
  (await client.create(reviews, { metadata: { name: '' } })).status?.userInfo

test('a person is known by their token, without any right', async () => {
  expect(await whoAmI(clientFor('alice@acme.com'))).toMatchObject({
    username: 'alice@acme.com',
    groups: ['system:authenticated'],
  })
  await expect(clientFor('alice@acme.com').list(configMaps, { namespace: 'default' })).rejects.toMatchObject({
    code: 403,
  })
})

test('anybody else can be acted as, groups included', async () => {
  expect(await whoAmI(clientFor('dave@acme.com', ['ops', 'oncall']))).toMatchObject({
    username: 'dave@acme.com',
    groups: ['system:authenticated', 'ops', 'oncall'],
  })
})

test("kubectl works with a person's kubeconfig", async () => {
  const answer = JSON.parse(await kubectl(['auth', 'whoami', '-o', 'json'], 'bob@acme.com'))
  expect(answer.status.userInfo.username).toBe('bob@acme.com')
  expect(cluster().people['bob@acme.com']).toBeDefined()
})

test('an object goes with its owner', async () => {
  const namespace = await testNamespace('gc')
  const owner = await adminClient().create(configMaps, { metadata: { name: 'owner', namespace } })
  await adminClient().create(configMaps, {
    metadata: {
      name: 'owned',
      namespace,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' },
      ],
    },
  })
  await adminClient().delete(configMaps, { name: 'owner', namespace })
  const gone = await untilObject(configMaps, { name: 'owned', namespace }, object => object === undefined)
  expect(gone).toBeUndefined()
})

test('a namespace gets its ServiceAccount and the root certificate', async () => {
  const namespace = await testNamespace('sa')
  const root = await eventually(() => adminClient().find(configMaps, { name: 'kube-root-ca.crt', namespace }))
  expect(root).toMatchObject({ metadata: { name: 'kube-root-ca.crt' } })
})
