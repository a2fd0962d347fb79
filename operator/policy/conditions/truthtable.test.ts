import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import { compileCondition } from './compile.ts'
import { evaluate } from './evaluate.ts'

// Every operator, with every type on either side, read from either root or written as a literal. The tables were
// written by hand from design.md section 4, not from the code: T True, F False, ? Unknown (the call pauses).

const TYPES = ['missing', 'null', 'true', 'false', 'number', 'string', 'list', 'object'] as const
type Type = (typeof TYPES)[number]

const SAMPLES: Record<Exclude<Type, 'missing'>, JsonValue> = {
  null: null,
  true: true,
  false: false,
  number: 1,
  string: 'a',
  list: ['a'],
  object: { a: 1 },
}

/** Literals of the language; there is none for a missing value and none for an object. */
const LITERALS: Partial<Record<Type, string>> = {
  null: 'null',
  true: 'true',
  false: 'false',
  number: '1',
  string: '"a"',
  list: '["a"]',
}

/** Rows: what stands on the left; columns: what stands on the right; both in the order of TYPES. */
const BINARY: Record<string, readonly string[]> = {
  //       m n t f 1 " [ {
  '==': [
    /* m */ '? ? ? ? ? ? ? ?',
    /* n */ '? T F F F F F F',
    /* t */ '? F T F F F F F',
    /* f */ '? F F T F F F F',
    /* 1 */ '? F F F T F F F',
    /* " */ '? F F F F T F F',
    /* [ */ '? F F F F F T F',
    /* { */ '? F F F F F F T',
  ],
  '!=': [
    '? ? ? ? ? ? ? ?',
    '? F T T T T T T',
    '? T F T T T T T',
    '? T T F T T T T',
    '? T T T F T T T',
    '? T T T T F T T',
    '? T T T T T F T',
    '? T T T T T T F',
  ],
  '<': [
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? F ? ? ?',
    '? ? ? ? ? F ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
  ],
  '<=': [
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? T ? ? ?',
    '? ? ? ? ? T ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
  ],
  in: [
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? F ?',
    '? ? ? ? ? ? F ?',
    '? ? ? ? ? ? F ?',
    '? ? ? ? ? ? F ?',
    '? ? ? ? ? T T T',
    '? ? ? ? ? ? F ?',
    '? ? ? ? ? ? F ?',
  ],
  'not in': [
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? T ?',
    '? ? ? ? ? ? T ?',
    '? ? ? ? ? ? T ?',
    '? ? ? ? ? ? T ?',
    '? ? ? ? ? F F F',
    '? ? ? ? ? ? T ?',
    '? ? ? ? ? ? T ?',
  ],
  // The right is not read once the left decides: false and missing is False.
  and: [
    '? ? ? ? ? ? ? ?',
    'F F F F F F F F',
    '? F T F ? ? ? ?',
    'F F F F F F F F',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
  ],
  or: [
    '? ? ? ? ? ? ? ?',
    '? F T F ? ? ? ?',
    'T T T T T T T T',
    '? F T F ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
    '? ? ? ? ? ? ? ?',
  ],
}
BINARY['>'] = BINARY['<']!
BINARY['>='] = BINARY['<=']!
BINARY['&&'] = BINARY.and!
BINARY['||'] = BINARY.or!

/** `is` and `is not` take a literal on the right: a list is none. */
const IDENTITY = { is: '==', 'is not': '!=' } as const

const UNARY: Record<string, string> = {
  //       m n t f 1 " [ {
  '': '? F T F ? ? ? ?',
  not: '? T F T ? ? ? ?',
  '!': '? T F T ? ? ? ?',
}

const WORDS = { T: 'True', F: 'False', '?': 'Unknown', X: 'refused' } as const
type Cell = keyof typeof WORDS

const cell = (row: string, column: number): Cell => row.split(' ')[column] as Cell

/** What the text gives over these params and this context. */
function outcome(source: string, param: JsonObject, context: JsonObject): string {
  const compiled = compileCondition(source)
  return compiled.ok ? evaluate(compiled.condition, { param, context }).outcome : 'refused'
}

function scopeOf(
  entries: readonly (readonly [root: string, key: string, type: Type])[],
): [JsonObject, JsonObject] {
  const scope: Record<string, JsonObject> = { param: {}, context: {} }
  for (const [root, key, type] of entries) if (type !== 'missing') scope[root]![key] = SAMPLES[type]
  return [scope.param!, scope.context!]
}

