import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import { cutText, kindOf, preview } from '../json.ts'
import { compareTexts, contains, equals } from './compare.ts'
import { parse } from './parse.ts'
import { type AccessPath, accessPath, type Comparison, type Node } from './syntax.ts'
import { Refusal } from './tokens.ts'

/** Longest condition, in Unicode characters, as the API server counts them. */
export const MAX_CONDITION_LENGTH = 2000

/** What a condition reads: `param` the call's parameters, `context` the run's context. */
export interface Scope {
  readonly param: JsonObject
  readonly context: JsonObject
}

/** One evaluation: what is read, and what came of it. */
export interface Frame extends Scope {
  /** What each accessor that was read held, by canonical text, cut for people. */
  readonly values: Record<string, JsonValue>
  /** Why the outcome is Unknown. */
  detail: string
}

/** Stands for the result of what cannot be evaluated. It ends the evaluation: nothing more is read. */
export const UNKNOWN = Symbol('unknown')

type Run<T> = (frame: Frame) => T | typeof UNKNOWN

/** A condition that was parsed, checked and turned into closures. It holds no state: use it for any number of calls. */
export interface Condition {
  readonly source: string
  /** Each accessor it may read, once, in the order of the text. */
  readonly paths: readonly AccessPath[]
  readonly run: Run<boolean>
}

/** A condition, or where (from 1, in characters) and why it is refused, with what to write instead. */
export type Compiled =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly column: number; readonly message: string }

/** Compiles a condition of the language in docs/conditions.md. Total: anything gives an answer. */
export function compileCondition(source: string): Compiled {
  if (typeof source !== 'string') return { ok: false, column: 1, message: 'The condition is not a text.' }
  try {
    // The first test keeps the second from counting megabytes.
    if (source.length > 2 * MAX_CONDITION_LENGTH || [...source].length > MAX_CONDITION_LENGTH) {
      throw new Refusal(0, `The condition is longer than ${MAX_CONDITION_LENGTH} characters.`)
    }
    const tree = parse(source)
    const paths = new Map<string, AccessPath>()
    const run = toBoolean(tree, { source, paths })
    return { ok: true, condition: { source, paths: [...paths.values()], run } }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ok: false, column: [...source.slice(0, error.index)].length + 1, message: error.message }
  }
}

interface Compilation {
  readonly source: string
  readonly paths: Map<string, AccessPath>
}

function textOf(node: Node, { source }: Compilation): string {
  return cutText(source.slice(node.start, node.end), 120)
}

/** A node where a boolean is wanted: an operand of and, or, not, or the whole condition. null counts as false. */
function toBoolean(node: Node, c: Compilation): Run<boolean> {
  switch (node.kind) {
    case 'literal':
      if (node.value === null || typeof node.value === 'boolean') {
        const value = node.value === true
        return () => value
      }
      throw new Refusal(
        node.start,
        `${textOf(node, c)} is neither true nor false. Compare it with something.`,
      )
    case 'list':
      throw new Refusal(
        node.start,
        'A list is neither true nor false. Compare it, or write a value in [...].',
      )
    case 'path': {
      const read = toRead(node.path, c)
      const { text } = node.path
      return frame => {
        const value = read(frame)
        if (typeof value === 'boolean' || value === UNKNOWN) return value
        if (value === null) return false
        frame.detail = `${text} is ${kindOf(value)}, not true or false`
        return UNKNOWN
      }
    }
    case 'not': {
      const operand = toBoolean(node.operand, c)
      return frame => {
        const value = operand(frame)
        return value === UNKNOWN ? UNKNOWN : !value
      }
    }
    case 'and':
    case 'or':
      return toJoined(
        node.kind === 'or',
        node.operands.map(operand => toBoolean(operand, c)),
      )
    case 'compare':
      return toComparison(node, c)
  }
}

/** Left to right, until one is `decides`: true for or, false for and. */
function toJoined(decides: boolean, operands: readonly Run<boolean>[]): Run<boolean> {
  return frame => {
    for (let i = 0; i < operands.length; i++) {
      const value = (operands[i] as Run<boolean>)(frame)
      if (value === UNKNOWN || value === decides) return value
    }
    return !decides
  }
}

function toComparison(node: Node & { kind: 'compare' }, c: Compilation): Run<boolean> {
  const text = textOf(node, c)
  const { op } = node
  checkTypes(node, c)
  const left = toValue(node.left, c)
  const right = toValue(node.right, c)
  const compare = COMPARE[op]
  return frame => {
    const a = left(frame)
    if (a === UNKNOWN) return UNKNOWN
    const b = right(frame)
    if (b === UNKNOWN) return UNKNOWN
    const result = compare(a, b)
    if (result !== undefined) return result
    frame.detail = `${text} cannot be evaluated: ${complaint(op, a, b)}`
    return UNKNOWN
  }
}

