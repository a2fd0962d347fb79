import { GROUP } from '../../../crds/v1alpha1/meta.ts'
import type { Question } from '../../requests/reviews.ts'

/** One thing that people do in a project, and the rights that it takes. */
interface Act {
  readonly does: string
  readonly takes: readonly (readonly [verb: string, resource: string])[]
}

/** What a role is for, from what everybody may to what only Owners may. */
export const ACTS = {
  read: {
    does: 'see requests, runs, agents and the audit log',
    takes: [
      ['get', 'projects'],
      ...['approvalrequests', 'agentruns', 'agents', 'auditrecords'].map(kind => ['list', kind] as const),
    ],
  },
  decide: {
    does: 'approve and reject requests',
    takes: [
      ['approve', 'approvalrequests'],
      ['patch', 'approvalrequests/status'],
    ],
  },
  startRuns: { does: 'start runs', takes: [['create', 'agentruns']] },
  setContext: { does: 'start runs with a context (setcontext)', takes: [['setcontext', 'agentruns']] },
  cancelRuns: { does: 'cancel runs', takes: [['patch', 'agentruns']] },
  manageAgents: {
    does: 'create, change and delete agents',
    takes: ['create', 'patch', 'delete'].map(verb => [verb, 'agents'] as const),
  },
  changeNotifications: { does: 'change notifications', takes: [['patch', 'projects']] },
  own: {
    does: 'change members and gates of the project (own)',
    takes: [
      ['own', 'projects'],
      ['patch', 'projects'],
    ],
  },
} as const satisfies Readonly<Record<string, Act>>

export type ActName = keyof typeof ACTS
export type Rights = Readonly<Record<ActName, boolean>>

const names = Object.keys(ACTS) as ActName[]
const acts: Readonly<Record<ActName, Act>> = ACTS

/** What to ask the API server in order to know all of it. */
export const questionsFor = (namespace: string): Question[] =>
  names.flatMap(name =>
    acts[name].takes.map(([verb, resource]) => ({ verb, resource, group: GROUP, namespace })),
  )

/** The answers to `questionsFor`, put together again. Undefined when one of them is missing. */
export function rightsFrom(answers: readonly (boolean | undefined)[]): Rights | undefined {
  let next = 0
  const rights: Partial<Record<ActName, boolean>> = {}
  for (const name of names) {
    const own = answers.slice(next, next + acts[name].takes.length)
    if (own.length === 0 || own.includes(undefined)) return undefined
    rights[name] = own.every(Boolean)
    next += own.length
  }
  return rights as Rights
}
