// Some of what the policies refuse the schema refuses before them, with 422. Here the schema's rules are taken away, in
// a control plane of its own, to see that each lock holds alone.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { outcome, rejection } from '../../hack/admission.ts'
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/controlplane.ts'
import { installApi, kubectl, manifestsIn } from '../../hack/manifests.ts'
import { eventually } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import type { Client } from '../../kube/client.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { agentRuns, approvalRequests, auditRecords } from '../v1alpha1/resources.ts'
import { sampleAgentRun, sampleApprovalRequest, sampleAuditRecord } from '../v1alpha1/samples.ts'

const namespace = 'default'
let controlPlane: ControlPlane
let admin: Client
let operator: Client

const withoutRules = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutRules)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'x-kubernetes-validations')
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutRules(inner)]))
}

beforeAll(async () => {
  controlPlane = await startControlPlane({
    prepare: async started => {
      const target = { kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }
      await installApi(target)
      const items = manifestsIn('crds/manifests').map(file => withoutRules(parse(readFileSync(file, 'utf8'))))
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
      await kubectl(target, ['apply', '--server-side', '--force-conflicts', '-f', '-'], list)
    },
  })
  admin = createClient(await loadConnection({ kubeconfig: controlPlane.adminKubeconfig }))
  operator = admin.impersonate({
    user: 'system:serviceaccount:countersign-system:countersign-operator',
    groups: ['system:masters'],
  })
  // The server takes the new schema up in its own time: a name that only a rule refuses tells.
  const long = sampleAgentRun(namespace, 'x'.repeat(64))
  await eventually(async () => (await outcome(admin.create(agentRuns, long, { dryRun: true }))) === 'allowed')
})

afterAll(async () => {
  await admin?.close()
  await controlPlane?.stop()
})

const replacing = (
  client: Client,
  resource: Resource,
  object: KubeObject,
  set: Readonly<Record<string, unknown>>,
  options: { subresource?: 'status' } = {},
) => outcome(client.replace(resource, changed(object, set), options))

it('a settled request keeps its phase', async () => {
  const created = await operator.create(approvalRequests, sampleApprovalRequest(namespace, 'settled'))
  const end = { '/status/phase': 'Cancelled' }
  const cancelled = await operator.replace(approvalRequests, changed(created, end), { subresource: 'status' })
  for (const phase of ['Pending', 'Approved', 'Rejected', 'Expired']) {
    expect(
      await replacing(
        operator,
        approvalRequests,
        cancelled,
        { '/status/phase': phase },
        { subresource: 'status' },
      ),
    ).toBe('countersign-settlement refuses: this request is Cancelled: its phase never changes again')
  }
})

it('a rejection has a reason', async () => {
  const created = await operator.create(approvalRequests, sampleApprovalRequest(namespace, 'reasoned'))
  const decide = (reason: string) =>
    replacing(
      admin.impersonate({ user: 'carol@acme.com', groups: ['system:masters'] }),
      approvalRequests,
      created,
      { '/status/decisions': [rejection('carol@acme.com', { reason })] },
      { subresource: 'status' },
    )
  for (const reason of ['', ' ', '\n\t']) {
    expect(await decide(reason)).toMatch(/^countersign-decisions refuses: say why you reject/)
  }
  expect(await decide('No.')).toBe('allowed')
})

it.each([
  ['the quorum', { '/spec/requiredApprovals': 2 }],
  ['a parameter', { '/spec/params/amount': 1 }],
  ['a parameter deep inside', { '/spec/params/lines/0/sku': 'B-2' }],
])('%s of a request does not change', async (what, set) => {
  const name = `fixed-${what.length}`
  const created = await operator.create(approvalRequests, sampleApprovalRequest(namespace, name))
  expect(await replacing(operator, approvalRequests, created, set)).toBe(
    'countersign-requests refuses: a request cannot be changed: reviewers decide on exactly this call',
  )
})

it.each([
  ['the context', { '/spec/context': { deep: { a: 2 } } }],
  ['the input', { '/spec/input': 'Another.' }],
  ['what was left out before', { '/spec/continueFrom': { name: 'another' } }],
])('%s of a run does not change', async (what, set) => {
  const run = changed(sampleAgentRun(namespace, `fixed-${what.length}`), {
    '/spec/context': { deep: { a: 1 } },
  })
  const created = await admin.create(agentRuns, run)
  expect(await replacing(admin, agentRuns, created, set)).toMatch(
    /^countersign-runs refuses: a run cannot be changed/,
  )
})

it('what is recorded does not change', async () => {
  const created = await operator.create(auditRecords, sampleAuditRecord(namespace))
  for (const set of [
    { '/spec/entries/0/action': 'RunEnded' },
    { '/spec/entries/0/params/lines/0/sku': 'B-2' },
  ]) {
    expect(await replacing(operator, auditRecords, created, set)).toBe(
      'countersign-audit refuses: what is recorded cannot be changed, by anybody',
    )
  }
})
