/** A condition that is refused: where, as an index into the source, and what to write instead. */
export class Refusal extends Error {
  readonly index: number
  constructor(index: number, message: string) {
    super(message)
    this.index = index
  }
}

/** A word (keyword, root or property name), a literal, or a sign. `end` is the index after it. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly start: number; readonly end: number }
  | {
      readonly kind: 'number'
      readonly text: string
      readonly value: number
      readonly start: number
      readonly end: number
    }
  | {
      readonly kind: 'string'
      readonly text: string
      readonly value: string
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'sign'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'end'; readonly text: ''; readonly start: number; readonly end: number }

const SPACE = /[ \t\r\n]+/y
const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y
// As in JSON. What follows it is looked at afterwards, so that 007, 0x10, 1_000, 1.5.2 and 10n are refused as a whole.
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const SIGN = /==|!=|<=|>=|&&|\|\||[<>!()[\],.]/y

/** Signs that people know from elsewhere, and what to say of each. Longest first. */
const FOREIGN: readonly (readonly [sign: string, message: string])[] = [
  ['===', 'Write == instead of ===: == never converts types here.'],
  ['!==', 'Write != instead of !==: != never converts types here.'],
  ['...', 'There is no spread in conditions.'],
  ['=>', 'There are no functions in conditions.'],
  ['<>', 'Write != instead of <>.'],
  ['?.', 'Write . instead of ?. : a value that is missing makes the call wait for a reviewer.'],
  ['??', 'There is no ?? in conditions. Write "name" in param and ... for a parameter that may be missing.'],
  ['**', 'There is no arithmetic in conditions.'],
  ['//', 'There are no comments in conditions, and no arithmetic.'],
  ['/*', 'There are no comments in conditions, and no arithmetic.'],
  ['<<', 'There is no arithmetic in conditions.'],
  ['>>', 'There is no arithmetic in conditions.'],
  ['=', 'Write == to compare; nothing can be assigned.'],
  ['&', 'Write and (or &&).'],
  ['|', 'Write or (or ||).'],
  ['+', 'There is no arithmetic in conditions, and a number has no + before it.'],
  [
    '-',
    'There is no arithmetic in conditions. A negative number is written -5; a name with a dash param["card-number"].',
  ],
  ['*', 'There is no arithmetic in conditions.'],
  ['/', 'There is no arithmetic in conditions, and there are no regular expressions.'],
  ['%', 'There is no arithmetic in conditions.'],
  ['^', 'There is no arithmetic in conditions.'],
  ['~', 'There is no arithmetic in conditions.'],
  ['?', 'There is no a ? b : c in conditions. Write (a and b) or (not a and c).'],
  [':', 'A colon means nothing in conditions: there are no slices, no a ? b : c, no lambda.'],
  ['{', 'There are no objects in conditions. A list is written [1, 2].'],
  ['}', 'There are no objects in conditions. A list is written [1, 2].'],
  [';', 'A condition is one expression. Join two with and, or.'],
  ['`', 'Write a text in "double" or \'single\' quotes.'],
  ['“', 'Write a text in straight "quotes".'],
  ['”', 'Write a text in straight "quotes".'],
  ['‘', "Write a text in straight 'quotes'."],
  ['’', "Write a text in straight 'quotes'."],
]

/** Splits a condition into tokens, the last of which is `end`. Throws `Refusal`. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  for (;;) {
    at += match(SPACE)?.length ?? 0
    if (at >= source.length) {
      tokens.push({ kind: 'end', text: '', start: at, end: at })
      return tokens
    }
    const start = at
    const char = source[at] as string
    if (char === '"' || char === "'") {
      const { value, end } = readString(source, at)
      tokens.push({ kind: 'string', text: source.slice(start, end), value, start, end })
      at = end
      continue
    }
    const name = match(NAME)
    if (name !== undefined) {
      at += name.length
      tokens.push({ kind: 'name', text: name, start, end: at })
      continue
    }
    if (/[0-9]/.test(char) || /^[-.][0-9]/.test(source.slice(at, at + 2))) {
      const token = readNumber(source, start, match(NUMBER), tokens.at(-1))
      at = token.end
      tokens.push(token)
      continue
    }
    const foreign = FOREIGN.find(
      ([sign]) => source.startsWith(sign, start) && !(sign === '=' && source[start + 1] === '='),
    )
    const sign = match(SIGN)
    if (foreign !== undefined && (sign === undefined || foreign[0].length > sign.length)) {
      throw new Refusal(start, foreign[1])
    }
    if (sign === undefined) throw new Refusal(start, strangeCharacter(source, start))
    at += sign.length
    tokens.push({ kind: 'sign', text: sign, start, end: at })
  }
}

function strangeCharacter(source: string, index: number): string {
  const code = source.codePointAt(index) as number
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return `The character ${hex} means nothing here. Names outside a-z, A-Z, 0-9, _ and $ are read as param["name"].`
}

function readNumber(
  source: string,
  start: number,
  text: string | undefined,
  before: Token | undefined,
): Token & { kind: 'number' } {
  const dotted = source[start] === '.' && (before?.kind === 'name' || before?.text === ']')
  if (dotted || before?.text === '.') throw new Refusal(start, 'Write an element of a list as [0], not .0.')
  const end = start + (text?.length ?? 0)
  const rest = source[end] ?? ''
  if (text === undefined || /[A-Za-z0-9_$.]/.test(rest)) {
    throw new Refusal(
      start,
      'Write the number as in JSON: 1000, -5, 0.25, 1e3; without leading zeros, underscores or suffixes.',
    )
  }
  const value = Number(text)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new Refusal(start, 'The number is too large to be compared exactly: at most 9007199254740991.')
  }
  if (value === 0 && /[1-9]/.test(text.replace(/[eE].*/, ''))) {
    throw new Refusal(start, 'The number is too small to be told from 0.')
  }
  // -0 and 0 are one number in JSON.
  return { kind: 'number', text, value: value === 0 ? 0 : value, start, end }
}

const ESCAPES = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
])

/**
 * Reads the string literal that begins at `start`. Only escapes that JSON, Python and JavaScript read alike are known:
 * an escape that they read differently would make the author's text another one.
 */
export function readString(source: string, start: number): { readonly value: string; readonly end: number } {
  const quote = source[start]
  let value = ''
  let at = start + 1
  for (;;) {
    const char = source[at]
    if (char === undefined || char === '\n' || char === '\r') {
      throw new Refusal(start, 'The text has no closing quote on its line.')
    }
    if (char === quote) break
    if (char !== '\\') {
      value += char
      at++
      continue
    }
    const simple = ESCAPES.get(source[at + 1] ?? '')
    const unicode = /^u([0-9a-fA-F]{4})/.exec(source.slice(at + 1, at + 6))?.[1]
    if (simple !== undefined) {
      value += simple
      at += 2
    } else if (unicode !== undefined) {
      value += String.fromCharCode(Number.parseInt(unicode, 16))
      at += 6
    } else {
      throw new Refusal(at, String.raw`Unknown escape. Known are \" \' \\ \n \r \t \b \f and \u0041.`)
    }
  }
  if (!value.isWellFormed()) {
    throw new Refusal(start, 'The text holds half of a surrogate pair, which no JSON text can hold.')
  }
  return { value, end: at + 1 }
}