const ROOTS = ['param', 'context'] as const
const ORDERING = ['<', '<=', '>', '>=']
const LOGICAL = ['and', 'or', '&&', '||']

describe.each(Object.keys(BINARY))('the operator %s', op => {
  const table = BINARY[op]!

  for (const leftRoot of ROOTS) {
    for (const rightRoot of ROOTS) {
      it(`reads ${leftRoot} on its left and ${rightRoot} on its right as the table says`, () => {
        for (const [i, left] of TYPES.entries()) {
          for (const [j, right] of TYPES.entries()) {
            const [param, context] = scopeOf([
              [leftRoot, 'left', left],
              [rightRoot, 'right', right],
            ])
            const source = `${leftRoot}.left ${op} ${rightRoot}.right`
            const expected = WORDS[cell(table[i]!, j)]
            expect(outcome(source, param, context), `${left} ${op} ${right}`).toBe(expected)
          }
        }
      })
    }
  }

  it.each(ROOTS)('takes %s on its left and a literal on its right as the table says, or is refused', root => {
    for (const [i, left] of TYPES.entries()) {
      for (const [j, right] of TYPES.entries()) {
        const literal = LITERALS[right]
        if (literal === undefined) continue
        const senseless =
          (ORDERING.includes(op) && !['number', 'string'].includes(right)) ||
          (op.endsWith('in') && !['string', 'list'].includes(right)) ||
          (LOGICAL.includes(op) && ['number', 'string', 'list'].includes(right))
        const [param, context] = scopeOf([[root, 'left', left]])
        const expected = WORDS[senseless ? 'X' : cell(table[i]!, j)]
        expect(outcome(`${root}.left ${op} ${literal}`, param, context), `${left} ${op} ${literal}`).toBe(
          expected,
        )
      }
    }
  })

  it.each(ROOTS)('takes a literal on its left and %s on its right as the table says, or is refused', root => {
    for (const [i, left] of TYPES.entries()) {
      const literal = LITERALS[left]
      if (literal === undefined) continue
      for (const [j, right] of TYPES.entries()) {
        const senseless =
          (ORDERING.includes(op) && !['number', 'string'].includes(left)) ||
          (LOGICAL.includes(op) && ['number', 'string', 'list'].includes(left))
        const [param, context] = scopeOf([[root, 'right', right]])
        const expected = WORDS[senseless ? 'X' : cell(table[i]!, j)]
        expect(outcome(`${literal} ${op} ${root}.right`, param, context), `${literal} ${op} ${right}`).toBe(
          expected,
        )
      }
    }
  })

  it('takes literals on both sides as the table says, or is refused', () => {
    for (const [i, left] of TYPES.entries()) {
      for (const [j, right] of TYPES.entries()) {
        const [a, b] = [LITERALS[left], LITERALS[right]]
        if (a === undefined || b === undefined) continue
        const given = cell(table[i]!, j)
        // No params can make sense of it: refused when the Agent is, not at each call. and/or look at both sides.
        const bothSides =
          LOGICAL.includes(op) && [left, right].some(type => ['number', 'string', 'list'].includes(type))
        const expected = WORDS[given === '?' || bothSides ? 'X' : given]
        expect(outcome(`${a} ${op} ${b}`, {}, {}), `${a} ${op} ${b}`).toBe(expected)
      }
    }
  })
})

describe.each(['is', 'is not'] as const)('the operator %s', op => {
  const table = BINARY[IDENTITY[op]]!

  it.each(ROOTS)('compares %s with a literal as == or != would', root => {
    for (const [i, left] of TYPES.entries()) {
      for (const [j, right] of TYPES.entries()) {
        const literal = LITERALS[right]
        if (literal === undefined) continue
        const [param, context] = scopeOf([[root, 'left', left]])
        const expected = WORDS[right === 'list' ? 'X' : cell(table[i]!, j)]
        expect(outcome(`${root}.left ${op} ${literal}`, param, context), `${left} ${op} ${literal}`).toBe(
          expected,
        )
      }
    }
  })

  it.each(ROOTS)('is refused with %s on its right', root => {
    expect(outcome(`param.left ${op} ${root}.right`, { left: 1, right: 1 }, { right: 1 })).toBe('refused')
  })
})

