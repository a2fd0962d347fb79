// A project with people, an operator and gateways, for cluster tests of keys.
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { apiKeys, projects } from '../../../crds/v1alpha1/resources.ts'
// biome-ignore lint/style/noRestrictedImports: helpers of tests
import { adminClient, eventually, untilObject } from '../../../hack/testing.ts'
import type { Client } from '../../../kube/client.ts'
import { systemClock } from '../../../kube/clock.ts'
import type { Clock } from '../../../kube/types.ts'
import { newWorld } from '../../../operator/testing/world.ts'
import { type Session, startGateway, type TestGateway } from '../testing.ts'
import { tokenOf } from '../testing-cluster.ts'
import { keyNamespace } from './keeping.ts'

export const alice: Member = { user: 'alice@acme.com', role: 'Owner' }
export const bob: Member = { user: 'bob@acme.com', role: 'Admin' }
export const carol: Member = { user: 'carol@acme.com', role: 'Member' }

/** A key as it was answered, with a session that uses it. */
export interface MadeKey extends Session {
  readonly id: string
  /** `csk_...`. */
  readonly key: string
  readonly expiresAt: string
}

/**
 * The gateway with a token of its own. Not impersonated by an admin: it impersonates in its turn, and whom it may act as
 * is what is tested.
 */
export async function gatewayClient(): Promise<Client> {
  const { status } = (await adminClient().raw({
    method: 'POST',
    path: `/api/v1/namespaces/${keyNamespace}/serviceaccounts/countersign-gateway/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    },
  })) as { status: { token: string } }
  return adminClient().withToken(status.token)
}

/** An object of the API server that holds a key, or undefined. */
export const storedKey = (id: string): Promise<APIKey | undefined> =>
  adminClient().find(apiKeys, { namespace: keyNamespace, name: id })

/** A project of alice (Owner), bob (Admin) and carol (Member), with an operator and a gateway. */
export async function keyWorld(prefix: string) {
  const client = await gatewayClient()
  const world = await newWorld(prefix, { impersonation: 'auto' })
  const { namespace } = world
  const ref = { namespace, name: 'project' }
  const gateways: TestGateway[] = []
  const start = async (clock: Partial<Clock> = {}): Promise<TestGateway> => {
    const gateway = await startGateway(client, { clock: { ...systemClock, ...clock } })
    gateways.push(gateway)
    return gateway
  }
  const observed = () =>
    untilObject(projects, ref, found => found?.status?.observedGeneration === found?.metadata.generation)
  const gateway = await start()
  const base = `/api/v1/projects/${namespace}`
  const as = (person: string, at = gateway): Session => at.as(tokenOf(`${person}@acme.com`))
  const withKey = (key: string, at = gateway): Session => at.as(key)

  await adminClient().create(projects, { metadata: ref, spec: { members: [alice, bob, carol] } })
  await observed()
  const make = async (session: Session, body: object = {}): Promise<MadeKey> => {
    const answer = await session.post(`${base}/apikeys`, { name: 'test', ...body })
    if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${JSON.stringify(answer.body)}`)
    return { ...answer.body, ...withKey(answer.body.key) }
  }
  // The API server takes role bindings up in its own time.
  for (const person of ['alice', 'bob', 'carol']) {
    await eventually(async () => (await as(person).get(`${base}/apikeys`)).status === 200)
    const key = await make(as(person))
    await eventually(async () => (await key.get('/api/v1/me')).status === 200)
    await as(person).send('DELETE', `${base}/apikeys/${key.id}`)
  }

  let working = true
  const stopOperator = async () => {
    if (working) await world.stop()
    working = false
  }
  return {
    ...world,
    base,
    /** Ends the operator: what a test makes in its place is left alone from then on. */
    stopOperator,
    gateway,
    /** Another replica, with a clock of its own. */
    start,
    as,
    withKey,
    make,
    /** Changes the members, and waits until the operator has done its part. */
    async setMembers(...members: readonly Member[]): Promise<void> {
      await adminClient().patch(projects, ref, { type: 'merge', body: { spec: { members } } })
      await observed()
    },
    async close(): Promise<void> {
      await Promise.all(gateways.map(one => one.close()))
      await stopOperator()
    },
  }
}
export type KeyWorld = Awaited<ReturnType<typeof keyWorld>>

/** An event stream of the gateway as a client reads it. */
export interface HeardEvents {
  /** What `data:` held so far, parsed. */
  readonly heard: readonly { readonly type: string; readonly name?: string; readonly code?: string }[]
  /** When the stream has ended. */
  readonly ended: Promise<void>
}

/** Opens `.../events`; resolves once it is open. */
export async function listen(gateway: TestGateway, base: string, key: string): Promise<HeardEvents> {
  const answer = await fetch(`${gateway.url}${base}/events`, { headers: { authorization: `Bearer ${key}` } })
  if (answer.status !== 200 || answer.body === null) throw new Error(`no stream: ${answer.status}`)
  const heard: { type: string }[] = []
  const lines = answer.body.pipeThrough(new TextDecoderStream())
  const read = async () => {
    let rest = ''
    for await (const chunk of lines) {
      const complete = (rest + chunk).split('\n')
      rest = complete.pop() ?? ''
      for (const line of complete) if (line.startsWith('data:')) heard.push(JSON.parse(line.slice(5)))
    }
  }
  return { heard, ended: read() }
}
