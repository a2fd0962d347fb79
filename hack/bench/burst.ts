import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import { loadConnection } from '../../kube/config.ts'
import { createClient } from '../../kube/http-client.ts'
import type { Stack } from '../demo/stack.ts'
import { kubectl } from '../manifests.ts'
import { type Field, isOpen, openField } from './field.ts'
import type { Figure, Measurement } from './measurement.ts'
import { between, countsOf, writesAmong, writesOf } from './writes.ts'

const RUNS = 200
/** Runs at the start that are not counted: code is compiled. */
const WARM_UP = 20
/** Runs that the operator looks at at once; the server's own rate is measured with as many requests. */
const CONCURRENCY = 16
/** The namespace of requests that belong to no run. */
const RAW = 'raw'

/**
 * 200 runs created at once until all their requests are open, then all approved at once until all tools have started.
 * Beside it how fast the API server creates such requests by itself, and how often the operator writes for each run.
 */
export const burst: Measurement = {
  name: 'burst',
  run: async (stack, progress) => {
    const field = await openField(stack)
    try {
      await field.project('burst')
      await field.agent('burst')
      await wave(field, stack, 'warm', WARM_UP, () => {})
      progress(`${RUNS} runs at once`)
      const took = await wave(field, stack, 'wave', RUNS, progress)
      progress('how fast the API server creates requests by itself')
      const raw = await rawCreates(stack, field)
      return figures(took, raw)
    } finally {
      await field.close()
    }
  },
}

interface Wave {
  readonly requestSeconds: number
  readonly runSeconds: number
  /** Requests a second, from the first to the last. */
  readonly openRate: number
  readonly writesToRequest: number
  readonly writes: number
}

const wave = async (
  field: Field,
  stack: Stack,
  name: string,
  size: number,
  progress: (line: string) => void,
): Promise<Wave> => {
  const runs = Array.from({ length: size }, (_, index) => `${name}-${index}`)
  const refs = runs.map(run => ({ namespace: 'burst', name: `${run}-1-0` }))
  const before = await countsOf(stack)
  const [created, opened] = [
    refs.map(ref => field.seen(ref, () => true)),
    refs.map(ref => field.seen(ref, isOpen)),
  ]
  const began = performance.now()
  await Promise.all(runs.map(run => field.start('burst', run)))
  const allOpen = Math.max(...(await Promise.all(opened)))
  const times = (await Promise.all(created)).sort((a, b) => a - b)
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  await quiet(stack)
  const open = await countsOf(stack)
  progress(`Until its request is open, for each run: ${between(before, open, size)}`)
  const calls = runs.map(run => field.called(run))
  const approving = performance.now()
  await Promise.all(refs.map(ref => field.approve(ref)))
  const allCalled = Math.max(...(await Promise.all(calls)))
  await quiet(stack)
  const after = await countsOf(stack)
  progress(`From then on: ${between(open, after, size)}`)
  return {
    requestSeconds: (allOpen - began) / 1000,
    runSeconds: (allCalled - approving) / 1000,
    openRate: ((size - 1) / (last - first)) * 1000,
    // Without those of the measurement: the run, and the decision.
    writesToRequest: (writesAmong(open) - writesAmong(before)) / size - 1,
    writes: (writesAmong(after) - writesAmong(before)) / size - 2,
  }
}

/** Resolves when the operator has written nothing for half a second. */
const quiet = async (stack: Stack): Promise<void> => {
  for (let last = -1; ; ) {
    const now = await writesOf(stack)
    if (now === last) return
    last = now
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

/** Requests a second that the API server creates while the operator stands still. */
const rawCreates = async (stack: Stack, field: Field): Promise<number> => {
  const kubeconfig = await stack.cluster.serviceAccountKubeconfig(
    'countersign-system',
    'countersign-operator',
  )
  const client = createClient(await loadConnection({ kubeconfig }), {
    fieldManager: 'countersign-operator',
    requestConnections: CONCURRENCY,
  })
  const [template] = [...field.requests()]
  if (!template) throw new Error('there is no request to copy')
  const { operator } = stack.pids()
  if (operator === undefined) throw new Error('the operator does not run')
  await kubectl(stack.cluster, ['create', 'namespace', RAW])
  process.kill(operator, 'SIGSTOP')
  try {
    const names = Array.from({ length: RUNS }, (_, index) => `raw-${index}`)
    const began = performance.now()
    await atOnce(CONCURRENCY, names, name =>
      client.create(approvalRequests, {
        metadata: { name, namespace: RAW },
        spec: template.spec,
      } as ApprovalRequest),
    )
    return (RUNS / (performance.now() - began)) * 1000
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

const figures = (took: Wave, raw: number): Figure[] => [
  {
    name: 'burstRequestSeconds',
    value: took.requestSeconds,
    unit: 's',
    what: `${RUNS} runs created at once until all requests are open; aim: under 3`,
  },
  {
    name: 'burstRunSeconds',
    value: took.runSeconds,
    unit: 's',
    what: `${RUNS} approved at once until all tools have started; aim: under 3`,
  },
  { name: 'openRate', value: took.openRate, unit: '/s', what: 'requests created by gates meanwhile' },
  { name: 'openRateFloor', value: raw, unit: '/s', what: 'requests that the API server creates by itself' },
  { name: 'createRatio', value: took.openRate / raw, unit: 'x', what: 'aim: at least 0.6' },
  {
    name: 'writesToRequest',
    value: took.writesToRequest,
    unit: '',
    what: 'API writes for a run until its request is open, Events and notifications included; aim: 5',
  },
  { name: 'writesPerRun', value: took.writes, unit: '', what: 'API writes for a run with one gated call' },
]
