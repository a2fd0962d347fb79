import { cutText } from '../json.ts'
import { COMPARISONS, GROUP } from './jsep.ts'
import { Refusal, type Token } from './tokens.ts'

// jsep forgives: to it [1 2] is a list, a comma may stand anywhere, and two expressions beside each other are one. So
// the order of the tokens is checked before it sees them, from left to right and without a look at precedence, which is
// jsep's part. What is handed on holds no text, number or name of the author.

/** Parentheses, lists and nots inside each other. Keeps the stack of jsep bounded, whatever the text is. */
const MAX_NESTING = 32

/** The literals that are words. */
export const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
])
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is'])

/** What may come next: at `negation` not or an operand, at `item` an operand or the end of an empty list. */
type State = 'negation' | 'operand' | 'item' | 'operator'

/** A bracket that is open, or the whole text; and how many nots stand before what is read in it now. */
interface Frame {
  readonly open: Token | undefined
  nots: number
}

/** The name that stands for the token of this index. No operator, and it holds nothing but letters and digits. */
export function placeholder(index: number): string {
  return `v${index}`
}

/**
 * The tokens as a text for jsep: and, or, not as `&&`, `||`, `!`; a mark before each group; a placeholder for each text,
 * number and name. Throws `Refusal` at the first token that cannot stand where it stands.
 */
export function respell(tokens: readonly Token[]): string {
  const spelled: string[] = []
  const frames: Frame[] = [{ open: undefined, nots: 0 }]
  let next = 0
  let nesting = 0

  const peek = (ahead = 0): Token => tokens[Math.min(next + ahead, tokens.length - 1)] as Token
  const frame = (): Frame => frames.at(-1) as Frame
  const write = (spelling: string, count = 1): void => {
    spelled.push(spelling)
    next += count
  }
  const writePlaceholder = (): void => write(placeholder(next))
  const nest = (token: Token): void => {
    if (++nesting > MAX_NESTING) {
      throw new Refusal(token.start, `More than ${MAX_NESTING} parentheses, lists or nots inside each other.`)
    }
  }
  const open = (token: Token, spelling: string): void => {
    nest(token)
    frames.push({ open: token, nots: 0 })
    write(spelling)
  }
  const close = (token: Token): State => {
    nesting -= 1 + frame().nots
    frames.pop()
    write(token.text)
    return afterOperand(false)
  }

  function operand(state: State): State {
    const token = peek()
    /** To the right of in, where param and context may stand alone. */
    const searched = state === 'operand' && /^(?:not )?in$/.test(spelled.at(-1) ?? '')
    if (state === 'negation' && isNot(token)) {
      nest(token)
      frame().nots++
      write('!')
      return 'negation'
    }
    if (token.kind === 'number' || token.kind === 'string' || isWord(token, ...LITERALS.keys())) {
      writePlaceholder()
      return afterOperand(false)
    }
    if (isWord(token, 'param', 'context')) {
      writePlaceholder()
      const alone = !steps()
      afterOperand(true)
      if (alone && !searched) throw rootAlone(token)
      return 'operator'
    }
    if (isSign(token, '[')) {
      open(token, '[')
      return 'item'
    }
    if (isSign(token, '(')) {
      open(token, `${GROUP} (`)
      return 'negation'
    }
    if (state === 'item' && isSign(token, ']')) return close(token)
    throw new Refusal(token.start, noOperand(token, peek(1)))
  }

  /** The steps of an accessor behind its root. Says whether there are any. */
  function steps(): boolean {
    for (let any = false; ; any = true) {
      const sign = peek()
      if (isSign(sign, '.')) {
        write('.')
        const name = peek()
        if (name.kind !== 'name') {
          throw new Refusal(
            name.start,
            'After the . a name is missing. Names with other characters are read as ["card-number"].',
          )
        }
        writePlaceholder()
      } else if (isSign(sign, '[')) {
        write('[')
        const key = peek()
        if (key.kind !== 'string' && !(key.kind === 'number' && /^[0-9]+$/.test(key.text))) {
          throw new Refusal(key.start, 'Between [ and ] stands a text in quotes or an index from 0.')
        }
        writePlaceholder()
        const end = peek()
        if (!isSign(end, ']')) throw notClosed(sign, end)
        write(']')
      } else return any
    }
  }

  function afterOperand(readable: boolean): State {
    const after = peek()
    if (isSign(after, '(')) throw new Refusal(after.start, 'Nothing can be called in a condition.')
    if (!readable && isSign(after, '.', '[')) {
      throw new Refusal(after.start, 'Only param and context can be read into with . and [ ].')
    }
    return 'operator'
  }

  function operator(): State {
    const token = peek()
    const bracket = frame().open
    if (isSign(token, ')') && bracket?.text === '(') return close(token)
    if (isSign(token, ']') && bracket?.text === '[') return close(token)
    if (bracket?.text === '[') {
      if (!isSign(token, ',')) throw notClosed(bracket, token)
      write(',')
      return 'operand'
    }
    const joins = isWord(token, 'and') || isSign(token, '&&') ? '&&' : '||'
    if (joins === '&&' || isWord(token, 'or') || isSign(token, '||')) {
      nesting -= frame().nots
      frame().nots = 0
      write(joins)
      return 'negation'
    }
    const pair = `${token.text} ${peek(1).text}`
    if (token.kind === 'name' && COMPARISONS.has(pair)) {
      write(pair, 2)
      return 'operand'
    }
    if ((token.kind === 'name' || token.kind === 'sign') && COMPARISONS.has(token.text)) {
      write(token.text)
      return 'operand'
    }
    if (bracket === undefined) throw new Refusal(token.start, noOperator(token))
    if (isSign(token, ',')) throw new Refusal(token.start, 'Write a list in square brackets: ["a", "b"].')
    throw notClosed(bracket, token)
  }

  let state: State = 'negation'
  while (state !== 'operator' || peek().kind !== 'end' || frames.length > 1) {
    state = state === 'operator' ? operator() : operand(state)
  }
  return spelled.join(' ')
}

