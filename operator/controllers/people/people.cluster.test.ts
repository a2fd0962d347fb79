// A control plane of its own, as there is one such role a cluster and other tests need it too. What is tried is what
// the API server then lets the gateway do, with the gateway's own token.
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { agents, approvalRequests, projects } from '../../../crds/v1alpha1/resources.ts'
import { type ControlPlane, startControlPlane } from '../../../hack/controlplane/controlplane.ts'
import { applyFiles, installApi, manifestsIn } from '../../../hack/manifests.ts'
import { eventually, untilObject } from '../../../hack/testing.ts'
import type { Client, Impersonation } from '../../../kube/client.ts'
import { systemClock } from '../../../kube/clock.ts'
import { staticConnection } from '../../../kube/connection.ts'
import { ApiError } from '../../../kube/errors.ts'
import { createClient } from '../../../kube/http-client.ts'
import { silentLogger } from '../../../kube/logger.ts'
import { promMetrics } from '../../../kube/prom-metrics.ts'
import type { Resource } from '../../../kube/types.ts'
import { createAuditWriter } from '../../audit/writer.ts'
import { createEgress } from '../../egress/egress.ts'
import { createOperatorMetrics } from '../../metrics.ts'
import { scriptedMailer, scriptedWebhooks } from '../../notify/testing.ts'
import { createOperator } from '../../operator.ts'
import { clusterRoles, PEOPLE_ROLE, type PolicyRule } from '../../rbac.ts'
import type { ImpersonationMode } from './controller.ts'
import { peopleOf } from './decide.ts'

const SYSTEM = 'countersign-system'
const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}
const secrets: Resource = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }

let controlPlane: ControlPlane
let admin: Client
let operatorClient: Client
let gateway: Client
let stop: () => Promise<void>
let count = 0
let shop: string
let bank: string

beforeAll(async () => {
  controlPlane = await startControlPlane({
    users: [{ name: 'root', token: 'root-token', groups: ['system:masters'] }],
    prepare: started => installApi({ kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }),
  })
  const { url: server, ca } = controlPlane
  admin = createClient(staticConnection({ server, ca, token: 'root-token' }))
  const tokenOf = (name: string) => controlPlane.serviceAccountToken(SYSTEM, name)
  operatorClient = createClient(
    staticConnection({ server, ca, token: await tokenOf('countersign-operator') }),
    { fieldManager: 'countersign-operator' },
  )
  gateway = createClient(staticConnection({ server, ca, token: await tokenOf('countersign-gateway') }))
})
afterAll(async () => {
  await Promise.all([admin, operatorClient, gateway].map(client => client?.close()))
  await controlPlane?.stop()
})

/** The operator as a process would be, as far as people go. */
const start = (impersonation: ImpersonationMode, watchNamespace?: string) => {
  const egress = createEgress({ allowLoopback: false })
  const operator = createOperator({
    client: operatorClient,
    clock: systemClock,
    logger: silentLogger,
    audit: createAuditWriter({ client: operatorClient, clock: systemClock }),
    event: () => {},
    egress,
    metrics: createOperatorMetrics(),
    runtimeMetrics: promMetrics(new Registry()),
    redactionKey: Buffer.alloc(32),
    executor: 'test',
    modelTimeoutMs: 1000,
    limits: { perProject: 64, perModel: 32, perToolset: 32 },
    mailer: scriptedMailer(),
    webhooks: scriptedWebhooks(),
    pageURL: undefined,
    namespace: SYSTEM,
    impersonation,
    ...(watchNamespace === undefined ? {} : { watchNamespace }),
    trusted: () => true,
  })
  const ending = new AbortController()
  const ended = Promise.all([operator.watch(ending.signal), operator.work(ending.signal)])
  return async () => {
    await operator.drain()
    ending.abort()
    await ended
    await egress.close()
  }
}

beforeEach(async () => {
  count += 1
  ;[shop, bank] = [`shop-${count}`, `bank-${count}`]
  for (const name of [shop, bank]) await admin.create(namespaces, { metadata: { name } })
})
afterEach(async () => {
  await stop?.()
  const { items } = await admin.listAll(projects, {})
  for (const { metadata } of items) {
    await admin.delete(projects, { namespace: metadata.namespace ?? '', name: metadata.name })
  }
})

