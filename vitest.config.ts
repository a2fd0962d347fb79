import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// `unit` needs nothing but Node; `cluster` talks to a real API server that hack/testcluster.ts starts once for all
// files (each file makes its own namespace); `browser` needs such a server and a Chromium.
export default defineConfig({
  test: {
    // Most tests wait for a server rather than compute; one core is still left for it on larger machines.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{crds,kube,operator,web,cli,hack,examples}/**/*.test.ts'],
          exclude: ['**/*.cluster.test.ts', '**/*.browser.test.ts', '**/node_modules/**'],
          // `npm test` may be building a control plane on the same cores meanwhile.
          testTimeout: 30_000,
          expect: { poll: { timeout: 15_000, interval: 20 } },
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['{crds,kube,operator,web,cli,hack,examples}/**/*.cluster.test.ts'],
          globalSetup: ['hack/testcluster.ts'],
          testTimeout: 60_000,
          expect: { poll: { timeout: 15_000, interval: 20 } },
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['web/page/**/*.browser.test.ts'],
          globalSetup: ['hack/testcluster.ts', 'web/page/testing/built.ts'],
          testTimeout: 60_000,
          expect: { poll: { timeout: 15_000, interval: 20 } },
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
