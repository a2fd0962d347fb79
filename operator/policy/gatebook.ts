import type { Gate } from '../../crds/v1alpha1/gate.ts'
import { type CompiledGate, compileGates } from './gates.ts'

/** Compiled gates by the list they came from, so that a condition is compiled once for each change of its object. */
export interface GateBook {
  compiled(gates: readonly Gate[]): readonly CompiledGate[]
}

/** Lists are told apart by identity: an object that was changed comes from the API server as a new one. */
export const createGateBook = (): GateBook => {
  const known = new WeakMap<readonly Gate[], readonly CompiledGate[]>()
  return {
    compiled: gates => {
      const found = known.get(gates)
      if (found) return found
      const compiled = compileGates(gates)
      known.set(gates, compiled)
      return compiled
    },
  }
}
