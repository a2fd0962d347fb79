import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { kubectl } from '../manifests.ts'
import type { DemoCluster } from './cluster.ts'

const shop = join(import.meta.dirname, '../../examples/shop')

/** Where the example model and tool server are. */
export interface Addresses {
  readonly model: string
  readonly tools: string
}

/** Namespace and Project of examples/shop; the operator gives its members their rights. */
export const applyProject = async (cluster: DemoCluster, namespace: string): Promise<void> => {
  const list = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...documentsIn('project.yaml'),
  ]
  await apply(cluster, list)
}

/**
 * The Agents of examples/shop, with the addresses that model and tools have here. They are left in `folder`, to be
 * looked at and applied again.
 */
export const applyAgents = async (
  cluster: DemoCluster,
  addresses: Addresses,
  folder: string,
): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(shop)) {
    if (!name.startsWith('order-manager')) continue
    writeFileSync(join(folder, name), stringify(withAddresses(documentsIn(name)[0], addresses)))
  }
  await kubectl(cluster, ['apply', '-f', folder])
}

const apply = (cluster: DemoCluster, documents: readonly unknown[]): Promise<string> =>
  kubectl(
    cluster,
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    documents.map(document => stringify(document)).join('---\n'),
  )

const documentsIn = (name: string): unknown[] =>
  parseAllDocuments(readFileSync(join(shop, name), 'utf8')).map(document => document.toJS())

const withAddresses = (agent: unknown, { model, tools }: Addresses): unknown => {
  const { spec, ...rest } = agent as { spec: { model: object; toolsets: { mcp: object }[] } }
  return {
    ...rest,
    spec: {
      ...spec,
      model: { ...spec.model, baseURL: model },
      toolsets: spec.toolsets.map(toolset => ({ ...toolset, mcp: { ...toolset.mcp, url: tools } })),
    },
  }
}
