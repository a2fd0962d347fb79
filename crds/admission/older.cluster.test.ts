// The policies on an older API server: as Kubernetes 1.33 (of ours, the oldest that it can be told to behave as), which
// stamps no requestedBy and knows impersonation only as all or nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { append, approval, outcome, rejection } from '../../hack/admission.ts'
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/controlplane.ts'
import { installApi } from '../../hack/manifests.ts'
import { eventually } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import type { Client } from '../../kube/client.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { CANARY_NAME, canaryRequest } from '../../operator/canary/objects.ts'
import { forbiddenWrites } from '../../operator/canary/writes.ts'
import { peopleOf } from '../../operator/controllers/people/decide.ts'
import { clusterRoles, PEOPLE_ROLE } from '../../operator/rbac.ts'
import { ANNOTATIONS } from '../v1alpha1/meta.ts'
import { agentRuns, agents, approvalRequests, projects } from '../v1alpha1/resources.ts'
import { sampleAgent, sampleAgentRun, sampleApprovalRequest, sampleProject } from '../v1alpha1/samples.ts'

const system = 'countersign-system'
const namespace = 'default'
let controlPlane: ControlPlane
let admin: Client
let operator: Client
let gateway: Client

beforeAll(async () => {
  controlPlane = await startControlPlane({
    apiServerArgs: ['--emulated-version=kube=1.33'],
    prepare: started => installApi({ kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }),
  })
  admin = createClient(await loadConnection({ kubeconfig: controlPlane.adminKubeconfig }))
  operator = admin.withToken(await controlPlane.serviceAccountToken(system, 'countersign-operator'))
  gateway = admin.withToken(await controlPlane.serviceAccountToken(system, 'countersign-gateway'))
})
afterAll(async () => {
  await admin?.close()
  await controlPlane?.stop()
})

const root = (user: string) => admin.impersonate({ user, groups: ['system:masters', 'system:authenticated'] })

it('is as old as it says', async () => {
  const version = (await admin.raw({ method: 'GET', path: '/version' })) as { emulationMinor: string }
  expect(version.emulationMinor).toBe('33')
  const served = await admin.raw({ method: 'GET', path: '/apis/admissionregistration.k8s.io/v1' })
  expect(JSON.stringify(served)).not.toContain('"mutatingadmissionpolicies"')
})

describe('each policy refuses what the canary tries', () => {
  beforeAll(async () => {
    await operator.create(approvalRequests, canaryRequest(system, CANARY_NAME))
  })

  it.each(forbiddenWrites.map(write => [write.policy, write.describe, write] as const))(
    '%s: %s',
    async (policy, _, write) => {
      const canary = operator.impersonate({ user: `system:serviceaccount:${system}:${CANARY_NAME}` })
      const attempt = write.attempt({ own: operator, canary, namespace: system }, { dryRun: true })
      expect(await outcome(attempt)).toMatch(new RegExp(`^${policy} refuses: `))
    },
  )
})

describe('decisions', () => {
  const aRequest = (name: string, set: Readonly<Record<string, unknown>> = {}) =>
    operator.create(approvalRequests, changed(sampleApprovalRequest(namespace, name), set))

  it('are one’s own, once, by a path that is one’s own', async () => {
    const request = await aRequest('own')
    const carol = root('carol@acme.com')
    const refused = (text: string) => new RegExp(`^countersign-decisions refuses: ${text}`)
    expect(await outcome(append(carol, request, approval('dana@acme.com')))).toMatch(
      refused('decide under your own name'),
    )
    expect(await outcome(append(carol, request, approval('carol@acme.com', { via: 'Web' })))).toMatch(
      refused('via must be'),
    )
    expect(await outcome(append(carol, request, approval('carol@acme.com')))).toBe('allowed')
    expect(await outcome(append(carol, request, rejection('carol@acme.com')))).toMatch(/^the schema refuses/)
  })

  it('are not the starter’s where self-approval is not allowed, nor anybody’s where the starter is unknown', async () => {
    const known = await aRequest('known', {
      '/spec/allowSelfApproval': false,
      '/spec/requestedBy': 'carol@acme.com',
    })
    const unknown = await aRequest('unknown', { '/spec/allowSelfApproval': false })
    const carol = root('carol@acme.com')
    expect(await outcome(append(carol, known, approval('carol@acme.com')))).toMatch(/you started this run/)
    expect(await outcome(append(carol, unknown, approval('carol@acme.com')))).toMatch(
      /who that was is not known/,
    )
    expect(await outcome(append(root('dana@acme.com'), known, approval('dana@acme.com')))).toBe('allowed')
  })
})

it('a run says itself who started it, and nobody but themselves', async () => {
  const carol = root('carol@acme.com')
  const run = (name: string, by?: string) =>
    changed(sampleAgentRun(namespace, name), by === undefined ? {} : { '/spec/requestedBy': by })
  expect(await outcome(carol.create(agentRuns, run('by-another', 'dana@acme.com')))).toMatch(
    /^countersign-runs refuses/,
  )
  expect((await carol.create(agentRuns, run('by-carol', 'carol@acme.com'))).spec.requestedBy).toBe(
    'carol@acme.com',
  )
  expect((await carol.create(agentRuns, run('unsaid'))).spec.requestedBy).toBeUndefined()
})