const owner: Member = { user: 'alice@acme.com', role: 'Owner' }
const carol: Member = { user: 'carol@acme.com', role: 'Member' }
const reviewers: Member = { group: 'reviewers', role: 'Member' }
const create = (namespace: string, members: readonly Member[]) =>
  admin.create(projects, { metadata: { name: 'project', namespace }, spec: { members: [...members] } })
const setMembers = (namespace: string, members: readonly Member[]) =>
  admin.patch(projects, { namespace, name: 'project' }, { type: 'merge', body: { spec: { members } } })

const role = { name: PEOPLE_ROLE }
const namesIn = (rules: readonly PolicyRule[] | null | undefined) =>
  (rules ?? [])
    .filter(({ resources }) => !resources?.[0]?.startsWith('userextras'))
    .flatMap(({ resourceNames }) => resourceNames ?? [])
const untilNamed = (...names: readonly string[]) =>
  untilObject(clusterRoles, role, found => namesIn(found?.rules).join() === names.join(), { client: admin })

/** What the API server lets the gateway do as somebody: `may`, or the word of its refusal. */
const asked = async (as: Impersonation, what: (client: Client) => Promise<unknown>): Promise<string> => {
  try {
    await what(gateway.impersonate(as))
    return 'may'
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.code === 404) return 'may'
    return /cannot [\w:-]+ resource "[\w/.]+"/.exec(error.message)?.[0] ?? error.message
  }
}
const lists = (client: Client) => client.list(approvalRequests, { namespace: shop })
/** The API server takes roles up in its own time. */
const untilAsked = (as: Impersonation, expected: RegExp | string) =>
  eventually(async () => {
    const answer = await asked(as, lists)
    return typeof expected === 'string' ? answer === expected : expected.test(answer)
  })
const refused = /cannot impersonate/

describe('the gateway acts', () => {
  it('as whom a Project names, over a path that is its own, and as nobody from the moment that none names them', async () => {
    stop = start('auto')
    await create(shop, [owner, carol, reviewers])
    await create(bank, [owner])
    await untilNamed('alice@acme.com', 'carol@acme.com', 'reviewers')
    const via = { extra: { 'countersign.dev/via': ['API'] } }
    await untilAsked({ user: 'carol@acme.com', ...via }, 'may')
    await untilAsked({ user: 'carol@acme.com', groups: ['reviewers'], ...via }, 'may')

    await setMembers(shop, [owner])
    await untilNamed('alice@acme.com')
    await untilAsked({ user: 'carol@acme.com' }, refused)
    await untilAsked({ user: 'alice@acme.com' }, 'may')

    // Another project still names alice; when that is gone as well, nobody does.
    await admin.delete(projects, { namespace: shop, name: 'project' })
    await untilObject(projects, { namespace: shop, name: 'project' }, found => found === undefined, {
      client: admin,
    })
    expect(await asked({ user: 'alice@acme.com' }, client => client.list(agents, { namespace: bank }))).toBe(
      'may',
    )
    await admin.delete(projects, { namespace: bank, name: 'project' })
    await untilNamed()
    await untilAsked({ user: 'alice@acme.com' }, refused)
  })

  it('as nobody else, over no other path, on no other kind', async () => {
    stop = start('constrained')
    await create(shop, [owner, reviewers])
    await untilNamed('alice@acme.com', 'reviewers')
    await untilAsked({ user: 'alice@acme.com' }, 'may')
    const alice = { user: 'alice@acme.com' }
    for (const as of [
      { user: 'mallory@acme.com' },
      { ...alice, groups: ['others'] },
      { ...alice, groups: ['system:masters'] },
      { ...alice, extra: { 'countersign.dev/via': ['Kubectl'] } },
      { ...alice, extra: { scopes: ['all'] } },
      { user: `system:serviceaccount:${SYSTEM}:countersign-operator` },
      { user: 'system:admin' },
    ]) {
      expect(await asked(as, lists), JSON.stringify(as)).toMatch(refused)
    }
    expect(await asked(alice, client => client.list(secrets, { namespace: shop }))).toMatch(
      /cannot impersonate-on:user-info:list/,
    )
    expect(
      await asked(alice, client => client.delete(projects, { namespace: shop, name: 'project' })),
    ).toMatch(/cannot impersonate-on:user-info:delete/)
  })
})

