import { agentRuns, approvalRequests, auditRecords } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Evidence, ExpectedRun, ToolCall } from './evidence.ts'

/** Reads everything that the API server keeps of these runs. */
export const gather = async (
  client: Client,
  expected: readonly ExpectedRun[],
  toolCalls: readonly ToolCall[],
): Promise<Evidence> => {
  const namespaces = [...new Set(expected.map(({ namespace }) => namespace))]
  const [runs, requests, records] = await Promise.all([
    Promise.all(namespaces.map(namespace => client.listAll(agentRuns, { namespace }))),
    Promise.all(namespaces.map(namespace => client.listAll(approvalRequests, { namespace }))),
    Promise.all(namespaces.map(namespace => client.listAll(auditRecords, { namespace }))),
  ])
  return {
    expected,
    toolCalls,
    runs: runs.flatMap(({ items }) => items),
    requests: requests.flatMap(({ items }) => items),
    records: records.flatMap(({ items }) => items),
  }
}
