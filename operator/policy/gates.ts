import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import type { FiredGate, Gate } from '../../crds/v1alpha1/gate.ts'
import { type Compiled, compileCondition, readPath } from './conditions/compile.ts'
import { evaluate } from './conditions/evaluate.ts'
import type { AccessPath } from './conditions/syntax.ts'
import { cutText, isObject, preview } from './json.ts'
import { REDACTED_KEY } from './params.ts'
import { undeclared, undeclaredDetail } from './schema.ts'

/** A gate whose condition, if it has one, was compiled (or refused) once. */
export interface CompiledGate extends Gate {
  readonly condition?: Compiled
}

/** Compiles the conditions of gates for any number of calls. A refused one stays: it will stop each call it matches. */
export function compileGates(gates: readonly Gate[]): readonly CompiledGate[] {
  return gates.map(gate =>
    gate.when === undefined ? gate : { ...gate, condition: compileCondition(gate.when) },
  )
}

/** Whether a gate is about a tool: by its full name, or by what stands before a trailing `*`. Case counts. */
export function matchesGate(gateName: string, tool: string): boolean {
  return gateName.endsWith('*') ? tool.startsWith(gateName.slice(0, -1)) : tool === gateName
}

/** What the gates may do to calls of a tool, for `status.tools` of its Agent. */
export function gateOf(
  tool: string,
  agentGates: readonly Gate[],
  projectGates: readonly Gate[],
): 'None' | 'Always' | 'Conditional' {
  const matching = [...agentGates, ...projectGates].filter(gate => matchesGate(gate.name, tool))
  if (matching.length === 0) return 'None'
  return matching.some(gate => gate.when === undefined) ? 'Always' : 'Conditional'
}

/** A call as the gates see it. */
export interface GatedCall {
  /** Full name of the tool. */
  readonly tool: string
  /** What the tool will be called with. */
  readonly params: JsonObject
  /** `params` as people may see them (`redactParams`); what gates show of params is read from here. Default: params. */
  readonly shown?: JsonObject
  /** What `contextFor` gave. */
  readonly context: JsonObject
  /** The tool's inputSchema. */
  readonly schema: unknown
  readonly agentGates: readonly CompiledGate[]
  readonly projectGates: readonly CompiledGate[]
  /** How the tool differs from the one that was pinned, for people; absent: it does not. */
  readonly toolChanged?: string | undefined
}

/** Whether a call must wait for people, and every gate that says so. */
export type GateResult = { readonly gated: false } | { readonly gated: true; readonly gates: FiredGate[] }

const MAX_GATES = 200
const MAX_DETAIL = 1024
const MAX_VALUE_NAME = 512
/** Characters of JSON that the values of all gates of a call may take together. */
const MAX_VALUES = 65_536

/**
 * Puts a call to all gates, of agent and project. None of them can let a call through that another stops. A condition
 * that was refused, that cannot be evaluated, or that is false of a call with undeclared properties stops the call.
 */
export function evaluateGates(call: GatedCall): GateResult {
  const fired: FiredGate[] = []
  if (call.toolChanged !== undefined) {
    const detail = cutText(call.toolChanged, MAX_DETAIL)
    fired.push({ name: call.tool, from: 'Agent', outcome: 'ToolChanged', detail })
  }
  let strange: string | null | undefined
  const undeclaredIn = (): string | null => {
    if (strange === undefined) {
      const list = undeclared(call.schema, call.params)
      strange = list.length === 0 ? null : undeclaredDetail(list)
    }
    return strange
  }
  for (const from of ['Agent', 'Project'] as const) {
    for (const gate of from === 'Agent' ? call.agentGates : call.projectGates) {
      if (!matchesGate(gate.name, call.tool)) continue
      const entry = putTo(gate, from, call, undeclaredIn)
      if (entry !== undefined) fired.push(entry)
    }
  }
  return fired.length === 0 ? { gated: false } : { gated: true, gates: bounded(fired) }
}

function putTo(
  gate: CompiledGate,
  from: FiredGate['from'],
  call: GatedCall,
  undeclaredIn: () => string | null,
): FiredGate | undefined {
  const { name, when } = gate
  if (when === undefined) return { name, from, outcome: 'Always' }
  // Not a CompiledGate after all: compiling it now is slow, passing it over would un-gate the tool.
  const compiled = gate.condition ?? compileCondition(when)
  const base = { name, from, when: cutText(String(when), 2000) }
  if (!compiled.ok) {
    const detail = `The condition is not valid, at column ${compiled.column}: ${compiled.message}`
    return { ...base, outcome: 'ConditionUnknown', detail: cutText(detail, MAX_DETAIL) }
  }
  const { condition } = compiled
  const result = evaluate(condition, { param: call.params, context: call.context })
  const unknown = result.outcome === 'Unknown' ? `${result.detail}.` : undefined
  const detail = unknown ?? (result.outcome === 'False' ? (undeclaredIn() ?? undefined) : undefined)
  if (result.outcome === 'False' && detail === undefined) return undefined
  const read = condition.paths.filter(path => Object.hasOwn(result.values, path.text))
  const values = shownValues(read, { param: call.shown ?? call.params, context: call.context })
  if (detail === undefined) return { ...base, outcome: 'ConditionTrue', values }
  return { ...base, outcome: 'ConditionUnknown', detail: cutText(detail, MAX_DETAIL), values }
}

/** What the accessors that were read hold in the shown view; at or beneath a redacted value, its mark. */
function shownValues(
  paths: readonly AccessPath[],
  scope: { readonly param: JsonObject; readonly context: JsonObject },
): Record<string, JsonValue> {
  const values: Record<string, JsonValue> = {}
  for (const path of paths) {
    let value: JsonValue | undefined
    for (let length = 0; length <= path.steps.length; length++) {
      value = readPath({ ...path, steps: path.steps.slice(0, length) }, scope)
      if (isObject(value) && Object.hasOwn(value, REDACTED_KEY)) break
    }
    if (value !== undefined) values[cutText(path.text, MAX_VALUE_NAME)] = preview(value)
  }
  return values
}

/** Keeps the list within what an ApprovalRequest may hold, leaving out values first, never the fact that a gate fired. */
function bounded(fired: readonly FiredGate[]): FiredGate[] {
  let room = MAX_VALUES
  return fired.slice(0, MAX_GATES).map(gate => {
    if (gate.values === undefined) return gate
    room -= JSON.stringify(gate.values).length
    if (room >= 0) return gate
    const { values: _, ...rest } = gate
    return {
      ...rest,
      detail: cutText(`${rest.detail ?? ''} The values are left out: too many.`.trim(), MAX_DETAIL),
    }
  })
}
