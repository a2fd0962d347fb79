import type { PlotName } from '../load/plots.ts'

/** A write or an effect in the life of a run, at which the process may die. */
export interface Point {
  /** As effect.ts names it. */
  readonly name: string
  /** Plots in which it happens. */
  readonly plots: readonly PlotName[]
  readonly what: string
  /**
   * Where a death leaves nobody knowing whether the call was made: `before` or `after` this point. A gated call is then
   * never made again.
   */
  readonly unknown?: readonly ('before' | 'after')[]
}

/** Every one of them, in the order in which they happen. */
export const POINTS: readonly Point[] = [
  { name: 'Trace:Started', plots: ['gated'], what: 'the run is Running' },
  { name: 'Record:RunStarted', plots: ['gated'], what: 'the audit record of it' },
  { name: 'Model:Asked', plots: ['gated'], what: 'the model is asked' },
  { name: 'Turn:Stored', plots: ['gated'], what: "the model's answer, whole" },
  { name: 'Run:Held', plots: ['gated'], what: 'the finalizer, before anything is open' },
  { name: 'Request:Created', plots: ['gated', 'adapting'], what: 'the request' },
  { name: 'Request:Opened', plots: ['gated'], what: 'the request says until when it can be decided' },
  { name: 'Record:ApprovalRequested', plots: ['gated'], what: 'the audit record of the request' },
  { name: 'Event:ApprovalRequested', plots: ['gated'], what: 'the Event of it' },
  { name: 'Trace:AwaitingApproval', plots: ['gated'], what: 'the turn in the trace, its call put to people' },
  { name: 'Request:Approved', plots: ['gated'], what: 'the approval settles' },
  {
    name: 'Record:ApprovalApproved',
    plots: ['gated'],
    what: 'its audit record; the fence is written beside it',
    unknown: ['before', 'after'],
  },
  {
    name: 'Event:Approved',
    plots: ['gated'],
    what: 'its Event; the call is not held up by it, and may be under way',
    unknown: ['before', 'after'],
  },
  { name: 'Request:Rejected', plots: ['adapting'], what: 'the rejection settles' },
  { name: 'Record:ApprovalRejected', plots: ['adapting'], what: 'its audit record' },
  { name: 'Trace:Rejected', plots: ['adapting'], what: 'the trace says that the call was not made' },
  { name: 'Request:Cancelled', plots: ['cancelled'], what: 'the request of a cancelled run is closed' },
  { name: 'Record:ApprovalCancelled', plots: ['cancelled'], what: 'its audit record' },
  {
    name: 'Trace:Executing',
    plots: ['gated', 'free'],
    what: 'the fence: this process, and no other, makes the call',
    unknown: ['after'],
  },
  {
    name: 'Record:ToolExecuting',
    plots: ['gated', 'free'],
    what: 'the audit record of the intent, beside the fence',
    unknown: ['before', 'after'],
  },
  { name: 'Tool:Called', plots: ['gated', 'free'], what: 'the call', unknown: ['before', 'after'] },
  { name: 'Turn:Result', plots: ['gated', 'free'], what: "the tool's answer, whole", unknown: ['before'] },
  { name: 'Record:ToolExecuted', plots: ['gated', 'free'], what: 'the audit record of the call' },
  { name: 'Trace:Succeeded', plots: ['gated'], what: 'the result in the trace' },
  { name: 'Record:RunEnded', plots: ['gated'], what: 'the audit record of the end' },
  { name: 'Trace:Ended', plots: ['gated'], what: 'the last answer in the trace, and the final phase' },
  { name: 'Run:Released', plots: ['gated'], what: 'nothing holds the run any more' },
]

/** One death: before or after a point, in a plot. */
export interface Death {
  readonly side: 'before' | 'after'
  readonly point: Point
  readonly plot: PlotName
}

/**
 * Whether several runs can be held at a point at the same time. Of a project one record is written at a time, Events are
 * sent by one sender, and what is written of a request is heard of by the watch as well.
 */
export const together = ({ name }: Point): boolean => !/^(Record|Event|Request):/.test(name)

/** Every death there is. */
export const DEATHS: readonly Death[] = POINTS.flatMap(point =>
  point.plots.flatMap(plot => (['before', 'after'] as const).map(side => ({ side, point, plot }))),
)
