import type { Stack } from '../demo/stack.ts'

/** Writes of the operator to the API server since it started, by its own count of answers; leases are among them. */
export const writesOf = async (stack: Stack): Promise<number> => {
  const text = await (await fetch(stack.metrics.operator)).text()
  return text
    .split('\n')
    .filter(line => /^rest_client_requests_total\{.*method="(POST|PUT|PATCH|DELETE)"/.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
