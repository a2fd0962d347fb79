import type { FiredGate } from '../../crds/v1alpha1/gate.ts'
import { prettyParams, withDigest } from './shown.ts'
import { visible } from './visible.ts'

/** Which gate stopped a call, whose it is, and what made it fire; a line each, beginning with two spaces. */
export function gateLines(gate: FiredGate, agent: string, redacted = withDigest): string[] {
  const owner = gate.from === 'Agent' ? `agent ${agent}` : 'the project'
  const head = `  gate ${visible(gate.name)} of ${owner}`
  const condition = gate.when === undefined ? [] : [`    when ${visible(gate.when)}`]
  const detail = gate.detail === undefined ? '' : `: ${visible(gate.detail)}`
  const values = Object.entries(gate.values ?? {}).flatMap(([accessor, value]) =>
    `      ${visible(accessor)} = ${prettyParams(value, '      ', redacted)}`.split('\n'),
  )
  switch (gate.outcome) {
    case 'Always':
      return [`${head}: it stops every call`]
    case 'ConditionTrue':
      return [head, ...condition, '    which holds:', ...values]
    case 'ConditionUnknown':
      return [head, ...condition, `    which could not be evaluated${detail}`, ...values]
    case 'ToolChanged':
      return [`${head}: the tool is not the one that was accepted${detail}`]
  }
}
