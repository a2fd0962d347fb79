import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import { API_CONNECTIONS } from '../../operator/options.ts'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'
import type { Field } from './field.ts'

/** The namespace of requests that belong to no run. */
const RAW = 'raw'
const REQUESTS = 200

/** What the API server does by itself, a second, over as many connections as the operator has. */
export interface RawRates {
  /** Requests created. */
  readonly creates: number
  /** Writes of their status. */
  readonly updates: number
}

/** Measures them while the operator stands still; the requests are like one of the field's. */
export const rawRates = async (stack: Stack, field: Field): Promise<RawRates> => {
  const kubeconfig = await stack.cluster.serviceAccountKubeconfig(
    'countersign-system',
    'countersign-operator',
  )
  const client = createClient(await loadConnection({ kubeconfig }), {
    fieldManager: 'countersign-operator',
    requestConnections: API_CONNECTIONS,
  })
  const [template] = [...field.requests()]
  if (!template) throw new Error('there is no request to copy')
  const { operator } = stack.pids()
  if (operator === undefined) throw new Error('the operator does not run')
  await kubectl(stack.cluster, ['create', 'namespace', RAW])
  process.kill(operator, 'SIGSTOP')
  try {
    const names = Array.from({ length: REQUESTS }, (_, index) => `raw-${index}`)
    const created: ApprovalRequest[] = []
    const creates = await perSecond(names, async name => {
      const { spec } = template
      created.push(
        await client.create(approvalRequests, {
          metadata: { name, namespace: RAW },
          spec,
        } as ApprovalRequest),
      )
    })
    const updates = await perSecond(created, async request => {
      const { requestedAt, expiresAt } = template.status
      const status = { ...request.status, requestedAt, expiresAt } as ApprovalRequest['status']
      await client.replace(approvalRequests, { ...request, status }, { subresource: 'status' })
    })
    return { creates, updates }
  } finally {
    process.kill(operator, 'SIGCONT')
    await kubectl(stack.cluster, ['delete', 'namespace', RAW, '--wait=false'])
    await client.close()
  }
}

/** Does all of it over all connections; how many a second. */
const perSecond = async <T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<number> => {
  const left = [...all]
  const began = performance.now()
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: API_CONNECTIONS }, worker))
  return (all.length / (performance.now() - began)) * 1000
}
