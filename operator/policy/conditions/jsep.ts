import jsep from 'jsep'
import type { Comparison } from './syntax.ts'

// jsep keeps its operators, literals and hooks in static fields of one class, and every package of the process that
// uses jsep changes the same fields. A subclass does not help: jsep's methods name the class itself. So the fields are
// ours for the time of one parse, which is synchronous and calls nobody while there are no hooks, and theirs again
// after it. What a package could do beyond that (replace a method of the class), tree.ts notices: it takes no tree
// but the one that the tokens allow.

/** What jsep's static fields hold, as far as they change how a text is read. Its types leave the class out. */
interface Fields {
  binary_ops: Readonly<Record<string, number>>
  unary_ops: Readonly<Record<string, number>>
  max_binop_len: number
  max_unop_len: number
  right_associative: ReadonlySet<string>
  additional_identifier_chars: ReadonlySet<string>
  literals: Readonly<Record<string, unknown>>
  this_str: string
  hooks: object
}

const fields = (jsep as unknown as { readonly Jsep: Fields }).Jsep

/** What compares, as it is spelled for jsep, and what it means. */
export const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['==', '=='],
  ['!=', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['in', 'in'],
  ['not in', 'not in'],
  ['is', '=='],
  ['is not', '!='],
])

/** Marks the parenthesis that follows it. jsep's tree shows no parentheses, and here they make a difference. */
export const GROUP = '#'

const BINARY = { '||': 1, '&&': 2, ...Object.fromEntries([...COMPARISONS.keys()].map(op => [op, 3])) }

const OURS: Readonly<Fields> = {
  binary_ops: Object.freeze(BINARY),
  unary_ops: Object.freeze({ '!': 1, [GROUP]: 1 }),
  max_binop_len: Math.max(...Object.keys(BINARY).map(op => op.length)),
  max_unop_len: 1,
  right_associative: new Set(),
  additional_identifier_chars: new Set(),
  literals: Object.freeze({}),
  this_str: '',
  hooks: Object.freeze(Object.create(null) as object),
}
const NAMES = Object.keys(OURS) as readonly (keyof Fields)[]

/**
 * jsep's tree of a text in which `respell` left nothing but `||`, `&&`, `!`, comparisons, brackets, the mark of a group
 * and made-up names. Throws what jsep throws, and an error where another package keeps the fields from being set.
 */
export function parseByJsep(text: string): jsep.Expression {
  const theirs = Object.fromEntries(NAMES.map(name => [name, fields[name]]))
  try {
    Object.assign(fields, OURS)
    if (NAMES.some(name => fields[name] !== OURS[name]))
      throw new Error('The operators of jsep cannot be set.')
    return jsep(text)
  } finally {
    Object.assign(fields, theirs)
  }
}
