import type { KubeObject, Resource } from '../kube/types.ts'

/** A Secret, as far as it is read and written here. Values of `data` are base64. */
export interface Secret extends KubeObject {
  type?: string
  immutable?: boolean
  data?: Record<string, string>
  /** Write-only: plain values, which the API server encodes. */
  stringData?: Record<string, string>
}

export const secrets: Resource<Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
}
