// What deletes by right is not stopped: the garbage collector, and the namespace controller.
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace, refOf } from '../../hack/admission.ts'
import { adminClient, untilObject } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { RUN_FINALIZER } from '../v1alpha1/meta.ts'
import {
  agentRuns,
  agents,
  agentTurns,
  approvalRequests,
  auditRecords,
  projects,
} from '../v1alpha1/resources.ts'
import {
  sampleAgent,
  sampleAgentRun,
  sampleAgentTurn,
  sampleApprovalRequest,
  sampleAuditRecord,
  sampleProject,
} from '../v1alpha1/samples.ts'

const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('lifecycle')
})

/** A run with a request, a turn (both its own) and an audit record (nobody's). */
async function aRunWithAll(name: string): Promise<{ run: KubeObject; owned: [Resource, KubeObject][] }> {
  const { admin } = people(namespace)
  const operator = people(namespace)['the operator']
  const run = await admin.create(agentRuns, sampleAgentRun(namespace, name))
  const owner = {
    apiVersion: 'countersign.dev/v1alpha1',
    kind: 'AgentRun',
    name,
    uid: run.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
  const by = { '/metadata/ownerReferences': [owner] }
  const request = changed(sampleApprovalRequest(namespace, `${name}-1-0`), by)
  const turn = changed(sampleAgentTurn(namespace, `${name}-t1`), by)
  return {
    run,
    owned: [
      [approvalRequests, await operator.create(approvalRequests, request)],
      [agentTurns, await operator.create(agentTurns, turn)],
    ],
  }
}

const gone = (resource: Resource, object: KubeObject) =>
  untilObject(resource, refOf(object), found => found === undefined, { timeoutMs: 50_000 })

describe('the garbage collector', () => {
  it.each(['Background', 'Foreground'] as const)(
    'deletes what a deleted run owned, with propagation policy %s',
    async propagationPolicy => {
      const { run, owned } = await aRunWithAll(`run-${propagationPolicy.toLowerCase()}`)
      await people(namespace).admin.delete(agentRuns, refOf(run), { propagationPolicy })
      for (const [resource, object] of owned) expect(await gone(resource, object)).toBeUndefined()
      expect(await gone(agentRuns, run)).toBeUndefined()
    },
  )

  it('leaves orphans where that is asked, and takes their owner out', async () => {
    const { run, owned } = await aRunWithAll('run-orphan')
    await people(namespace).admin.delete(agentRuns, refOf(run), { propagationPolicy: 'Orphan' })
    expect(await gone(agentRuns, run)).toBeUndefined()
    for (const [resource, object] of owned) {
      const stored = await adminClient().get(resource, refOf(object))
      expect(stored.metadata.ownerReferences ?? []).toEqual([])
    }
  })
})

describe('the deletion of a namespace', () => {
  it('is not held up, but for runs with open requests', async () => {
    const { run, owned } = await aRunWithAll('run-last')
    const operator = people(namespace)['the operator']
    await operator.patch(agentRuns, refOf(run), {
      type: 'merge',
      body: { metadata: { finalizers: [RUN_FINALIZER] } },
    })
    const admin = adminClient()
    await admin.create(agents, sampleAgent(namespace))
    await admin.create(
      projects,
      changed(sampleProject(namespace), { '/spec/approval': { tools: [{ name: '*' }] } }),
    )
    await operator.create(auditRecords, sampleAuditRecord(namespace))

    await admin.delete(namespaces, { name: namespace })
    expect(await gone(auditRecords, sampleAuditRecord(namespace))).toBeUndefined()
    for (const [resource, object] of owned) expect(await gone(resource, object)).toBeUndefined()

    const held = await untilObject(
      agentRuns,
      refOf(run),
      found => found?.metadata.deletionTimestamp !== undefined,
    )
    expect(held?.metadata.finalizers).toContain(RUN_FINALIZER)
    // In a namespace that is being deleted, too, it is the operator who lets go.
    const letGo = { type: 'merge', body: { metadata: { finalizers: null } } } as const
    expect(await outcome(admin.patch(agentRuns, refOf(run), letGo))).toMatch(/^countersign-runs refuses/)
    expect(await outcome(operator.patch(agentRuns, refOf(run), letGo))).toBe('allowed')
    expect(await gone(namespaces, { metadata: { name: namespace } })).toBeUndefined()
  })
})
