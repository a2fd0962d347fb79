import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { installApi, kubectl } from './manifests.ts'
import type { ClusterFacts } from './testcluster.ts'

/** A kubeconfig, as far as it is read here. */
export interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string } },
  ]
  readonly users: readonly [{ readonly name: string; readonly user: Readonly<Record<string, unknown>> }]
}

/** The kubectl that a shell would run, by its full path. Throws where there is none. */
export function kubectlOnPath(path: string): string {
  for (const folder of path.split(delimiter)) {
    const program = join(folder, 'kubectl')
    try {
      accessSync(program, constants.X_OK)
      return program
    } catch {
      // Not in this folder, or not a program.
    }
  }
  throw new Error('there is no kubectl on the PATH: install one to use a cluster of your own')
}

/**
 * Makes the cluster of the current context ready for tests: applies our API to it, and writes kubeconfigs that
 * impersonate the given people. Needs `kubectl` on the PATH and the right to do all that.
 */
export async function useCurrentCluster(
  people: readonly string[],
): Promise<{ facts: ClusterFacts; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-current-'))
  const write = (name: string, config: unknown): string => {
    const path = join(folder, `${name}.kubeconfig`)
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
    return path
  }
  // Without a path kubectl reads $KUBECONFIG, which may be a list, or ~/.kube/config.
  const program = kubectlOnPath(process.env.PATH ?? '')
  const current = { kubectl: program, kubeconfig: '' }
  const view = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']
  const text = await kubectl(current, view)
  const config = JSON.parse(text) as Kubeconfig
  const { cluster } = config.clusters[0]
  const kubeconfig = write('admin', config)
  const facts: ClusterFacts = {
    url: cluster.server,
    ca: Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64').toString(),
    kubectl: program,
    kubeconfig,
    people: Object.fromEntries(
      people.map(name => [name, { kubeconfig: write(name, actingAs(config, name)) }]),
    ),
  }
  await installApi({ kubectl: program, kubeconfig })
  return { facts, stop: async () => rmSync(folder, { recursive: true, force: true }) }
}

const actingAs = (config: Kubeconfig, name: string): unknown => ({
  ...config,
  users: [{ name: config.users[0].name, user: { ...config.users[0].user, as: name } }],
})
