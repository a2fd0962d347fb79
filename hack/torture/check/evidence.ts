import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'

/** One call as the tool server saw it: it writes this down as the first thing it does. */
export interface ToolCall {
  /** Order of arrival over all tool servers, from 1. */
  readonly seq: number
  /** Full name of the tool, as `desk.pay`. */
  readonly tool: string
  /** As they arrived. */
  readonly params: unknown
  /** `<run UID>-<call>`. */
  readonly idempotencyKey: string
}

/**
 * How often a call arrives at the tool server. `Once`: exactly once, and the run goes on with its answer; where an operator
 * died over it, at most once, and the trace says `Unknown`. `Never`: nobody approved it.
 */
export type CallsExpected = 'Once' | 'Never'

/** What the load knows of a run before it begins, and so what must come of it whatever happens meanwhile. */
export interface ExpectedRun {
  readonly namespace: string
  readonly run: string
  /** By id of the call, `<turn>.<index>`. */
  readonly calls: Readonly<Record<string, ExpectedCall>>
  /** Final phases that are right. */
  readonly phases: readonly AgentRunPhase[]
  /** The last words of the model, where the run succeeds. */
  readonly output: string
  /** Why it fails, where it should. */
  readonly failure?: string
  /**
   * When operators ended while the run was under way (ms): a call that was out then may be lost, and no other. `AnyTime`:
   * there are two that both believe they lead, and each takes the other for gone.
   */
  readonly diedAt?: readonly number[] | 'AnyTime'
}

export interface ExpectedCall {
  readonly tool: string
  readonly params: unknown
  readonly arrives: CallsExpected
  /** What the tool answers. */
  readonly result: string
  /** How its request may end; absent: no gate stops it, and there must be no request. */
  readonly request?: readonly RequestEnd[]
}

export type RequestEnd = 'Approved' | 'Rejected' | 'Expired' | 'Cancelled'

type AgentRunPhase = NonNullable<NonNullable<AgentRun['status']>['phase']>

/** All that is looked at, gathered from outside of the operator when the load has come to rest. */
export interface Evidence {
  readonly expected: readonly ExpectedRun[]
  readonly toolCalls: readonly ToolCall[]
  readonly runs: readonly AgentRun[]
  readonly requests: readonly ApprovalRequest[]
  readonly records: readonly AuditRecord[]
}
