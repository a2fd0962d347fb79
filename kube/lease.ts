import type { KubeObject, Resource } from './types.ts'

/** `coordination.k8s.io/v1` Lease, as far as leader election reads and writes it. */
export interface Lease extends KubeObject {
  spec?: {
    /** Who leads; empty or absent: nobody. */
    holderIdentity?: string
    /** How long others must see no renewal before they may take over. */
    leaseDurationSeconds?: number
    /** MicroTime, by the holder's clock. */
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

export const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

/** A time as Kubernetes' MicroTime fields want it: RFC 3339 with six digits. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
