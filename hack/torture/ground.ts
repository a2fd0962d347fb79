import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '../../kube/client.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import type { Resource } from '../../kube/types.ts'
import { operatorKubeconfig } from '../../operator/testing/process.ts'
import type { KubectlTarget } from '../manifests.ts'

const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

/** A real API server with our kinds and policies, and what is needed to put operators and people on it. */
export interface Ground {
  readonly target: KubectlTarget
  /** With every right. */
  readonly admin: Client
  /** Path of a kubeconfig with the operator's own rights. */
  readonly operator: string
  /** For files; gone at the end. */
  readonly folder: string
  /** Creates a namespace. It is not deleted: the API server ends with the tests. */
  namespace(name: string): Promise<void>
  /** Acts as this person, who may do everything: of rights other tests are. */
  as(person: string): Client
  leave(): Promise<void>
}

/** Makes a ground of a cluster that runs. */
export const groundOn = async (target: KubectlTarget): Promise<Ground> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-torture-'))
  const connection = await loadConnection({ kubeconfig: target.kubeconfig })
  const admin = createClient(connection, { fieldManager: 'countersign-torture' })
  return {
    target,
    admin,
    operator: await operatorKubeconfig(folder, target),
    folder,
    namespace: async name => {
      await admin.create(namespaces, { metadata: { name } })
    },
    as: user => admin.impersonate({ user, groups: ['system:authenticated', 'system:masters'] }),
    leave: async () => {
      await admin.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
