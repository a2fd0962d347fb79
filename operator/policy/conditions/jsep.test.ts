import jsep from 'jsep'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseByJsep } from './jsep.ts'
import { parse } from './parse.ts'
import { referenceParse } from './testing/reference.ts'
import { tokenize } from './tokens.ts'
import { toNode } from './tree.ts'

// jsep's types leave out the class that holds its state.
type Statics = Record<string, unknown> & { readonly prototype: Record<string, unknown> }
const { Jsep } = jsep as unknown as { readonly Jsep: Statics }

const SOURCES = [
  'param.a or param.b and not context.c',
  'param.a > 1000 and context.b == "x" || !(param.c in [1, "a", [true]])',
  'param["a b"][0].in.is.this is not null && "x" not in context',
  '(param.a == 1) == (not param.b) and (param.a <= 2 or param.a >= 3 or param.a != param.b)',
  'param.v0 is True or param.a < -5 and ((param.b))',
]
const REFUSED = [
  'param.a + 1 == 2',
  'param.a == 1 == 2',
  'not param.a == 1',
  'this',
  'param.a param.b',
  'f(1)',
]

const outcome = (source: string, read = parse): unknown => {
  try {
    return read(source)
  } catch (error) {
    return (error as Error).message
  }
}
const outcomes = () => [...SOURCES, ...REFUSED].map(source => outcome(source))
const EXPECTED = [...SOURCES, ...REFUSED].map(source => outcome(source, referenceParse))

const STATE = Object.keys(Jsep).filter(name => name !== 'plugins')
const METHODS = Object.getOwnPropertyDescriptors(Jsep.prototype)

/** jsep's fields as they come, in copies: its functions change the tables in place. */
const defaults = (() => {
  const { hooks, right_associative, additional_identifier_chars, ...plain } = Object.fromEntries(
    STATE.map(name => [name, Jsep[name]]),
  )
  const copy = structuredClone({ right_associative, additional_identifier_chars, ...plain })
  return () => ({ ...structuredClone(copy), hooks: Object.create(Object.getPrototypeOf(hooks)) as object })
})()

beforeEach(() => {
  Object.assign(Jsep, defaults())
  Object.defineProperties(Jsep.prototype, METHODS)
})

/** jsep takes a plugin of one name only once. */
let plugins = 0

/** What another package may have made of jsep, by its public functions and by its fields. */
const HOSTILE: Record<string, () => void> = {
  'other precedences': () => {
    jsep.addBinaryOp('&&', 0.5)
    jsep.addBinaryOp('||', 20)
    for (const op of ['==', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'is']) jsep.addBinaryOp(op, 0.1, true)
  },
  'no operators at all': () => {
    jsep.removeAllBinaryOps()
    jsep.removeAllUnaryOps()
    jsep.removeAllLiterals()
  },
  'more operators': () => {
    for (const op of ['.', ',', 'v1', 'v2 && v3', '#', '# (', '[', 'in [', '== v', ' ']) {
      jsep.addBinaryOp(op, 9)
      jsep.addUnaryOp(op)
    }
  },
  literals: () => {
    for (const name of ['v0', 'v1', 'v2', 'v4', 'v6', 'param', 'a']) jsep.addLiteral(name, true)
  },
  'characters of names': () => {
    for (const char of ' .[](),#!&|=<>') jsep.addIdentifierChar(char)
  },
  'another this': () => {
    Jsep.this_str = 'v0'
  },
  'a plugin with every hook': () => {
    const theirs = { type: 'Literal', value: true, raw: 'true' }
    const hooks = Jsep.hooks as typeof jsep.hooks
    const replace = (env: { node?: jsep.Expression }): void => {
      env.node = theirs
    }
    const plugin = {
      name: `hostile ${++plugins}`,
      init: () => {
        for (const name of [
          'gobble-expression',
          'after-expression',
          'gobble-token',
          'after-token',
        ] as const) {
          hooks.add(name, replace)
        }
        hooks.add('gobble-spaces', function () {
          this.index++
        })
        hooks.add('before-all' as 'gobble-spaces', function () {
          this.index = 4
        })
        hooks.add('after-all' as 'gobble-spaces', replace)
      },
    }
    jsep.plugins.register(plugin)
  },
}