describe.each(Object.keys(UNARY))('the negation "%s" (or none: a bare accessor)', op => {
  it.each(ROOTS)('reads %s as the table says', root => {
    for (const [i, type] of TYPES.entries()) {
      const [param, context] = scopeOf([[root, 'x', type]])
      expect(outcome(`${op} ${root}.x`, param, context), `${op} ${type}`).toBe(WORDS[cell(UNARY[op]!, i)])
    }
  })

  it('takes the literals true, false and null, and refuses the others', () => {
    for (const [i, type] of TYPES.entries()) {
      const literal = LITERALS[type]
      if (literal === undefined) continue
      const given = cell(UNARY[op]!, i)
      expect(outcome(`${op} ${literal}`, {}, {}), `${op} ${literal}`).toBe(WORDS[given === '?' ? 'X' : given])
    }
  })
})

describe('ordering', () => {
  const ascending: readonly (readonly JsonValue[])[] = [
    [-9007199254740991, -1.5, -1, 0, 5e-324, 0.1, 0.30000000000000004, 1, 2400, 9007199254740991],
    // By code points: U+FF5E stands before U+1F600, though its UTF-16 unit is greater.
    ['', 'A', 'Z', 'a', 'aa', 'ab', 'b', 'é', '\ue000', '\uff5e', '\u{1f600}', '\u{1f601}'],
    ['10', '9'],
  ]
  it.each(ascending)('holds between the values of the row %j', (...row) => {
    for (const [i, a] of row.entries()) {
      for (const [j, b] of row.entries()) {
        const given = ['<', '<=', '>', '>=', '==', '!='].map(op =>
          outcome(`param.a ${op} param.b`, { a: a as JsonValue, b: b as JsonValue }, {}),
        )
        const expected = [i < j, i <= j, i > j, i >= j, i === j, i !== j].map(is => (is ? 'True' : 'False'))
        expect(given, `${a} and ${b}`).toEqual(expected)
      }
    }
  })
})

describe('equality', () => {
  it.each<[JsonValue, JsonValue, boolean]>([
    [0, -0, true],
    [1, true, false],
    [0, false, false],
    [0, '', false],
    ['1', 1, false],
    [null, false, false],
    [null, 0, false],
    [[], false, false],
    [[], {}, false],
    [[], [], true],
    [{}, {}, true],
    [[1, 2], [2, 1], false],
    [[1], [1, 1], false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: undefined as unknown as JsonValue }, { b: undefined as unknown as JsonValue }, false],
    [{ a: [{ b: 'c' }] }, { a: [{ b: 'c' }] }, true],
    [{ a: [{ b: 'c' }] }, { a: [{ b: 'd' }] }, false],
    [['a', { length: 1 }], ['a', { length: 1 }], true],
    [JSON.parse('{"__proto__": 1}'), {}, false],
    [{}, JSON.parse('{"__proto__": {}}'), false],
    [JSON.parse('{"__proto__": {}}'), { x: {} }, false],
    [{ toString: 1 }, { valueOf: 1 }, false],
    ['é', 'e\u0301', false],
  ])('of %j and %j is %s', (a, b, same) => {
    expect(outcome('param.a == context.b', { a }, { b })).toBe(same ? 'True' : 'False')
    expect(outcome('context.b != param.a', { a }, { b })).toBe(same ? 'False' : 'True')
  })
})

describe('membership', () => {
  it.each<[JsonValue, JsonValue, string]>([
    ['', 'abc', 'True'],
    ['b', 'abc', 'True'],
    ['ac', 'abc', 'False'],
    ['abcd', 'abc', 'False'],
    [1, '1', 'Unknown'],
    [1, [1], 'True'],
    [1, ['1', true], 'False'],
    [[1], [[1]], 'True'],
    [{ a: 1 }, [{ a: 1 }], 'True'],
    [null, [], 'False'],
    [null, [null], 'True'],
    ['k', { k: null }, 'True'],
    ['K', { k: null }, 'False'],
    ['constructor', {}, 'False'],
    ['__proto__', {}, 'False'],
    ['toString', {}, 'False'],
    ['length', [], 'False'],
    ['0', ['x'], 'False'],
    [0, { 0: 'x' }, 'Unknown'],
  ])('of %j in %j is %s', (a, b, expected) => {
    expect(outcome('param.a in context.b', { a }, { b })).toBe(expected)
    const negated = { True: 'False', False: 'True', Unknown: 'Unknown' }[expected]
    expect(outcome('param.a not in context.b', { a }, { b })).toBe(negated)
  })
})
