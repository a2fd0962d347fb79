/** A gate as an agent or a project has it. */
export interface AnyGate {
  readonly name: string
  readonly when?: string | undefined
}

export interface OwnedGate extends AnyGate {
  readonly from: 'agent' | 'project'
}

/** Whether a gate is about a tool; as in operator/policy/gates.ts. */
export const matchesGate = (gate: string, tool: string): boolean =>
  gate.endsWith('*') ? tool.startsWith(gate.slice(0, -1)) : tool === gate

/** Every gate that a call of a tool is put to, those of the agent first. */
export function gatesOf(
  tool: string,
  ofAgent: readonly AnyGate[],
  ofProject: readonly AnyGate[],
): OwnedGate[] {
  const from = (gates: readonly AnyGate[], owner: OwnedGate['from']): OwnedGate[] =>
    gates.filter(({ name }) => matchesGate(name, tool)).map(gate => ({ ...gate, from: owner }))
  return [...from(ofAgent, 'agent'), ...from(ofProject, 'project')]
}

/** Gates of the agent that are about none of its tools: a typing error, most likely. */
export const gatesOfNothing = (gates: readonly AnyGate[], tools: readonly string[]): AnyGate[] =>
  gates.filter(({ name }) => !tools.some(tool => matchesGate(name, tool)))
