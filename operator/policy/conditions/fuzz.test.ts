import fc from 'fast-check'
import jsep from 'jsep'
import { describe, expect, it, vi } from 'vitest'
import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import { type Condition, compileCondition } from './compile.ts'
import { evaluate } from './evaluate.ts'
import { parse } from './parse.ts'
import { respell } from './respell.ts'
import type { Node } from './syntax.ts'
import { referenceParse } from './testing/reference.ts'
import { expected, expressions, objects, print, styleOf } from './testing.ts'
import { Refusal, tokenize } from './tokens.ts'

function compiled(source: string): Condition {
  const result = compileCondition(source)
  if (!result.ok) throw new Error(`refused at ${result.column}: ${result.message}`)
  return result.condition
}

// Each takes about a second; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('any condition of the language', () => {
  it('gives what its tree says, in each of its spellings', () => {
    fc.assert(
      fc.property(expressions, fc.nat(), objects, objects, (tree, seed, param, context) => {
        const source = print(tree, styleOf(seed))
        fc.pre(source.length <= 2000)
        expect(evaluate(compiled(source), { param, context }).outcome).toBe(
          expected(tree, { param, context }),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('is, in these tests, often each of True, False and Unknown', () => {
    const seen = { True: 0, False: 0, Unknown: 0 }
    for (const [tree, param, context] of fc.sample(fc.tuple(expressions, objects, objects), {
      numRuns: 1000,
      seed: 1,
    })) {
      seen[expected(tree, { param, context })]++
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })

  it('is compiled once for any number of calls, without a memory of them', () => {
    fc.assert(
      fc.property(expressions, fc.array(fc.tuple(objects, objects), { minLength: 2 }), (tree, scopes) => {
        const source = print(tree)
        fc.pre(source.length <= 2000)
        const condition = compiled(source)
        const all = scopes.map(([param, context]) => evaluate(condition, { param, context }))
        const again = scopes
          .map(([param, context]) => evaluate(compiled(source), { param, context }))
          .reverse()
        expect(all).toEqual(again.reverse())
      }),
    )
  })

  it('shows only what it reads, and says of each Unknown why, without a value in it', () => {
    const secret = 'secret-value-4711'
    const secrets = objects.map(
      object =>
        JSON.parse(JSON.stringify(object), (_, value) =>
          typeof value === 'string' ? secret : value,
        ) as JsonObject,
    )
    fc.assert(
      fc.property(expressions, secrets, secrets, (tree, param, context) => {
        const source = print(tree)
        fc.pre(source.length <= 2000)
        const condition = compiled(source)
        const result = evaluate(condition, { param, context })
        const read = condition.paths.map(path => path.text)
        for (const name of Object.keys(result.values)) expect(read).toContain(name)
        if (result.outcome !== 'Unknown') return
        expect(result.detail).not.toBe('')
        expect(result.detail).not.toContain(secret)
      }),
    )
  })
})

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...'param context .a ["a"] [0] [ ] ( ) and or not in is is not not in == != < <= > >= && || ! true None 1 -1 1e9 0'.split(
      ' ',
    ),
    ...'\'a\' "b" , . = + - * / ? : ; { } ` $ { => ... \\ # @ this eval constructor __proto__ f( \u0000 \ud800 é \u{1f600}'.split(
      ' ',
    ),
    ' ',
    '\n',
  )
  const soup = fc.array(pieces, { maxLength: 40 }).map(parts => parts.join(' '))
  const tight = fc.array(pieces, { maxLength: 40 }).map(parts => parts.join(''))

  it('is compiled or refused with a place and a reason, and never throws', () => {
    const before = Reflect.ownKeys(Object.prototype).length
    fc.assert(
      fc.property(
        fc.oneof(soup, tight, fc.string({ unit: 'binary', maxLength: 100 }), fc.string()),
        objects,
        (source, param) => {
          const result = compileCondition(source)
          if (result.ok) {
            expect(['True', 'False', 'Unknown']).toContain(
              evaluate(result.condition, { param, context: {} }).outcome,
            )
            return
          }
          expect(result.message).toMatch(/^[A-Z!<>a-z0-9"'[(-].*[.]$/s)
          expect(result.column).toBeGreaterThanOrEqual(1)
          expect(result.column).toBeLessThanOrEqual([...source].length + 1)
        },
      ),
      { numRuns: 3000 },
    )
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before)
  })

  it('is read as the same condition when its spaces are doubled', () => {
    fc.assert(
      fc.property(soup, source => {
        const [one, two] = [compileCondition(source), compileCondition(source.replaceAll(' ', '  '))]
        expect(two.ok).toBe(one.ok)
      }),
    )
  })
})

describe('any JSON', () => {
  it('is evaluated without a throw, whatever it holds', () => {
    const conditions = [
      'param.a > 1 and not context.b',
      'param.a == context.a or param["b"][0] != context.b',
      'param.a in context.a and "x" in param',
      'param.a[0].b is not null',
      'param.a < param.b || !param.c',
    ].map(compiled)
    const named = fc.record({ a: fc.jsonValue(), b: fc.jsonValue(), c: fc.jsonValue() }, { requiredKeys: [] })
    fc.assert(
      fc.property(named, named, (param, context) => {
        for (const condition of conditions) {
          const scope = { param: param as JsonObject, context: context as JsonObject }
          expect(['True', 'False', 'Unknown']).toContain(evaluate(condition, scope).outcome)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('may be nested a hundred thousand deep', () => {
    let deep: JsonValue = 1
    let deepObject: JsonValue = 1
    for (let i = 0; i < 100_000; i++) {
      deep = [deep]
      deepObject = { a: deepObject }
    }
    const scope = { param: { a: deep, o: deepObject }, context: { a: [deep], b: deep, o: deepObject } }
    const twin = structuredClone({ a: 1 })
    expect(evaluate(compiled('param.a == context.b'), scope).outcome).toBe('True')
    expect(evaluate(compiled('param.a == context.a'), scope).outcome).toBe('Unknown')
    expect(evaluate(compiled('param.o in [context.a, context.a]'), scope).outcome).toBe('False')
    expect(evaluate(compiled('param.a in [context.a, context.a]'), scope).outcome).toBe('Unknown')
    expect(evaluate(compiled('param.a < 1'), scope).outcome).toBe('Unknown')
    expect(evaluate(compiled('"o" in param'), { ...scope, param: { ...twin, o: deepObject } }).outcome).toBe(
      'True',
    )
  })
})

// The reference is written by hand from the grammar and shares nothing with the parser but its tokens.
describe('the reference, an independent parser', () => {
  type Outcome = { readonly node: Node } | { readonly index: number; readonly message: string }
  const outcome = (read: (source: string) => Node, source: string): Outcome => {
    try {
      return { node: read(source) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { index: error.index, message: error.message }
    }
  }

  it('reads every text that we accept as we do, and finds each part at the same place', () => {
    fc.assert(
      fc.property(expressions, fc.nat(), (tree, seed) => {
        const source = print(tree, styleOf(seed))
        fc.pre(source.length <= 2000)
        expect(parse(source)).toEqual(referenceParse(source))
      }),
      { numRuns: 3000 },
    )
  })

  // The order of all tokens is checked before their structure. Of a text with an error of each kind the reference, which
  // checks both as it goes, gives the one that stands first.
  const OF_STRUCTURE = /cannot be chained|in two ways|to compare two values|A list holds literals/

  it('accepts the same of texts with errors in them, and refuses the others at the same place for the same reason', () => {
    const PIECE = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z0-9_$]+|[=!<>]=|&&|\|\||\s+|./gs
    const WORDS =
      'and or not in is && || ! == < ( ) [ ] , . param context param.a context.b 1 "a" true null None AND f -1'.split(
        ' ',
      )
    const PHRASES = ['not', '!', 'not not', '== 1', 'in [1]', 'is param.a', '< 2 and', 'or not']
    const edits = fc.oneof(
      fc.array(
        fc.record({ at: fc.nat(), remove: fc.nat({ max: 2 }), word: fc.option(fc.constantFrom(...WORDS)) }),
        { minLength: 1, maxLength: 2 },
      ),
      fc.array(fc.record({ at: fc.nat(), remove: fc.constant(0), word: fc.constantFrom(...PHRASES) }), {
        minLength: 1,
        maxLength: 2,
      }),
    )
    const seen = { accepted: 0, disorder: 0, structure: 0 }
    fc.assert(
      fc.property(expressions, fc.nat(), edits, (tree, seed, changes) => {
        const pieces: string[] = print(tree, styleOf(seed)).match(PIECE) ?? []
        for (const { at, remove, word } of changes) {
          pieces.splice(at % (pieces.length + 1), remove, ...(word === null ? [] : [` ${word} `]))
        }
        const source = pieces.join('')
        const [ours, theirs] = [outcome(parse, source), outcome(referenceParse, source)]
        const inOrder = !('message' in outcome(() => respell(tokenize(source)) as never, source))
        seen['node' in ours ? 'accepted' : inOrder ? 'structure' : 'disorder']++
        if (!inOrder && 'message' in theirs && OF_STRUCTURE.test(theirs.message)) {
          expect(ours).toHaveProperty('message', expect.not.stringMatching(OF_STRUCTURE))
        } else {
          expect(ours).toEqual(theirs)
        }
      }),
      { numRuns: 3000 },
    )
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
  })
})

// jsep as it comes, given the author's own text, has another idea of precedence. On every text that we accept it must
// give the same tree: where it would not, the text is one that people read in two ways, and we refuse it. Its operators
// are set for the whole process here, which changes nothing for the parser (jsep.test.ts).
describe('jsep, given the text as it is written', () => {
  jsep.removeAllBinaryOps()
  jsep.removeAllUnaryOps()
  for (const op of ['or', '||']) jsep.addBinaryOp(op, 1)
  for (const op of ['and', '&&']) jsep.addBinaryOp(op, 2)
  for (const op of ['==', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'is', 'is not']) jsep.addBinaryOp(op, 6)
  for (const op of ['not', '!', '-']) jsep.addUnaryOp(op)
  jsep.addLiteral('True', true)
  jsep.addLiteral('False', false)
  jsep.addLiteral('None', null)

  type Shape = JsonValue
  const joined = (op: string, shapes: readonly Shape[]): Shape =>
    shapes.slice(1).reduce<Shape>((left, right) => [op, left, right], shapes[0]!)
  const ours = (node: Node): Shape => {
    switch (node.kind) {
      case 'literal':
        return ['literal', node.value]
      case 'path':
        return [node.path.root, ...node.path.steps]
      case 'list':
        return ['list', ...node.items.map(ours)]
      case 'not':
        return ['not', ours(node.operand)]
      case 'and':
      case 'or':
        return joined(node.kind, node.operands.map(ours))
      case 'compare':
        return [node.op, ours(node.left), ours(node.right)]
    }
  }
  const SAME: Record<string, string> = { '&&': 'and', '||': 'or', is: '==', 'is not': '!=' }
  // biome-ignore lint/suspicious/noExplicitAny: jsep's nodes are loosely typed
  const theirs = (node: any): Shape => {
    switch (node.type) {
      case 'Literal':
        return ['literal', node.value]
      case 'Identifier':
        return [node.name]
      case 'MemberExpression': {
        const step = node.computed ? (theirs(node.property) as Shape[])[1]! : node.property.name
        return [...(theirs(node.object) as Shape[]), step]
      }
      case 'ArrayExpression':
        return ['list', ...node.elements.map(theirs)]
      case 'UnaryExpression':
        return node.operator === '-' ? ['literal', -node.argument.value] : ['not', theirs(node.argument)]
      case 'BinaryExpression':
        return [SAME[node.operator] ?? node.operator, theirs(node.left), theirs(node.right)]
      default:
        throw new Error(`jsep gave ${node.type}`)
    }
  }

  it('reads every text that we accept as we do', () => {
    fc.assert(
      fc.property(expressions, fc.nat(), (tree, seed) => {
        const source = print(tree, styleOf(seed))
        // It knows no keyword as a property name and no one-letter escape but a few.
        fc.pre(source.length <= 2000 && !/\.(in|is|not|true)\b/.test(source))
        expect(ours(parse(source))).toEqual(theirs(jsep(source)))
      }),
      { numRuns: 3000 },
    )
  })
})
