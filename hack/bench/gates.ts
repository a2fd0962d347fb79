import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import { API_CONNECTIONS } from '../../operator/options.ts'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'
import { type Field, openField } from './field.ts'
import type { Measurement } from './measurement.ts'

/** Runs under way together, and calls that the model asks for in one answer of each. */
const RUNS = 8
const CALLS = 25
const REQUESTS = RUNS * CALLS
/** The namespace of requests that belong to no run. */
const RAW = 'raw'

/**
 * How fast gates create requests where there are many at once, each with its record and its times, beside how fast the API
 * server creates such requests by itself, over as many connections.
 */
export const gates: Measurement = {
  name: 'gates',
  run: async (stack, progress) => {
    const field = await openField(stack, spoken =>
      spoken === 0
        ? {
            calls: Array.from({ length: CALLS }, (_, index) => ({
              tool: 'desk.pay',
              params: { order: index },
            })),
          }
        : { text: 'done' },
    )
    try {
      await field.project('gates')
      await field.agent('gates')
      await wave(field, 'warm', 1)
      progress(`${RUNS} runs with ${CALLS} gated calls each`)
      const rate = await wave(field, 'wave', RUNS)
      progress('how fast the API server creates requests by itself')
      const floor = await rawCreates(stack, field)
      return [
        { name: 'createRate', value: rate, unit: '/s', what: 'requests that gates create, many at once' },
        {
          name: 'createRateFloor',
          value: floor,
          unit: '/s',
          what: 'requests that the API server creates by itself',
        },
        { name: 'createRatio', value: rate / floor, unit: 'x', what: 'aim: at least 0.6' },
      ]
    } finally {
      await field.close()
    }
  },
}

/** Requests created a second, from the first to the last. */
const wave = async (field: Field, name: string, runs: number): Promise<number> => {
  const names = Array.from({ length: runs }, (_, index) => `${name}-${index}`)
  const created = names.flatMap(run =>
    Array.from({ length: CALLS }, (_, index) =>
      field.seen({ namespace: 'gates', name: `${run}-1-${index}` }, () => true),
    ),
  )
  await Promise.all(names.map(run => field.start('gates', run)))
  const times = await Promise.all(created)
  return ((times.length - 1) / (Math.max(...times) - Math.min(...times))) * 1000
}

/** Requests a second that the API server creates while the operator stands still. */
export const rawCreates = async (stack: Stack, field: Field): Promise<number> => {
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
    const began = performance.now()
    await atOnce(API_CONNECTIONS, names, name =>
      client.create(approvalRequests, {
        metadata: { name, namespace: RAW },
        spec: template.spec,
      } as ApprovalRequest),
    )
    return (REQUESTS / (performance.now() - began)) * 1000
  } finally {
    process.kill(operator, 'SIGCONT')
    await kubectl(stack.cluster, ['delete', 'namespace', RAW, '--wait=false'])
    await client.close()
  }
}

/** Does all of it, so many at a time. */
const atOnce = async <T>(
  size: number,
  all: readonly T[],
  work: (one: T) => Promise<unknown>,
): Promise<void> => {
  const left = [...all]
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: size }, worker))
}
