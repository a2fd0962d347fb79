import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import type { ExpectedCall, ExpectedRun } from '../check/evidence.ts'

/** A call as the model asks for it. */
export interface PlottedCall {
  readonly tool: 'desk.look' | 'desk.pay' | 'desk.refund'
  readonly params: { readonly order: string; readonly amount: number }
}

/** What a reviewer does with a request; by call. */
export type Review =
  | { readonly verdict: 'Approve' | 'Reject'; readonly by: readonly string[] }
  /** Somebody cancels the run instead. */
  | { readonly verdict: 'Cancel' }
  | { readonly verdict: 'Wait' }

/** A kind of run: what its agent may do, what the model asks for, what people do, and what must come of it. */
export interface Plot {
  readonly approval: Partial<NonNullable<AgentSpec['approval']>> | undefined
  /** Calls of each turn. @param order tells runs apart. */
  turns(order: string): readonly (readonly PlottedCall[])[]
  readonly reviews: Readonly<Record<string, Review>>
  /** By call, what must become of it. */
  readonly ends: Readonly<Record<string, Pick<ExpectedCall, 'arrives' | 'request'>>>
  readonly phases: ExpectedRun['phases']
  readonly failure?: string
}

/** What the tool server answers to a call of a tool, by its full name. */
export const answerOf = (tool: string): string => `${tool}: ok`
/** What the model says when its plot is over. */
export const LAST_WORDS = 'done'

const ALICE = 'alice@acme.com'
const BOB = 'bob@acme.com'

const look = (order: string): PlottedCall => ({ tool: 'desk.look', params: { order, amount: 1 } })
const pay = (order: string, amount = 5000): PlottedCall => ({ tool: 'desk.pay', params: { order, amount } })
const refund = (order: string): PlottedCall => ({ tool: 'desk.refund', params: { order, amount: 7 } })

const asked = { tools: [{ name: 'desk.pay' }, { name: 'desk.refund' }] }
const approve = { verdict: 'Approve', by: [ALICE] } as const
const reject = { verdict: 'Reject', by: [BOB] } as const
const once = { arrives: 'Once', request: ['Approved'] } as const
const free = { arrives: 'Once' } as const

/** Every kind of run that the load is made of. */
export const PLOTS = {
  free: {
    approval: undefined,
    turns: order => [[look(order)]],
    reviews: {},
    ends: { '1.0': free },
    phases: ['Succeeded'],
  },
  gated: {
    approval: asked,
    turns: order => [[pay(order)]],
    reviews: { '1.0': approve },
    ends: { '1.0': once },
    phases: ['Succeeded'],
  },
  conditional: {
    approval: { tools: [{ name: 'desk.pay', when: 'param.amount > 1000' }] },
    turns: order => [[pay(order, 10)], [pay(order, 1001)], [look(order)]],
    reviews: { '2.0': approve },
    ends: { '1.0': free, '2.0': once, '3.0': free },
    phases: ['Succeeded'],
  },
  parallel: {
    approval: asked,
    turns: order => [[look(order), pay(order), refund(order)]],
    reviews: { '1.1': approve, '1.2': approve },
    ends: { '1.0': free, '1.1': once, '1.2': once },
    phases: ['Succeeded'],
  },
  quorum: {
    approval: { ...asked, requiredApprovals: 2 },
    turns: order => [[pay(order)]],
    reviews: { '1.0': { verdict: 'Approve', by: [ALICE, BOB] } },
    ends: { '1.0': once },
    phases: ['Succeeded'],
  },
  rejected: {
    approval: { ...asked, onRejection: 'Fail' },
    turns: order => [[look(order)], [pay(order)]],
    reviews: { '2.0': reject },
    ends: { '1.0': free, '2.0': { arrives: 'Never', request: ['Rejected'] } },
    phases: ['Failed'],
    failure: 'ApprovalRejected',
  },
  adapting: {
    approval: { ...asked, onRejection: 'Continue' },
    turns: order => [[pay(order)], [look(order)]],
    reviews: { '1.0': reject },
    ends: { '1.0': { arrives: 'Never', request: ['Rejected'] }, '2.0': free },
    phases: ['Succeeded'],
  },
  expired: {
    approval: { ...asked, timeoutSeconds: 30, onRejection: 'Continue' },
    turns: order => [[pay(order)], [look(order)]],
    reviews: { '1.0': { verdict: 'Wait' } },
    ends: { '1.0': { arrives: 'Never', request: ['Expired'] }, '2.0': free },
    phases: ['Succeeded'],
  },
  cancelled: {
    approval: asked,
    turns: order => [[look(order)], [pay(order)]],
    reviews: { '2.0': { verdict: 'Cancel' } },
    ends: { '1.0': free, '2.0': { arrives: 'Never', request: ['Cancelled'] } },
    phases: ['Cancelled'],
  },
} as const satisfies Record<string, Plot>

export type PlotName = keyof typeof PLOTS

export const plotOf = (name: PlotName): Plot => PLOTS[name]

/** What must come of a run. Its name is its order. */
export const expectedRun = (namespace: string, run: string, name: PlotName): ExpectedRun => {
  const plot = plotOf(name)
  const calls = plot.turns(run).flatMap((turn, index) =>
    turn.map((call, place): [string, ExpectedCall] => {
      const id = `${index + 1}.${place}`
      const end = plot.ends[id]
      if (!end) throw new Error(`plot ${name} does not say what becomes of call ${id}`)
      return [id, { ...call, result: answerOf(call.tool), ...end }]
    }),
  )
  const { phases, failure } = plot
  return {
    namespace,
    run,
    calls: Object.fromEntries(calls),
    phases,
    output: LAST_WORDS,
    ...(failure === undefined ? {} : { failure }),
  }
}

/** The same, where an operator ended at this time (ms) while the run was under way. */
export const diedOver = (expected: ExpectedRun, at: number): ExpectedRun => ({
  ...expected,
  diedAt: expected.diedAt === 'AnyTime' ? 'AnyTime' : [...(expected.diedAt ?? []), at],
})
