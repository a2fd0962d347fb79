// Global set-up of the vitest project `cluster`: one API server for all test files, with our kinds, policies
// and roles, and a handful of people.
import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { startControlPlane } from './controlplane/controlplane.ts'
import { useCurrentCluster } from './currentcluster.ts'
import { installApi } from './manifests.ts'

/** What a test file needs to know about its cluster; `inject('cluster')`, or better the helpers of testing.ts. */
export interface ClusterFacts {
  readonly url: string
  /** PEM. */
  readonly ca: string
  /** Path of kubectl. */
  readonly kubectl: string
  /** Path of a kubeconfig with every right. */
  readonly kubeconfig: string
  /** The people of the tests by name, with a kubeconfig for each; a token only on a cluster of our own. */
  readonly people: Readonly<Record<string, { readonly kubeconfig: string; readonly token?: string }>>
}

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterFacts
  }
}

const people = ['alice@acme.com', 'bob@acme.com', 'carol@acme.com', 'mallory@acme.com'] as const

/** Groups that the API server knows people of a cluster of our own by. */
const groupsOf: Readonly<Record<string, readonly string[]>> = { 'dave@acme.com': ['night-shift'] }

/** Starts the cluster, or with `COUNTERSIGN_USE_CURRENT_CLUSTER=1` takes the current context's; returns its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { facts, stop } =
    process.env.COUNTERSIGN_USE_CURRENT_CLUSTER === '1'
      ? await useCurrentCluster(people)
      : await startOwnCluster()
  project.provide('cluster', facts)
  return stop
}

async function startOwnCluster(): Promise<{ facts: ClusterFacts; stop: () => Promise<void> }> {
  const users = [...people, ...Object.keys(groupsOf)].map(name => ({
    name,
    token: `${name}-${randomBytes(16).toString('hex')}`,
    groups: groupsOf[name] ?? [],
  }))
  const controlPlane = await startControlPlane({
    users,
    prepare: started => installApi({ kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }),
  })
  const facts: ClusterFacts = {
    url: controlPlane.url,
    ca: controlPlane.ca,
    kubectl: controlPlane.kubectl,
    kubeconfig: controlPlane.adminKubeconfig,
    people: Object.fromEntries(
      users.map(({ name, token }) => [
        name,
        { token, kubeconfig: controlPlane.kubeconfigFor({ name, token }) },
      ]),
    ),
  }
  return { facts, stop: () => controlPlane.stop() }
}