describe('what another package does to jsep', () => {
  it.each(Object.keys(HOSTILE))('changes no condition: %s', name => {
    HOSTILE[name]!()
    expect(outcomes()).toEqual(EXPECTED)
  })

  it.each(Object.keys(HOSTILE))('would change how jsep reads the same text without us: %s', name => {
    const text = '!v0.v1 || v2 && v3.v4'
    const read = (): unknown => {
      try {
        return jsep(text)
      } catch {
        return 'error'
      }
    }
    const before = read()
    HOSTILE[name]!()
    expect(read()).not.toEqual(before)
  })

  it('changes no condition when all of it comes together', () => {
    for (const change of Object.values(HOSTILE)) change()
    expect(outcomes()).toEqual(EXPECTED)
  })

  it('is there again afterwards, also when jsep refuses the text', () => {
    for (const change of Object.values(HOSTILE)) change()
    const before = STATE.map(name => Jsep[name])
    const contents = JSON.stringify([Jsep.binary_ops, Jsep.unary_ops, Jsep.literals])
    outcomes()
    expect(() => parseByJsep('v0 &&')).toThrow()
    STATE.forEach((name, i) => {
      expect(Jsep[name], name).toBe(before[i])
    })
    expect(JSON.stringify([Jsep.binary_ops, Jsep.unary_ops, Jsep.literals])).toBe(contents)
  })

  it('refuses every condition when the fields cannot be set', () => {
    const { hooks } = Jsep
    Object.defineProperty(Jsep, 'hooks', { get: () => hooks, set: () => {}, configurable: true })
    try {
      for (const source of SOURCES) expect(outcome(source)).toContain('misread')
    } finally {
      Object.defineProperty(Jsep, 'hooks', {
        value: hooks,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
  })

  it.each(['gobbleBinaryOp', 'gobbleToken', 'gobbleGroup', 'gobbleArray', 'gobbleIdentifier', 'parse'])(
    'refuses rather than misreads when its %s is replaced by one that forgets or repeats a part',
    name => {
      const original = Jsep.prototype[name] as (this: unknown) => unknown
      for (const nth of [1, 2, 3]) {
        let calls = 0
        let last: unknown
        Jsep.prototype[name] = function (this: unknown): unknown {
          const given = original.call(this)
          const now = ++calls === nth ? last : given
          last = given
          return now
        }
        for (const source of SOURCES) {
          calls = 0
          const given = outcome(source)
          if (typeof given === 'string') expect(given).toContain('misread')
          else expect(given).toEqual(EXPECTED[SOURCES.indexOf(source)])
        }
      }
      Jsep.prototype[name] = original
      expect(outcomes()).toEqual(EXPECTED)
    },
  )
})

// One text and trees that no jsep of ours gives for it. `leaf` is one that it gives.
describe('a tree that does not belong to the text', () => {
  const leaf = (root: number): object => ({
    type: 'MemberExpression',
    computed: false,
    object: { type: 'Identifier', name: `v${root}` },
    property: { type: 'Identifier', name: `v${root + 2}` },
  })
  const binary = (operator: string, left: unknown, right: unknown): object => ({
    type: 'BinaryExpression',
    operator,
    left,
    right,
  })
  const convert = (source: string, tree: object) => toNode(tree as jsep.Expression, tokenize(source), source)

  // Tokens: param . a (0 to 2), or (3), param . b (4 to 6), and (7), param . c (8 to 10).
  const SOURCE = 'param.a or param.b and param.c'
  const [a, b, c] = [leaf(0), leaf(4), leaf(8)]

  it('is converted when it does belong', () => {
    expect(convert(SOURCE, binary('||', a, binary('&&', b, c)))).toEqual(parse(SOURCE))
  })

  it.each<[string, object]>([
    ['another precedence', binary('&&', binary('||', a, b), c)],
    ['another operator', binary('||', a, binary('||', b, c))],
    ['an unknown operator', binary('||', a, binary('+', b, c))],
    ['operands in another order', binary('||', b, binary('&&', a, c))],
    ['a part left out', binary('||', a, b)],
    ['a part twice', binary('||', a, binary('&&', b, binary('&&', c, c)))],
    ['an invented group', binary('||', a, { type: 'UnaryExpression', operator: '#', argument: b })],
    ['an invented not', binary('||', a, { type: 'UnaryExpression', operator: '!', argument: b })],
    ['another unary operator', { type: 'UnaryExpression', operator: '-', argument: a }],
    ['Compound', { type: 'Compound', body: [a, b, c] }],
    ['SequenceExpression', { type: 'SequenceExpression', expressions: [a, b] }],
    ['CallExpression', { type: 'CallExpression', callee: a, arguments: [] }],
    ['a call as an operand', binary('||', a, { type: 'CallExpression', callee: b, arguments: [c] })],
    ['ConditionalExpression', { type: 'ConditionalExpression', test: a, consequent: b, alternate: c }],
    ['ThisExpression', { type: 'ThisExpression' }],
    ['Literal', binary('||', { type: 'Literal', value: true, raw: 'true' }, binary('&&', b, c))],
    ['a type that jsep has not', { type: 'NewExpression', callee: a }],
    ['a member of a call', { ...leaf(0), object: { type: 'CallExpression', callee: a, arguments: [] } }],
    ['a computed member', binary('||', { ...a, computed: true }, binary('&&', b, c))],
    ['an empty list', { type: 'ArrayExpression', elements: [] }],
  ])('is refused: %s', (_, tree) => {
    expect(() => convert(SOURCE, tree)).toThrow('misread')
  })

  it('is refused when it is a list with a hole', () => {
    const list = { type: 'ArrayExpression', elements: [{ type: 'Identifier', name: 'v1' }, null] }
    expect(() => convert('[1, 2]', list)).toThrow('misread')
  })
})