describe('who changed an agent', () => {
  const { changedBy, acceptedBy, acceptTools } = ANNOTATIONS
  let carol: Client
  let dana: Client
  beforeAll(() => {
    carol = root('carol@acme.com')
    dana = root('dana@acme.com')
  })
  const ref = { namespace, name: 'order-manager' }
  const edit = (by: Client, body: object) => outcome(by.patch(agents, ref, { type: 'merge', body }))
  const annotate = (annotations: object) => ({ metadata: { annotations } })
  const prompt = (systemPrompt: string) => ({ spec: { systemPrompt } })
  const refused =
    /^countersign-changed-by refuses: the annotation countersign.dev\/(changed|accepted)-by names who/
  const annotated = async () => (await admin.get(agents, ref)).metadata.annotations

  it('is nobody’s business where nobody says it', async () => {
    await carol.create(agents, sampleAgent(namespace))
    expect(await edit(dana, prompt('one'))).toBe('allowed')
    expect(await edit(dana, annotate({ [acceptTools]: 'a' }))).toBe('allowed')
    expect(await annotated()).toEqual({ [acceptTools]: 'a' })
  })

  it('is said by themselves, of a change that they make', async () => {
    const by = (name: string) => annotate({ [changedBy]: name })
    expect(await edit(dana, by('dana@acme.com'))).toMatch(refused)
    expect(await edit(dana, { ...by('carol@acme.com'), ...prompt('two') })).toMatch(refused)
    expect(await edit(dana, { ...by('dana@acme.com'), ...prompt('two') })).toBe('allowed')
    expect(await edit(carol, prompt('three'))).toMatch(refused)
    expect(await edit(carol, { metadata: { labels: { team: 'shop' } } })).toBe('allowed')
    const forged = changed(sampleAgent(namespace, 'forged'), {
      '/metadata/annotations': { [changedBy]: 'x' },
    })
    expect(await outcome(carol.create(agents, forged))).toMatch(refused)
  })

  it('can be taken out by anybody who may edit it', async () => {
    expect(await edit(carol, { ...annotate({ [changedBy]: null }), ...prompt('three') })).toBe('allowed')
    expect(await edit(dana, prompt('four'))).toBe('allowed')
    expect(await annotated()).toEqual({ [acceptTools]: 'a' })
  })

  it('nor does anybody accept tools in the name of another', async () => {
    const accept = (hash: string, by?: string) =>
      annotate({ [acceptTools]: hash, ...(by ? { [acceptedBy]: by } : {}) })
    expect(await edit(carol, accept('a', 'carol@acme.com'))).toMatch(refused)
    expect(await edit(carol, accept('b', 'dana@acme.com'))).toMatch(refused)
    expect(await edit(carol, accept('b', 'carol@acme.com'))).toBe('allowed')
    expect(await edit(dana, accept('c'))).toMatch(refused)
  })
})

describe('the gateway', () => {
  const grace = 'grace@acme.com'
  const via = { 'countersign.dev/via': ['API'] }
  const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' }
  const roleBindings: Resource = { ...rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true }
  beforeAll(async () => {
    const project = changed(sampleProject(namespace), { '/spec/members': [{ user: grace, role: 'Owner' }] })
    const { rules } = peopleOf([await admin.create(projects, project)], 'legacy')
    await operator.patch(clusterRoles, { name: PEOPLE_ROLE }, { type: 'merge', body: { rules } })
    await admin.create(roleBindings, {
      metadata: { name: 'grace', namespace },
      roleRef: { apiGroup: rbac.group, kind: 'ClusterRole', name: 'countersign-member' },
      subjects: [{ kind: 'User', name: grace, apiGroup: rbac.group }],
    } as KubeObject)
    const as = gateway.impersonate({ user: grace, extra: via })
    await eventually(() => as.list(approvalRequests, { namespace }))
  })

  it('acts as those whom Projects name', async () => {
    const request = await operator.create(
      approvalRequests,
      sampleApprovalRequest(namespace, 'through-gateway'),
    )
    const as = gateway.impersonate({ user: grace, extra: via })
    expect(await outcome(append(as, request, approval(grace, { via: 'API' })))).toBe('allowed')
  })

  it.each([
    ['somebody else', { user: 'mallory@acme.com', extra: via }],
    ['one of them in the masters', { user: grace, groups: ['system:masters'], extra: via }],
    ['the operator', { user: `system:serviceaccount:${system}:countersign-operator` }],
    ['one of them over another path', { user: grace, extra: { 'countersign.dev/via': ['Kubectl'] } }],
  ])('and not as %s', async (_, as) => {
    expect(await outcome(gateway.impersonate(as).list(approvalRequests, { namespace }))).toBe(
      'refused by a role',
    )
  })

  it('reads no transcript as them, as they may not', async () => {
    const path = `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/agentturns`
    const as = gateway.impersonate({ user: grace, extra: via })
    expect(await outcome(as.raw({ method: 'GET', path }))).toBe('refused by a role')
  })
})
