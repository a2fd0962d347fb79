import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import { agentRuns, agents } from '../../crds/v1alpha1/resources.ts'
import { type Field, isOpen, openField } from './field.ts'
import type { Figure, Measurement } from './measurement.ts'
import { rawRates } from './raw.ts'

const REQUESTS = 1000
/** Requests whose time is over while the operator starts again. */
const AFTER_RESTART = 50
/** Seconds over which the requests are opened; each second's agent waits one less, so that all expire together. */
const OPENING_SECONDS = 90
const SHORTEST_SECONDS = 30

/**
 * How late an expiry is written: one at a time, a thousand in about the same second, and while the operator has just been
 * killed. By the clock of this machine, which is the API server's.
 */
export const expiry: Measurement = {
  name: 'expiry',
  run: async (stack, progress) => {
    const field = await openField(stack)
    try {
      await field.project('expiry')
      await field.agent('expiry')
      const alone = await lateness(field, [
        await openOne(field, 'alone', await anAgent(field, SHORTEST_SECONDS)),
      ])
      progress(`${REQUESTS} requests that expire together`)
      const together = await lateness(field, await openTogether(field, progress))
      progress('how fast the API server writes by itself')
      const { updates } = await rawRates(stack, field)
      progress('the operator is killed just before')
      const short = await anAgent(field, SHORTEST_SECONDS)
      const names = Array.from({ length: AFTER_RESTART }, (_, index) => `restart-${index}`)
      const restarted = await Promise.all(names.map(name => openOne(field, name, short)))
      const late = lateness(field, restarted)
      const first = Math.min(...restarted.map(({ expiresAt }) => expiresAt))
      await delay(Math.max(0, first - Date.now() - 500))
      await stack.killOperator().restarted
      const ready = Date.now()
      const after = (await late) - Math.max(0, (ready - first) / 1000)
      return [
        figure(
          'expiryLateSeconds',
          alone,
          'from the deadline to the watch that shows it expired; aim: under 1',
        ),
        figure(
          'expiryBurstLateSeconds',
          together,
          `the latest of ${REQUESTS} that expire together; aim: under 1`,
        ),
        figure(
          'expiryBurstFloorSeconds',
          REQUESTS / updates,
          `what the API server needs for ${REQUESTS} such writes by itself`,
        ),
        figure(
          'expiryRestartLateSeconds',
          Math.max(0, after),
          'the latest of those whose time was over while the operator started again, from when it was ready; aim: under 1',
        ),
      ]
    } finally {
      await field.close()
    }
  },
}

const figure = (name: string, value: number, what: string): Figure => ({ name, value, unit: 's', what })

interface Opened {
  readonly name: string
  readonly expiresAt: number
}

/** An agent whose requests wait so long, and then tell the model. */
const anAgent = async (field: Field, seconds: number): Promise<string> => {
  const name = `waits-${seconds}`
  const desk = await field.client.get(agents, { namespace: 'expiry', name: 'desk' })
  if (await field.client.find(agents, { namespace: 'expiry', name })) return name
  await field.client.create(agents, {
    metadata: { name, namespace: 'expiry' },
    spec: {
      ...desk.spec,
      approval: { tools: [{ name: 'desk.pay' }], timeoutSeconds: seconds, onRejection: 'Continue' },
    },
  } as Agent)
  return name
}

const openOne = async (field: Field, run: string, agent: string): Promise<Opened> => {
  const spec = { agentRef: { name: agent }, input: run }
  await field.client.create(agentRuns, { metadata: { name: run, namespace: 'expiry' }, spec } as AgentRun)
  const name = `${run}-1-0`
  let expiresAt = 0
  await field.seen({ namespace: 'expiry', name }, request => {
    expiresAt = Date.parse(request.status.expiresAt ?? '')
    return isOpen(request)
  })
  return { name, expiresAt }
}

/** Opens requests over some time, each with as long to wait as is left until all expire. */
const openTogether = async (field: Field, progress: (line: string) => void): Promise<readonly Opened[]> => {
  const seconds = Array.from({ length: OPENING_SECONDS }, (_, index) => SHORTEST_SECONDS + 1 + index)
  for (const one of seconds) await anAgent(field, one)
  const end = Date.now() + (SHORTEST_SECONDS + OPENING_SECONDS) * 1000
  const opened: Promise<Opened>[] = []
  while (opened.length < REQUESTS) {
    const left = Math.round((end - Date.now()) / 1000)
    if (left <= SHORTEST_SECONDS) break
    const size = Math.min(25, REQUESTS - opened.length)
    const batch = Array.from({ length: size }, (_, index) =>
      openOne(field, `together-${opened.length + index}`, `waits-${left}`),
    )
    opened.push(...batch)
    await Promise.all(batch)
  }
  progress(`${opened.length} are waiting`)
  return Promise.all(opened)
}

/** Seconds from the deadline to the expiry that is seen, of the latest. */
const lateness = async (field: Field, opened: readonly Opened[]): Promise<number> => {
  const late = await Promise.all(
    opened.map(async ({ name, expiresAt }) => {
      await field.seen({ namespace: 'expiry', name }, ({ status }) => status.phase === 'Expired')
      return (Date.now() - expiresAt) / 1000
    }),
  )
  return Math.max(...late)
}
