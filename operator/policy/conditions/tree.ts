import type jsep from 'jsep'
import { cutText } from '../json.ts'
import { COMPARISONS, GROUP } from './jsep.ts'
import { LITERALS, placeholder } from './respell.ts'
import { type AccessPath, accessPath, type Node } from './syntax.ts'
import { Refusal, type Token } from './tokens.ts'

// jsep's tree is walked from left to right, and each of its parts must be the next token of the source. This gives the
// place of every node, and it proves that jsep left nothing out, added nothing and moved nothing. Where a part may stand
// in another is checked by rank. Both together leave one tree for each text: if jsep gives another one, for whatever
// reason, the condition is refused and not misread.
//
// Where Python and the C family read the same text differently (`not a == b`, `a < b < c`), neither reading is guessed:
// the text is refused with a message that says how to write it.

type NotNode = Node & { readonly kind: 'not' }

/** How loosely a part of jsep's tree binds. What stands in a group is an operand, whatever it is inside. */
const RANK = { or: 1, and: 2, compare: 3, not: 4, operand: 5 } as const

function rankOf(expression: jsep.Expression): number {
  const { operator } = expression
  if (expression.type === 'UnaryExpression') return operator === GROUP ? RANK.operand : RANK.not
  if (expression.type !== 'BinaryExpression') return RANK.operand
  return operator === '||' ? RANK.or : operator === '&&' ? RANK.and : RANK.compare
}

/** The refusal of a text that jsep reads otherwise than its tokens stand. No text is known to lead here. */
export function misread(index: number): Refusal {
  return new Refusal(
    index,
    'The condition was misread by its parser, so it is not used. Report this text to those who maintain the operator.',
  )
}

