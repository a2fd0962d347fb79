// Helpers for `*.cluster.test.ts` files.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, inject } from 'vitest'
import type { Client } from '../kube/client.ts'
import { loadConnection } from '../kube/config.ts'
import { type Connection, staticConnection } from '../kube/connection.ts'
import { isNotFound } from '../kube/errors.ts'
import { createClient } from '../kube/http-client.ts'
import type { KubeObject, ObjectRef, Resource } from '../kube/types.ts'
import type { Kubeconfig } from './currentcluster.ts'
import * as manifests from './manifests.ts'
import type { ClusterFacts } from './testcluster.ts'

const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

let admin: Client | undefined
const created: string[] = []

// Registered when a test file imports this module, so once a file.
afterAll(async () => {
  // Not waited for: the namespace controller takes five seconds, and nothing comes after.
  await Promise.all(
    created.map(name =>
      adminClient()
        .delete(namespaces, { name })
        // A test may have deleted its namespace itself.
        .catch(error => {
          if (!isNotFound(error)) throw error
        }),
    ),
  )
  await admin?.close()
})

/** Addresses, kubeconfig paths and tokens of the cluster that this run uses. */
export const cluster = (): ClusterFacts => inject('cluster')

/** A client with every right. Closed when the file is done. */
export function adminClient(): Client {
  admin ??= createClient(connectionFrom(cluster().kubeconfig), { fieldManager: 'countersign-test' })
  return admin
}

/**
 * A client that acts as this person, with no group but `system:authenticated` and the given ones. Those of
 * `cluster().people` come with their own token; anybody else, or with groups, is impersonated.
 */
export function clientFor(user: string, groups: readonly string[] = []): Client {
  const token = cluster().people[user]?.token
  if (token !== undefined && groups.length === 0) return adminClient().withToken(token)
  return adminClient().impersonate({ user, groups: ['system:authenticated', ...groups] })
}

/** A client that acts as this ServiceAccount, which need not exist. */
export function clientForServiceAccount(namespace: string, name: string): Client {
  return clientFor(`system:serviceaccount:${namespace}:${name}`, [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  ])
}

/** Creates a namespace `<prefix>-<random>`, deleted when the file is done, and returns its name. */
export async function testNamespace(
  prefix: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`
  await adminClient().create(namespaces, { metadata: { name, labels: { ...labels } } })
  created.push(name)
  return name
}

/** Runs kubectl as cluster-admin, or as one of `cluster().people`, and returns what it printed. */
export function kubectl(args: readonly string[], as?: string, stdin?: string): Promise<string> {
  const { kubectl: path, kubeconfig, people } = cluster()
  const own = as === undefined ? kubeconfig : people[as]?.kubeconfig
  if (own === undefined) throw new Error(`${as} is not one of ${Object.keys(people).join(', ')}`)
  return manifests.kubectl({ kubectl: path, kubeconfig: own }, args, stdin)
}

/** What a review asks about; `group` is ours unless it says otherwise. */
export interface Question {
  readonly verb: string | undefined
  readonly resource: string | undefined
  readonly subresource?: string | undefined
  readonly group?: string | undefined
  readonly namespace?: string
  readonly name?: string
}

/** Whether whoever this client acts as may do it, by the API server's own word (SelfSubjectAccessReview). */
export async function isAllowed(client: Client, question: Question): Promise<boolean> {
  const answer = (await client.raw({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { group: 'countersign.dev', ...question } },
    },
  })) as { status: { allowed: boolean } }
  return answer.status.allowed
}

/**
 * Watches one object until `condition` holds, and returns it as it is then. `condition` is asked with undefined
 * when there is no such object. Rejects after `timeoutMs`, with the last state seen.
 */
export async function untilObject<T extends KubeObject>(
  resource: Resource<T>,
  ref: ObjectRef,
  condition: (object: T | undefined) => boolean,
  { timeoutMs = 15_000, client = adminClient() }: { timeoutMs?: number; client?: Client } = {},
): Promise<T | undefined> {
  const signal = AbortSignal.timeout(timeoutMs)
  let last: T | undefined
  try {
    for (;;) {
      const selection = {
        fieldSelector: `metadata.name=${ref.name}`,
        ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
        signal,
      }
      // A watch alone would not tell that there is no such object.
      const { items, resourceVersion } = await client.list(resource, selection)
      last = items[0]
      if (condition(last)) return last
      const events = client.watch(resource, { ...selection, resourceVersion })
      for await (const event of events) {
        if (event.type === 'BOOKMARK') continue
        last = event.type === 'DELETED' ? undefined : event.object
        if (condition(last)) return last
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
    const state = JSON.stringify(last, null, 1)
    throw new Error(`${resource.kind} ${ref.name} did not get there within ${timeoutMs} ms; it is ${state}`, {
      cause: error,
    })
  }
}

/**
 * Tries again and again until `attempt` neither throws nor returns undefined or false, and returns what it
 * returned. Only for what no event tells. Rejects with the last error after `timeoutMs`.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let failure: unknown = new Error(`did not come true within ${timeoutMs} ms: ${attempt}`)
    try {
      const value = await attempt()
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
    } catch (error) {
      failure = error
    }
    if (performance.now() > deadline) throw failure
    await delay(everyMs)
  }
}

function connectionFrom(path: string): Connection {
  const { clusters, users } = JSON.parse(readFileSync(path, 'utf8')) as Kubeconfig
  const { server } = clusters[0].cluster
  const { user } = users[0]
  const decoded = (value: unknown): string => Buffer.from(String(value), 'base64').toString()
  const authority = clusters[0].cluster['certificate-authority-data']
  const ca = authority === undefined ? {} : { ca: decoded(authority) }
  if (typeof user.token === 'string') return staticConnection({ server, ...ca, token: user.token })
  if (user['client-certificate-data'] === undefined) return loadedLater(server, path)
  const cert = decoded(user['client-certificate-data'])
  return staticConnection({ server, ...ca, cert, key: decoded(user['client-key-data']) })
}

/** A connection by whatever else a kubeconfig may say, such as an exec plugin. Slow to load, so only then. */
function loadedLater(server: string, kubeconfig: string): Connection {
  let loaded: Promise<Connection> | undefined
  const connection = (): Promise<Connection> => {
    loaded ??= loadConnection({ kubeconfig })
    return loaded
  }
  return {
    server,
    tls: async () => (await connection()).tls(),
    headers: async () => (await connection()).headers(),
    refresh: async () => (await connection()).refresh?.(),
  }
}
