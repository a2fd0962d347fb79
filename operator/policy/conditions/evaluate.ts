import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import { type Condition, type Frame, type Scope, UNKNOWN } from './compile.ts'

/**
 * What came of a condition. `values` holds what each accessor that was read held, by its canonical text
 * (`param.amount`), cut for people (`preview`); a missing one is not in it. `detail` names what could not be
 * evaluated, never a value.
 */
export type Evaluation =
  | { readonly outcome: 'True' | 'False'; readonly values: Record<string, JsonValue> }
  | { readonly outcome: 'Unknown'; readonly detail: string; readonly values: Record<string, JsonValue> }

/** Evaluates a condition. Total over JSON values: it never throws and never calls anything that it finds in them. */
export function evaluate(condition: Condition, scope: Scope): Evaluation {
  const frame: Frame = { param: scope.param, context: scope.context, values: {}, detail: '' }
  const result = condition.run(frame)
  if (result === UNKNOWN) return { outcome: 'Unknown', detail: frame.detail, values: frame.values }
  return { outcome: result ? 'True' : 'False', values: frame.values }
}

/** What the operator itself knows of a run: `context.run` of its conditions. */
export interface RunFacts {
  /** Who started the run; absent where that is unknown. */
  readonly startedBy?: string
  /** Name of the AgentRun. */
  readonly name: string
}

/** The context that conditions read: the run's own, with `run` always the operator's, whatever the run says. */
export function contextFor(runContext: JsonObject | undefined, run: RunFacts): JsonObject {
  const facts: JsonObject = { name: run.name }
  if (run.startedBy !== undefined) facts.startedBy = run.startedBy
  return { ...runContext, run: facts }
}
