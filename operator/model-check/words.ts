import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { Answer, Op } from './server.ts'

const VERBS: Record<Op['verb'], string> = {
  find: 'reads',
  get: 'reads',
  list: 'lists',
  create: 'creates',
  status: 'writes the status of',
  metadata: 'writes the metadata of',
  delete: 'deletes',
}

/** A request and its answer, as `writes the status of AgentRun/r (Running, 1.0 Executing): Conflict`. */
export const inWords = (op: Op, answer: Answer | undefined): string => {
  const told = answer && typeof answer === 'object' && 'code' in answer ? `: ${answer.reason}` : ''
  return `${VERBS[op.verb]} ${op.slot}${bodyInWords(op)}${told}`
}

const bodyInWords = ({ verb, slot, body }: Op): string => {
  if (slot.startsWith('AuditRecord/')) {
    const { entries } = (body as { spec: { entries: { action: string }[] } }).spec
    return ` (${entries.map(({ action }) => action).join(', ')})`
  }
  if (verb !== 'status') return ''
  const { phase, steps = [] } = (body as AgentRun).status as NonNullable<AgentRun['status']>
  if (phase === undefined) return ''
  const calls = steps.flatMap(({ id, state }) => (id === undefined ? [] : [`, ${id} ${state}`]))
  return ` (${phase}${calls.join('')})`
}

/** Whether a request may change something. */
export const isWrite = ({ verb }: Op): boolean => verb !== 'find' && verb !== 'get' && verb !== 'list'
