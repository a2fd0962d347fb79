import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'

/**
 * Writes to objects of ours and Events that the API server has carried out since it started, by its own count; leases are
 * not among them.
 */
export const writesOf = async (stack: Stack): Promise<number> => {
  const text = await kubectl(stack.cluster, ['get', '--raw', '/metrics'])
  return text
    .split('\n')
    .filter(
      line =>
        line.startsWith('apiserver_request_total{') &&
        /group="(countersign\.dev|events\.k8s\.io)"/.test(line) &&
        /verb="(POST|PUT|PATCH|APPLY|DELETE)"/.test(line) &&
        /dry_run=""/.test(line) &&
        /code="2\d\d"/.test(line),
    )
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