const COMPARE: Readonly<Record<Comparison, (a: JsonValue, b: JsonValue) => boolean | undefined>> = {
  '==': (a, b) => equals(a, b),
  '!=': (a, b) => negated(equals(a, b)),
  '<': (a, b) => ordered(a, b, (x, y) => x < y),
  '<=': (a, b) => ordered(a, b, (x, y) => x <= y),
  '>': (a, b) => ordered(a, b, (x, y) => x > y),
  '>=': (a, b) => ordered(a, b, (x, y) => x >= y),
  in: contains,
  'not in': (a, b) => negated(contains(a, b)),
}

function negated(result: boolean | undefined): boolean | undefined {
  return result === undefined ? undefined : !result
}

function ordered(a: JsonValue, b: JsonValue, test: (x: number, y: number) => boolean): boolean | undefined {
  if (typeof a === 'number' && typeof b === 'number') return test(a, b)
  if (typeof a === 'string' && typeof b === 'string') return test(compareTexts(a, b), 0)
  return undefined
}

function complaint(op: Comparison, a: JsonValue, b: JsonValue): string {
  if (op === '==' || op === '!=') return 'the values are nested too deeply'
  if (op !== 'in' && op !== 'not in') return `${kindOf(a)} and ${kindOf(b)} have no order`
  if (Array.isArray(b)) return 'the values are nested too deeply'
  if (typeof b === 'string') return `${kindOf(a)} is not looked for in a string`
  return typeof b === 'object' && b !== null
    ? `${kindOf(a)} is not the name of a property`
    : `nothing is in ${kindOf(b)}`
}

/** Refuses what no params could ever make sense of: an order of booleans, something in a number. */
function checkTypes(node: Node & { kind: 'compare' }, c: Compilation): void {
  const { op, left, right } = node
  if (op === 'in' || op === 'not in') {
    if (right.kind === 'list' || right.kind === 'path') return
    if (right.kind === 'literal' && typeof right.value === 'string') {
      if (left.kind === 'path' || (left.kind === 'literal' && typeof left.value === 'string')) return
      throw new Refusal(
        left.start,
        `Only a text can be looked for in a text, and ${textOf(left, c)} is none.`,
      )
    }
    throw new Refusal(
      right.start,
      `To the right of ${op} stands a list, a text, param.<name> or context.<name>.`,
    )
  }
  if (op === '==' || op === '!=') return
  const kinds = [left, right].map(side => {
    if (side.kind === 'path') return undefined
    if (side.kind === 'literal' && (typeof side.value === 'number' || typeof side.value === 'string')) {
      return typeof side.value
    }
    throw new Refusal(
      side.start,
      `${op} compares numbers with numbers and texts with texts, and ${textOf(side, c)} is neither.`,
    )
  })
  if (kinds[0] !== undefined && kinds[1] !== undefined && kinds[0] !== kinds[1]) {
    throw new Refusal(right.start, `${op} compares numbers with numbers and texts with texts.`)
  }
}

function toValue(node: Node, c: Compilation): Run<JsonValue> {
  switch (node.kind) {
    case 'literal': {
      const { value } = node
      return () => value
    }
    case 'path':
      return toRead(node.path, c)
    case 'list': {
      const items = node.items.map(item => toValue(item, c))
      return frame => {
        const list: JsonValue[] = []
        for (const item of items) {
          const value = item(frame)
          if (value === UNKNOWN) return UNKNOWN
          list.push(value)
        }
        return list
      }
    }
    default:
      return toBoolean(node, c)
  }
}

function toRead(path: AccessPath, c: Compilation): Run<JsonValue> {
  c.paths.set(path.text, path)
  const { root, steps, text } = path
  return frame => {
    let value: JsonValue = frame[root]
    for (let i = 0; i < steps.length; i++) {
      const inner = ownValue(value, steps[i] as string | number)
      if (inner === undefined) {
        frame.detail = whyMissing(path, i, value)
        return UNKNOWN
      }
      value = inner
    }
    if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      frame.detail = `${text} is a number too large to be known exactly`
      return UNKNOWN
    }
    frame.values[text] = typeof value === 'string' || typeof value === 'object' ? preview(value) : value
    return value
  }
}

/**
 * What stands at one step into a value: an own property of an object by its name, an element of a list by its index,
 * otherwise undefined. Nothing else of the host language (length, prototypes, characters of a text) can be read.
 */
function ownValue(value: JsonValue, step: string | number): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined
  return typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined
}

function whyMissing(path: AccessPath, at: number, value: JsonValue): string {
  const missing = accessPath(path.root, path.steps.slice(0, at + 1)).text
  const holder = accessPath(path.root, path.steps.slice(0, at)).text
  const step = path.steps[at]
  const fits = typeof step === 'number' ? Array.isArray(value) : kindOf(value) === 'an object'
  return fits ? `${missing} is missing` : `${missing} is missing: ${holder} is ${kindOf(value)}`
}

/** What stands at an accessor, or undefined. */
export function readPath(path: AccessPath, scope: Scope): JsonValue | undefined {
  let value: JsonValue | undefined = scope[path.root]
  for (const step of path.steps) {
    if (value === undefined) return undefined
    value = ownValue(value, step)
  }
  return value
}