/** Turns jsep's tree of the tokens into ours. Throws `Refusal`. */
export function toNode(tree: jsep.Expression, tokens: readonly Token[], source: string): Node {
  let next = 0

  const peek = (): Token => tokens[Math.min(next, tokens.length - 1)] as Token
  const quote = (node: { readonly start: number; readonly end: number }): string =>
    cutText(source.slice(node.start, node.end), 60)
  const take = (...texts: readonly string[]): Token => {
    const token = peek()
    if ((token.kind !== 'name' && token.kind !== 'sign') || !texts.includes(token.text))
      throw misread(token.start)
    next++
    return token
  }
  const takePlaceholder = (expression: jsep.Expression): Token => {
    const token = peek()
    if (expression.type !== 'Identifier' || expression.name !== placeholder(next)) throw misread(token.start)
    next++
    return token
  }
  const demand = (expression: jsep.Expression, rank: number): void => {
    if (rankOf(expression) < rank) throw misread(peek().start)
  }

  function read(expression: jsep.Expression): Node {
    const part = expression as jsep.CoreExpression
    switch (part.type) {
      case 'Identifier':
      case 'MemberExpression':
        return leaf(part)
      case 'ArrayExpression':
        return list(part)
      case 'UnaryExpression':
        if (part.operator === GROUP) return group(part)
        if (part.operator === '!') return negation(part)
        break
      case 'BinaryExpression':
        if (part.operator === '&&') return joined('and', part)
        if (part.operator === '||') return joined('or', part)
        if (COMPARISONS.has(part.operator)) return comparison(part)
        break
    }
    throw misread(peek().start)
  }

  function leaf(part: jsep.Identifier | jsep.MemberExpression): Node {
    const members: jsep.MemberExpression[] = []
    let inner: jsep.Expression = part
    for (; inner.type === 'MemberExpression'; inner = members[0]?.object as jsep.Expression) {
      members.unshift(inner as jsep.MemberExpression)
    }
    const { start, end, ...token } = takePlaceholder(inner)
    if (token.kind === 'name' && (token.text === 'param' || token.text === 'context')) {
      const path = accessPath(token.text, members.map(step))
      return { kind: 'path', path, start, end: (tokens[next - 1] as Token).end }
    }
    if (members.length > 0) throw misread(start)
    if (token.kind === 'number' || token.kind === 'string') {
      return { kind: 'literal', value: token.value, start, end }
    }
    const literal = LITERALS.get(token.text)
    if (token.kind !== 'name' || literal === undefined) throw misread(start)
    return { kind: 'literal', value: literal, start, end }
  }

  function step(member: jsep.MemberExpression): AccessPath['steps'][number] {
    if (!member.computed) {
      take('.')
      return takePlaceholder(member.property).text
    }
    take('[')
    const key = takePlaceholder(member.property)
    if (key.kind !== 'string' && key.kind !== 'number') throw misread(key.start)
    take(']')
    return key.value
  }

  function list(part: jsep.ArrayExpression): Node {
    const { start } = take('[')
    const items = part.elements.map((element, i) => {
      if (i > 0) take(',')
      if (element === null) throw misread(peek().start)
      demand(element, RANK.operand)
      const item = read(element)
      if (item.kind !== 'literal' && item.kind !== 'path' && item.kind !== 'list') {
        throw new Refusal(item.start, 'A list holds literals, param.<name>, context.<name> and lists.')
      }
      return item
    })
    const { end } = take(']')
    return { kind: 'list', items, start, end }
  }

  function group(part: jsep.UnaryExpression): Node {
    const { start } = take('(')
    const inner = read(part.argument)
    const { end } = take(')')
    return { ...inner, start, end }
  }

  function negation(part: jsep.UnaryExpression): Node {
    const { start } = take('not', '!')
    demand(part.argument, RANK.not)
    const operand = read(part.argument)
    return { kind: 'not', operand, start, end: operand.end }
  }

  function joined(kind: 'and' | 'or', part: jsep.BinaryExpression): Node {
    const { operator } = part
    const parts: jsep.Expression[] = []
    let left: jsep.Expression = part
    // A loop: a long text is a tree as deep as it has ands.
    for (
      ;
      left.type === 'BinaryExpression' && left.operator === operator;
      left = left.left as jsep.Expression
    ) {
      parts.push(left.right as jsep.Expression)
    }
    parts.push(left)
    const operands = parts.reverse().map((operand, i) => {
      if (i > 0) take(kind, operator)
      demand(operand, RANK[kind] + 1)
      return read(operand)
    })
    const { start } = operands[0] as Node
    return { kind, operands, start, end: (operands.at(-1) as Node).end }
  }

  /** `chained`: another comparison follows, which is the first thing to say of it. */
  function comparison(part: jsep.BinaryExpression, chained = false): Node {
    const { operator } = part
    const op = COMPARISONS.get(operator)
    if (op === undefined) throw misread(peek().start)
    demand(part.left, RANK.compare)
    const chains = rankOf(part.left) === RANK.compare
    const left = chains ? comparison(part.left as jsep.BinaryExpression, true) : read(part.left)
    const at = peek().start
    for (const word of operator.split(' ')) take(word)
    if (chains && left.kind === 'compare') {
      throw new Refusal(
        at,
        `Comparisons cannot be chained. Write ${quote(left)} and ${quote(left.right)} ${operator} ..., or use parentheses.`,
      )
    }
    demand(part.right, RANK.operand)
    const right = read(part.right)
    if (operator.startsWith('is') && right.kind !== 'literal') {
      throw new Refusal(
        right.start,
        `${operator} takes true, false, null, a number or a text on its right. Write ${op} to compare two values.`,
      )
    }
    const not = innermostNot(part.left, left)
    if (not !== undefined && !chained) throw twoReadings(not, right, operator)
    const first = not?.operand ?? left
    return { kind: 'compare', op, left: first, right, start: first.start, end: right.end }
  }

  /** Of nots without a group around them, the one next to their operand. */
  function innermostNot(part: jsep.Expression, node: Node): NotNode | undefined {
    if (rankOf(part) !== RANK.not || node.kind !== 'not') return undefined
    return innermostNot(part.argument as jsep.Expression, node.operand) ?? node
  }

  /** The refusal of `not a == b`. */
  function twoReadings(not: NotNode, right: Node, operator: string): Refusal {
    const left = not.operand
    const text =
      operator === 'in'
        ? `${quote(left)} not in ${quote(right)}`
        : `not (${quote({ start: left.start, end: right.end })})`
    const word = source[not.start] === '!' ? '!' : 'not'
    return new Refusal(not.start, `${word} before a comparison can be read in two ways. Write ${text}.`)
  }

  const node = read(tree)
  if (peek().kind !== 'end') throw misread(peek().start)
  return node
}
