import { expect, it } from 'vitest'
import { outcome, people } from '../../hack/admission.ts'
import { adminClient, eventually } from '../../hack/testing.ts'
import { isAlreadyExists } from '../../kube/errors.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'

interface Policy extends KubeObject {
  status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: unknown[] } }
}
const policies: Resource<Policy> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
}
const secrets: Resource = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }

it('the API server finds nothing wrong with the types of any expression', async () => {
  const checked = await eventually(
    async () => {
      const { items } = await adminClient().list(policies)
      const ours = items.filter(({ metadata }) => metadata.name.startsWith('countersign-'))
      return ours.every(({ status }) => status?.typeChecking !== undefined) && ours
    },
    { timeoutMs: 50_000, everyMs: 500 },
  )
  expect(checked.length).toBeGreaterThanOrEqual(10)
  for (const { metadata, status } of checked) {
    expect([metadata.name, status?.typeChecking?.expressionWarnings ?? []]).toEqual([metadata.name, []])
  }
})

it('the operator creates its one Secret, and no other', async () => {
  const namespace = 'countersign-system'
  const create = (name: string, more: object = {}) =>
    outcome(
      people(namespace)
        ['the operator'].create(secrets, { metadata: { name, namespace }, ...more } as KubeObject, {
          dryRun: true,
        })
        // An operator of another test has made it: the policies, which come first, let this create through.
        .catch(error => {
          if (!isAlreadyExists(error)) throw error
        }),
    )
  const refused =
    'countersign-operator-secrets refuses: the operator writes no Secret but countersign-redaction-key and countersign-gateway-session-key, of type Opaque'
  expect(await create('countersign-redaction-key')).toBe('allowed')
  expect(await create('countersign-gateway-session-key')).toBe('allowed')
  expect(await create('another')).toBe(refused)
  const annotations = { 'kubernetes.io/service-account.name': 'countersign-gateway' }
  const metadata = { name: 'countersign-redaction-key', namespace, annotations }
  expect(await create('', { metadata, type: 'kubernetes.io/service-account-token' })).toBe(refused)
  expect(await create('', { metadata: { generateName: 'any-', namespace } })).toBe(refused)
})
