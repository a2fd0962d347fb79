import { cutText } from '../../json.ts'
import { type AccessPath, accessPath, type Comparison, type Node, type Root } from '../syntax.ts'
import { Refusal, type Token, tokenize } from '../tokens.ts'

// The grammar of conditions, written down once more as a parser by hand, to hold the one in use (../parse.ts) against.
// Python's precedence, loosest first:
//
//   expression := all ( ("or" | "||") all )*
//   all        := negation ( ("and" | "&&") negation )*
//   negation   := ("not" | "!")* comparison
//   comparison := operand [ operator operand ]
//   operand    := literal | list | accessor | "(" expression ")"
//
// Where Python and the C family read the same text differently (`not a == b`, `a < b < c`), neither reading is
// guessed: the text is refused with a message that says how to write it.

/** Parentheses, lists and nots inside each other. Keeps the stack bounded, whatever the text is. */
const MAX_NESTING = 32

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>='])
const LITERALS = new Map<string, boolean | null>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
])
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is'])

/** Parses a condition as ../parse.ts must. Throws `Refusal`. */
export function referenceParse(source: string): Node {
  const tokens = tokenize(source)
  let next = 0
  let nesting = 0
  /** Nodes that stand in parentheses of their own. */
  const grouped = new Set<Node>()

  const peek = (ahead = 0): Token => tokens[Math.min(next + ahead, tokens.length - 1)] as Token
  const take = (): Token => {
    const token = peek()
    next++
    return token
  }
  const isWord = (token: Token, ...texts: readonly string[]): boolean =>
    token.kind === 'name' && texts.includes(token.text)
  const isSign = (token: Token, ...texts: readonly string[]): boolean =>
    token.kind === 'sign' && texts.includes(token.text)
  const quote = (node: Node): string => cutText(source.slice(node.start, node.end), 60)
  const within = <T>(token: Token, inner: () => T): T => {
    if (++nesting > MAX_NESTING) {
      throw new Refusal(token.start, `More than ${MAX_NESTING} parentheses, lists or nots inside each other.`)
    }
    const result = inner()
    nesting--
    return result
  }

  function expression(): Node {
    return joined('or', '||', () => joined('and', '&&', negation))
  }

  function joined(kind: 'and' | 'or', sign: string, operand: () => Node): Node {
    const first = operand()
    const operands = [first]
    let last = first
    while (isWord(peek(), kind) || isSign(peek(), sign)) {
      take()
      last = operand()
      operands.push(last)
    }
    return operands.length === 1 ? first : { kind, operands, start: first.start, end: last.end }
  }

  function negation(): Node {
    const token = peek()
    if (!isWord(token, 'not') && !isSign(token, '!')) return comparison()
    take()
    const operand = within(token, negation)
    if (operand.kind === 'compare' && !grouped.has(operand)) {
      const text = operand.op === 'in' ? `${quote(operand.left)} not in ${quote(operand.right)}` : undefined
      throw new Refusal(
        token.start,
        `${token.text} before a comparison can be read in two ways. Write ${text ?? `not (${quote(operand)})`}.`,
      )
    }
    return { kind: 'not', operand, start: token.start, end: operand.end }
  }

  function comparison(): Node {
    const left = operand()
    const found = operator()
    if (found === undefined) {
      if (left.kind === 'path' && left.path.steps.length === 0) refuseRoot(left)
      return left
    }
    if (left.kind === 'path' && left.path.steps.length === 0) refuseRoot(left)
    const right = operand()
    if (right.kind === 'path' && right.path.steps.length === 0 && !found.op.endsWith('in')) refuseRoot(right)
    if (found.identity && right.kind !== 'literal') {
      throw new Refusal(
        right.start,
        `${found.text} takes true, false, null, a number or a text on its right. Write ${found.op} to compare two values.`,
      )
    }
    const node: Node = { kind: 'compare', op: found.op, left, right, start: left.start, end: right.end }
    const chained = peek()
    const again = operator()
    if (again !== undefined) {
      throw new Refusal(
        chained.start,
        `Comparisons cannot be chained. Write ${quote(node)} and ${quote(right)} ${again.text} ..., or use parentheses.`,
      )
    }
    return node
  }

  function operator(): { op: Comparison; text: string; identity: boolean } | undefined {
    const token = peek()
    const after = peek(1)
    if (token.kind === 'sign' && COMPARISONS.has(token.text)) {
      take()
      return { op: token.text as Comparison, text: token.text, identity: false }
    }
    if (isWord(token, 'in')) {
      take()
      return { op: 'in', text: 'in', identity: false }
    }
    if (isWord(token, 'not') && isWord(after, 'in')) {
      take()
      take()
      return { op: 'not in', text: 'not in', identity: false }
    }
    if (isWord(token, 'is')) {
      take()
      if (!isWord(peek(), 'not')) return { op: '==', text: 'is', identity: true }
      take()
      return { op: '!=', text: 'is not', identity: true }
    }
    return undefined
  }

  function operand(): Node {
    const token = take()
    const at = { start: token.start, end: token.end }
    let node: Node
    if (token.kind === 'number' || token.kind === 'string') {
      node = { kind: 'literal', value: token.value, ...at }
    } else if (token.kind === 'name' && LITERALS.has(token.text)) {
      node = { kind: 'literal', value: LITERALS.get(token.text) as boolean | null, ...at }
    } else if (isWord(token, 'param', 'context')) {
      const path = accessor(token.text as Root)
      node = { kind: 'path', path, start: token.start, end: (tokens[next - 1] as Token).end }
    } else if (isSign(token, '[')) {
      const items = within(token, list)
      node = { kind: 'list', items, start: token.start, end: (tokens[next - 1] as Token).end }
    } else if (isSign(token, '(')) {
      const inner = within(token, expression)
      if (isSign(peek(), ',')) throw new Refusal(peek().start, 'Write a list in square brackets: ["a", "b"].')
      expect(')', token)
      node = { ...inner, start: token.start, end: (tokens[next - 1] as Token).end }
      grouped.add(node)
    } else {
      throw new Refusal(token.start, noOperand(token, peek()))
    }
    const after = peek()
    if (isSign(after, '(')) throw new Refusal(after.start, 'Nothing can be called in a condition.')
    if ((node.kind !== 'path' || grouped.has(node)) && isSign(after, '.', '[')) {
      throw new Refusal(after.start, 'Only param and context can be read into with . and [ ].')
    }
    return node
  }

  function accessor(root: Root): AccessPath {
    const steps: (string | number)[] = []
    for (;;) {
      if (isSign(peek(), '.')) {
        take()
        const name = take()
        if (name.kind !== 'name') {
          throw new Refusal(
            name.start,
            'After the . a name is missing. Names with other characters are read as ["card-number"].',
          )
        }
        steps.push(name.text)
      } else if (isSign(peek(), '[')) {
        const open = take()
        const key = take()
        if (key.kind === 'string') steps.push(key.value)
        else if (key.kind === 'number' && /^[0-9]+$/.test(key.text)) steps.push(key.value)
        else throw new Refusal(key.start, 'Between [ and ] stands a text in quotes or an index from 0.')
        expect(']', open)
      } else return accessPath(root, steps)
    }
  }

  function list(): readonly Node[] {
    const open = tokens[next - 1] as Token
    const items: Node[] = []
    if (isSign(peek(), ']')) {
      take()
      return items
    }
    for (;;) {
      const item = operand()
      if (item.kind !== 'literal' && item.kind !== 'path' && item.kind !== 'list') {
        throw new Refusal(item.start, 'A list holds literals, param.<name>, context.<name> and lists.')
      }
      if (item.kind === 'path' && item.path.steps.length === 0) refuseRoot(item)
      items.push(item)
      if (!isSign(peek(), ',')) break
      take()
    }
    expect(']', open)
    return items
  }

  function expect(sign: string, open: Token): void {
    const token = take()
    if (isSign(token, sign)) return
    if (token.kind === 'end') throw new Refusal(open.start, `The ${open.text} is never closed.`)
    throw new Refusal(token.start, noOperator(token))
  }

  const node = expression()
  const rest = peek()
  if (rest.kind !== 'end') throw new Refusal(rest.start, noOperator(rest))
  return node
}

function refuseRoot(node: Node & { kind: 'path' }): never {
  const { root } = node.path
  throw new Refusal(
    node.start,
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
