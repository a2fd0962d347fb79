import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'

// Random conditions for tests: a tree, one of the texts that Python reads as this tree, and what it must give, worked
// out here on the tree by the plainest means. Nothing of the parser or the evaluator is used.

export type Expr =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null }
  | { readonly is: 'path'; readonly root: 'param' | 'context'; readonly steps: readonly (string | number)[] }
  | { readonly is: 'list'; readonly items: readonly Expr[] }
  | { readonly is: 'not'; readonly operand: Expr }
  | { readonly is: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
  | { readonly is: 'compare'; readonly op: string; readonly left: Expr; readonly right: Expr }

const NAMES = [
  'a',
  'b',
  'in',
  'is',
  'not',
  'true',
  'length',
  'constructor',
  '__proto__',
  'card-number',
  '0',
  '',
]
const TEXTS = [
  '',
  'a',
  'b',
  'ab',
  'length',
  '"',
  "'",
  '\\',
  'a\nb',
  'é',
  '\u{1f600}',
  '\uff5e',
  '__proto__',
  '1',
]
const NUMBERS = [0, 1, -1, 2, 0.1, -0.5, 1000, 1e-7, 9007199254740991, -9007199254740991]

const literal = fc
  .constantFrom<string | number | boolean | null>(...TEXTS, ...NUMBERS, true, false, null)
  .map((value): Expr => ({ is: 'literal', value }))
const path = fc
  .tuple(
    fc.constantFrom('param' as const, 'context' as const),
    fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...NAMES) }, fc.constantFrom(0, 1)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([root, steps]): Expr => ({ is: 'path', root, steps }))
const common = fc
  .tuple(fc.constantFrom('param' as const, 'context' as const), fc.constantFrom('a', 'b'))
  .map(([root, name]): Expr => ({ is: 'path', root, steps: [name] }))
const anyPath = fc.oneof({ weight: 3, arbitrary: common }, path)

/** Random trees of which no part is senseless whatever the params are. */
export const expressions: fc.Arbitrary<Expr> = fc.letrec<{ value: Expr; list: Expr; test: Expr }>(tie => ({
  list: fc
    .array(fc.oneof({ depthSize: 'small' }, literal, anyPath, tie('list')), { maxLength: 3 })
    .map((items): Expr => ({ is: 'list', items })),
  value: fc.oneof({ depthSize: 'small' }, anyPath, literal, tie('list'), tie('test')),
  test: fc.oneof(
    { depthSize: 'medium' },
    anyPath,
    fc.constantFrom<Expr>(
      { is: 'literal', value: true },
      { is: 'literal', value: false },
      { is: 'literal', value: null },
    ),
    tie('test').map((operand): Expr => ({ is: 'not', operand })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), tie('test'), tie('test'))
      .map(([is, left, right]): Expr => ({ is, left, right })),
    fc
      .tuple(fc.constantFrom('==', '!='), tie('value'), tie('value'))
      .map(([op, left, right]): Expr => ({ is: 'compare', op, left, right })),
    fc
      .tuple(fc.constantFrom('is', 'is not'), tie('value'), literal)
      .map(([op, left, right]): Expr => ({ is: 'compare', op, left, right })),
    fc
      .tuple(
        fc.constantFrom('<', '<=', '>', '>='),
        anyPath,
        fc.oneof(
          anyPath,
          fc.constantFrom(...TEXTS, ...NUMBERS).map((value): Expr => ({ is: 'literal', value })),
        ),
        fc.boolean(),
      )
      .map(([op, a, b, swap]): Expr => ({ is: 'compare', op, left: swap ? b : a, right: swap ? a : b })),
    fc
      .tuple(fc.constantFrom('in', 'not in'), tie('value'), fc.oneof(anyPath, tie('list')))
      .map(([op, left, right]): Expr => ({ is: 'compare', op, left, right })),
    fc
      .tuple(fc.constantFrom('in', 'not in'), anyPath, fc.constantFrom(...TEXTS))
      .map(([op, left, value]): Expr => ({ is: 'compare', op, left, right: { is: 'literal', value } })),
  ),
})).test

/** JSON objects whose properties the paths above often meet. */
export const objects: fc.Arbitrary<JsonObject> = fc.letrec<{ value: JsonValue; object: JsonObject }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<JsonValue>(...TEXTS, ...NUMBERS, true, false, null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...NAMES, 'a', 'b', 'a', 'b'), tie('value')), { maxLength: 6 })
    .map(entries => Object.fromEntries(entries) as JsonObject),
})).object

/** How a text is spelled where the language leaves a choice; and parentheses that change nothing. */
export interface Style {
  /** A number from 0 to 1, another at each call. */
  readonly next: () => number
}

/** Draws the choices of a style from a seed. */
export function styleOf(seed: number): Style {
  let state = seed | 1
  return {
    next: () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return (state >>> 8) / 2 ** 24
    },
  }
}

const PLAIN: Style = { next: () => 0 }

