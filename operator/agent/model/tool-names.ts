import { createHash } from 'node:crypto'
import { ModelError } from '../types.ts'

/** What every provider accepts as the name of a tool. */
const WIRE_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/
/** What marks a name that was shortened or cleaned; a name that happens to end so is hashed as well. */
const HASHED = /_[0-9a-f]{16}$/

/**
 * The name that a provider is told for a tool, a function of the full name alone, so that a conversation stays
 * consistent whatever tools come and go: `order_tools.process_refund` is `order_tools__process_refund`. Where that
 * would be ambiguous or is not allowed, the name is cleaned, cut and given 16 hex digits of the full name's SHA-256.
 */
export function wireName(fullName: string): string {
  const dot = fullName.indexOf('.')
  const toolset = fullName.slice(0, Math.max(dot, 0))
  const plain = `${toolset}__${fullName.slice(dot + 1)}`
  // The toolset ends where the first __ begins, as long as it holds none and ends with no underscore.
  const unambiguous = dot > 0 && !toolset.includes('__') && !toolset.endsWith('_')
  if (unambiguous && WIRE_NAME.test(plain) && !HASHED.test(plain)) return plain
  const hash = createHash('sha256').update(fullName).digest('hex').slice(0, 16)
  return `${cleaned(plain).slice(0, 47)}_${hash}`
}

/** A made-up name as it may be sent back to a provider in the conversation. */
export function echoName(name: string): string {
  return WIRE_NAME.test(name) ? name : cleaned(name).slice(0, 64)
}

const cleaned = (name: string): string => {
  const legal = name.replace(/[^a-zA-Z0-9_-]/g, '_')
  return /^[a-zA-Z_]/.test(legal) ? legal : `t_${legal}`
}

/** Both directions for the tools of one request. */
export interface ToolNames {
  /** The wire name of one of the tools. */
  toWire(fullName: string): string
  /** The full name that a wire name stands for (a full name stands for itself), if it is one of the tools. */
  toFull(name: string): string | undefined
  /** The wire name that differs from a made-up one in case or separators alone. */
  nearest(name: string): string | undefined
}

export function toolNames(fullNames: readonly string[]): ToolNames {
  const full = new Set(fullNames)
  const byWire = new Map([...full].map(name => [wireName(name), name]))
  // 64 bits of a hash: two names meet by accident only in an attack, and then neither may stand for the other.
  if (byWire.size !== full.size)
    throw new ModelError('Permanent', 'Two tools of this agent have names that cannot be told apart.')
  const bySpelling = new Map([...byWire.keys()].map(wire => [spelling(wire), wire]))
  return {
    toWire: wireName,
    toFull: name => byWire.get(name) ?? (full.has(name) ? name : undefined),
    nearest: name => bySpelling.get(spelling(name)),
  }
}

const spelling = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