describe('the role', () => {
  const wrong = { rules: [] }
  it('is put back when somebody empties it, fills it or deletes it', async () => {
    stop = start('auto')
    await create(shop, [owner])
    await untilNamed('alice@acme.com')
    await admin.patch(clusterRoles, role, { type: 'merge', body: wrong })
    await untilNamed('alice@acme.com')
    const { rules = [] } = await admin.get(clusterRoles, role)
    const more = (rules ?? []).map(rule => ({
      ...rule,
      resourceNames: [...(rule.resourceNames ?? []), 'Slack'],
    }))
    await admin.patch(clusterRoles, role, { type: 'merge', body: { rules: more } })
    await untilNamed('alice@acme.com')
    await admin.delete(clusterRoles, role)
    await untilNamed('alice@acme.com')
  })

  it('keeps what the operator put there when the manifests are applied again, with force', async () => {
    stop = start('auto')
    await create(shop, [owner])
    const before = await untilNamed('alice@acme.com')
    await stop()
    const { kubectl, adminKubeconfig: kubeconfig } = controlPlane
    await applyFiles({ kubectl, kubeconfig }, manifestsIn('crds/rbac'))
    expect((await admin.get(clusterRoles, role)).rules).toEqual(before?.rules)
    // Nor do they stand in their own way where there is nobody yet.
    await admin.patch(clusterRoles, role, { type: 'merge', body: { rules: null } })
    await applyFiles({ kubectl, kubeconfig }, manifestsIn('crds/rbac'))
  })

  it('is not written again when nothing of it changes', async () => {
    stop = start('auto')
    await create(shop, [owner])
    const before = await untilNamed('alice@acme.com')
    // Two changes that matter to others: when the second is seen in the role, the first was looked at.
    await create(bank, [owner])
    await untilObject(
      projects,
      { namespace: bank, name: 'project' },
      found => found?.status?.observedGeneration === 1,
      { client: admin },
    )
    expect((await admin.get(clusterRoles, role)).metadata.resourceVersion).toBe(
      before?.metadata.resourceVersion,
    )
  })

  it('names the members of all projects, whichever namespace its operator looks at', async () => {
    await create(bank, [carol, { ...owner, user: 'dave@acme.com' }])
    stop = start('auto', shop)
    await create(shop, [owner])
    await untilNamed('alice@acme.com', 'carol@acme.com', 'dave@acme.com')
    await setMembers(bank, [owner])
    await untilNamed('alice@acme.com')
  })

  it('speaks to servers before 1.36 in their words, and the gateway acts as members there too', async () => {
    stop = start('legacy')
    await create(shop, [owner, reviewers])
    const found = await untilNamed('alice@acme.com', 'reviewers')
    expect(found?.rules?.map(({ verbs }) => verbs)).toEqual([
      ['impersonate'],
      ['impersonate'],
      ['impersonate'],
    ])
    const via = { extra: { 'countersign.dev/via': ['API'] } }
    await untilAsked({ user: 'alice@acme.com', groups: ['reviewers'], ...via }, 'may')
    expect(await asked({ user: 'mallory@acme.com' }, lists)).toMatch(refused)
    expect(await asked({ user: 'alice@acme.com', groups: ['system:masters'] }, lists)).toMatch(refused)
  })

  it('holds as many names as the operator puts into it', async () => {
    stop = async () => {}
    const members = Array.from({ length: 40_000 }, (_, index) => ({
      user: `somebody-with-a-long-name-${index}@acme.com`,
      role: 'Owner' as const,
    }))
    const { rules, leftOut } = peopleOf([{ metadata: { name: 'project' }, spec: { members } }], 'constrained')
    expect(leftOut.size).toBe(1)
    expect(namesIn(rules).length).toBeGreaterThan(10_000)
    const body = { metadata: { name: PEOPLE_ROLE }, rules }
    const written = await operatorClient.patch(clusterRoles, role, { type: 'apply', body, force: true })
    expect(written.rules).toEqual(rules)
  })
})