/** A text of the tree, by Python's grammar: or, and, not, comparison, operand, from loose to tight. */
export function print(expr: Expr, style: Style = PLAIN): string {
  const choose = (...choices: readonly string[]): string =>
    choices[Math.floor(style.next() * choices.length)] as string
  const grouped = (inner: Expr): string => `(${choose('', ' ')}${text(inner)}${choose('', '\n')})`
  const level = (inner: Expr): number =>
    ({ or: 0, and: 1, not: 2, compare: 3, literal: 4, path: 4, list: 4 })[inner.is]
  const at = (least: number, inner: Expr): string =>
    level(inner) < least || style.next() > 0.9 ? grouped(inner) : text(inner)

  const quoted = (value: string): string => {
    const json = JSON.stringify(value)
    if (style.next() < 0.5) return json
    return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  }
  const literalText = (value: string | number | boolean | null): string => {
    if (typeof value === 'string') return quoted(value)
    if (typeof value === 'number') return String(value)
    if (value === null) return choose('null', 'None')
    return value ? choose('true', 'True') : choose('false', 'False')
  }
  const text = (inner: Expr): string => {
    switch (inner.is) {
      case 'literal':
        return literalText(inner.value)
      case 'path':
        return inner.root + inner.steps.map(step).join('')
      case 'list':
        return `[${inner.items.map(item => text(item)).join(choose(', ', ','))}]`
      case 'not': {
        const sign = choose('not ', '!', '! ', 'not\t')
        // A comparison behind a not is always in parentheses: see docs/conditions.md.
        return sign + at(inner.operand.is === 'compare' ? 5 : 2, inner.operand)
      }
      case 'and':
        return at(1, inner.left) + choose(' and ', ' && ', '\nand ') + at(2, inner.right)
      case 'or':
        return at(0, inner.left) + choose(' or ', ' || ', ' or\n') + at(1, inner.right)
      case 'compare':
        return `${at(4, inner.left)} ${inner.op} ${at(4, inner.right)}`
    }
  }
  const step = (value: string | number): string => {
    if (typeof value === 'number') return `[${value}]`
    return /^[A-Za-z_$][\w$]*$/.test(value) && style.next() < 0.8 ? `.${value}` : `[${quoted(value)}]`
  }
  return text(expr)
}

class Unknown extends Error {}

/** What design.md section 4 says that the tree gives. */
export function expected(
  expr: Expr,
  scope: { param: JsonObject; context: JsonObject },
): 'True' | 'False' | 'Unknown' {
  const boolean = (inner: Expr): boolean => {
    const result = value(inner)
    if (result === null) return false
    if (typeof result !== 'boolean') throw new Unknown()
    return result
  }
  const value = (inner: Expr): JsonValue => {
    switch (inner.is) {
      case 'literal':
        return inner.value
      case 'list':
        return inner.items.map(value)
      case 'path':
        return inner.steps.reduce<JsonValue>((at, step) => {
          const entries = Array.isArray(at)
            ? at.map((item, i): [string | number, JsonValue] => [i, item])
            : typeof at === 'object' && at !== null
              ? Object.entries(at)
              : []
          const found = entries.find(([key]) => key === step)
          if (found === undefined) throw new Unknown()
          return found[1]
        }, scope[inner.root])
      case 'not':
        return !boolean(inner.operand)
      case 'and':
        return boolean(inner.left) ? boolean(inner.right) : false
      case 'or':
        return boolean(inner.left) ? true : boolean(inner.right)
      case 'compare':
        return compare(inner.op, value(inner.left), value(inner.right))
    }
  }
  try {
    return boolean(expr) ? 'True' : 'False'
  } catch (error) {
    if (error instanceof Unknown) return 'Unknown'
    throw error
  }
}

/** A text that two JSON values share exactly when they are equal. */
function fingerprint(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(fingerprint)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${fingerprint(item)}`)
  return `{${members.sort()}}`
}

function compare(op: string, a: JsonValue, b: JsonValue): boolean {
  const same = fingerprint(a) === fingerprint(b)
  if (op === '==' || op === 'is') return same
  if (op === '!=' || op === 'is not') return !same
  if (op === 'in' || op === 'not in') return isIn(a, b) === (op === 'in')
  const order = (): number => {
    if (typeof a === 'number' && typeof b === 'number') return a - b
    if (typeof a !== 'string' || typeof b !== 'string') throw new Unknown()
    const [x, y] = [codePoints(a), codePoints(b)]
    return x < y ? -1 : x > y ? 1 : 0
  }
  if (op === '<') return order() < 0
  if (op === '<=') return order() <= 0
  return op === '>' ? order() > 0 : order() >= 0
}

function codePoints(text: string): string {
  return [...text].map(char => (char.codePointAt(0) as number).toString(16).padStart(6, '0')).join('')
}

function isIn(a: JsonValue, b: JsonValue): boolean {
  if (Array.isArray(b)) return b.some(item => fingerprint(item) === fingerprint(a))
  if (typeof a !== 'string') throw new Unknown()
  if (typeof b === 'string') return b.split(a).length > 1 || a === ''
  if (typeof b === 'object' && b !== null) return Object.keys(b).includes(a)
  throw new Unknown()
}