function isWord(token: Token, ...texts: readonly string[]): boolean {
  return token.kind === 'name' && texts.includes(token.text)
}

function isSign(token: Token, ...texts: readonly string[]): boolean {
  return token.kind === 'sign' && texts.includes(token.text)
}

function isNot(token: Token): boolean {
  return isWord(token, 'not') || isSign(token, '!')
}

function notClosed(open: Token, instead: Token): Refusal {
  if (instead.kind === 'end') return new Refusal(open.start, `The ${open.text} is never closed.`)
  return new Refusal(instead.start, noOperator(instead))
}

function rootAlone({ start, text: root }: Token): Refusal {
  return new Refusal(
    start,
    `${root} alone is no value. Write ${root}.<name>, or "name" in ${root} to ask whether it is there.`,
  )
}

function noOperand(token: Token, after: Token): string {
  if (token.kind === 'end')
    return token.start === 0 ? 'The condition is empty.' : 'The condition ends too early.'
  if (token.kind === 'sign') {
    if (token.text === '!') return 'Put parentheses around what ! negates here: a == (not b).'
    return `Expected a value before ${token.text}.`
  }
  if (token.text === 'not') return 'Put parentheses around what not negates here: a == (not b).'
  if (KEYWORDS.has(token.text)) return `Expected a value before ${token.text}.`
  if (after.kind === 'sign' && after.text === '(') return 'Nothing can be called in a condition.'
  if (KEYWORDS.has(token.text.toLowerCase())) return `Write ${token.text.toLowerCase()} in lower case.`
  if (LITERALS.has(token.text.toLowerCase())) return `Write ${token.text.toLowerCase()} in lower case.`
  const name = cutText(token.text, 40)
  return `Unknown name ${name}. A condition reads param.<name> and context.<name>; a text stands in quotes: "${name}".`
}

function noOperator(token: Token): string {
  if (token.kind === 'sign' && token.text === ',') return 'A comma stands only in a list: [1, 2].'
  if (token.kind === 'sign' && (token.text === ')' || token.text === ']')) {
    return `This ${token.text} closes nothing.`
  }
  if (token.kind === 'name' && KEYWORDS.has(token.text.toLowerCase())) {
    const word = token.text.toLowerCase()
    return word === token.text ? `${word} cannot stand here.` : `Write ${word} in lower case.`
  }
  if (token.kind === 'number' && token.text.startsWith('-')) return 'There is no arithmetic in conditions.'
  return 'Expected and, or, or a comparison such as == between two values.'
}
