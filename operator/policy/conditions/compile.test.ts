import { describe, expect, it } from 'vitest'
import { compileCondition } from './compile.ts'
import { contextFor, evaluate } from './evaluate.ts'
import { parse } from './parse.ts'
import type { Node } from './syntax.ts'

/** The tree with all its parentheses, to compare with what Python's own parser makes of the text. */
function tree(node: Node): string {
  switch (node.kind) {
    case 'literal':
      return JSON.stringify(node.value)
    case 'path':
      return node.path.text
    case 'list':
      return `[${node.items.map(tree).join(', ')}]`
    case 'not':
      return `(not ${tree(node.operand)})`
    case 'and':
    case 'or':
      return `(${node.operands.map(tree).join(` ${node.kind} `)})`
    case 'compare':
      return `(${tree(node.left)} ${node.op} ${tree(node.right)})`
  }
}

const refusal = (source: string): { column: number; message: string } => {
  const result = compileCondition(source)
  if (result.ok) throw new Error(`accepted: ${tree(parse(source))}`)
  return result
}

describe('precedence is that of Python', () => {
  it.each([
    ['param.a and param.b or param.c', '((param.a and param.b) or param.c)'],
    ['param.a or param.b and param.c', '(param.a or (param.b and param.c))'],
    ['param.a || param.b && param.c', '(param.a or (param.b and param.c))'],
    ['param.a && param.b or param.c', '((param.a and param.b) or param.c)'],
    ['param.a and param.b and param.c', '(param.a and param.b and param.c)'],
    ['(param.a or param.b) and param.c', '((param.a or param.b) and param.c)'],
    ['not param.a and param.b', '((not param.a) and param.b)'],
    ['not param.a or param.b', '((not param.a) or param.b)'],
    ['!param.a && param.b', '((not param.a) and param.b)'],
    ['not (param.a and param.b)', '(not (param.a and param.b))'],
    ['not not param.a', '(not (not param.a))'],
    ['!!param.a', '(not (not param.a))'],
    ['not (param.a == 1)', '(not (param.a == 1))'],
    ['param.a == 1 and param.b == 2', '((param.a == 1) and (param.b == 2))'],
    ['param.a > 1 and not context.b', '((param.a > 1) and (not context.b))'],
    ['param.a not in ["x"] or param.b', '((param.a not in ["x"]) or param.b)'],
    ['param.a is not null and param.b is true', '((param.a != null) and (param.b == true))'],
    ['param.a is not None', '(param.a != null)'],
    ['(param.a == 1) == true', '((param.a == 1) == true)'],
    ['param.a == (not param.b)', '(param.a == (not param.b))'],
    ['param.a in [param.b, [1, -2.5e3], "c"]', '(param.a in [param.b, [1, -2500], "c"])'],
  ])('%s', (source, expected) => {
    expect(tree(parse(source))).toBe(expected)
  })
})

describe('what Python and the C family read differently is refused, with what to write', () => {
  it.each([
    ['not param.a in param.b', 1, 'Write param.a not in param.b.'],
    ['param.c and not param.a in param.b', 13, 'Write param.a not in param.b.'],
    ['not param.a == 1', 1, 'Write not (param.a == 1).'],
    ['! param.a == 1', 1, 'Write not (param.a == 1).'],
    ['!param.a < 1', 1, 'Write not (param.a < 1).'],
    ['not (param.a) == (param.b)', 1, 'Write not ((param.a) == (param.b)).'],
    ['not not param.a is null', 5, 'Write not (param.a is null).'],
    ['1 < param.a < 10', 13, 'Write 1 < param.a and param.a < ..., or use parentheses.'],
    ['param.a == param.b == param.c', 20, 'Write param.a == param.b and param.b == ...'],
    ['param.a in param.b in param.c', 20, 'Write param.a in param.b and param.b in ...'],
    ['param.a == 1 is true', 14, 'Comparisons cannot be chained.'],
    ['param.a == 1 not in param.b', 14, 'Comparisons cannot be chained.'],
    ['param.a == not param.b', 12, 'Put parentheses around what not negates here'],
    ['param.a == !param.b', 12, 'Put parentheses around what ! negates here'],
  ])('%s', (source, column, message) => {
    expect(refusal(source)).toMatchObject({ column, message: expect.stringContaining(message) })
  })
})

describe('each refusal names the column and the remedy', () => {
  it.each([
    ['', 1, 'The condition is empty.'],
    ['  \n ', 5, 'ends too early'],
    ['param', 1, 'param alone is no value. Write param.<name>'],
    ['not context', 5, 'context alone is no value.'],
    ['param == context', 1, 'param alone is no value.'],
    ['param in context', 1, 'param alone is no value.'],
    ['"a" == param', 8, 'param alone is no value.'],
    ['1 in [param]', 7, 'param alone is no value.'],
    ['params.a == 1', 1, 'Unknown name params.'],
    ['amount > 1000', 1, 'Unknown name amount.'],
    ['param.tier == gold', 15, 'a text stands in quotes: "gold"'],
    ['param.a AND param.b', 9, 'Write and in lower case.'],
    ['NOT param.a', 1, 'Write not in lower case.'],
    ['param.a == TRUE', 12, 'Write true in lower case.'],
    ['param.a == undefined', 12, 'Unknown name undefined.'],
    ['param.a = 1', 9, 'Write == to compare'],
    ['param.a := 1', 9, 'colon'],
    ['param.a === 1', 9, 'Write == instead of ==='],
    ['param.a !== 1', 9, 'Write != instead of !=='],
    ['param.a <> 1', 9, 'Write != instead of <>.'],
    ['param.a & param.b', 9, 'Write and'],
    ['param.a | param.b', 9, 'Write or'],
    ['param.a + 1 > 2', 9, 'There is no arithmetic'],
    ['param.a - 1 > 2', 9, 'There is no arithmetic'],
    ['param.a -1 > 2', 9, 'There is no arithmetic'],
    ['param.a-b', 8, 'param["card-number"]'],
    ['-param.a > 2', 1, 'There is no arithmetic'],
    ['+1 == param.a', 1, 'a number has no + before it'],
    ['param.a * 2 > 2', 9, 'There is no arithmetic'],
    ['param.a ** 2 > 2', 9, 'There is no arithmetic'],
    ['param.a / 2 > 2', 9, 'There is no arithmetic'],
    ['param.a // 2 > 2', 9, 'There are no comments'],
    ['param.a % 2 == 0', 9, 'There is no arithmetic'],
    ['param.a ? 1 : 2', 9, 'a ? b : c'],
    ['1 if param.a else 2', 3, 'Expected and, or'],
    ['param.a ?? param.b', 9, '"name" in param'],
    ['param?.a', 6, 'Write . instead of ?.'],
    ['len(param.a) > 2', 1, 'Nothing can be called'],
    ['param.a.includes("x")', 17, 'Nothing can be called'],
    ['(param.a)(1)', 10, 'Nothing can be called'],
    ['"abc".length == 3', 6, 'Only param and context can be read into'],
    ['(param.a).b', 10, 'Only param and context can be read into'],
    ['[1][0] == 1', 4, 'Only param and context can be read into'],
    ['param.items.0 == 1', 12, 'Write an element of a list as [0]'],
    ['param[0].0 == 1', 9, 'Write an element of a list as [0]'],
    ['param.items[-1] == 1', 13, 'an index from 0'],
    ['param.items[1.5] == 1', 13, 'an index from 0'],
    ['param.items[1e2] == 1', 13, 'an index from 0'],
    ['param.items[0:1] == 1', 14, 'colon'],
    ['param[context.key] == 1', 7, 'a text in quotes or an index from 0'],
    ['param["a" == "a"] == 1', 11, 'Expected and, or'],
    ['param[] == 1', 7, 'a text in quotes or an index from 0'],
    ['param["a" == 1', 11, 'Expected and, or'],
    ['param["a"', 6, 'The [ is never closed.'],
    ['param.', 7, 'After the . a name is missing.'],
    ['param."a" == 1', 7, 'After the . a name is missing.'],
    ['(param.a', 1, 'The ( is never closed.'],
    ['param.a in [1, 2', 12, 'The [ is never closed.'],
    ['param.a)', 8, 'This ) closes nothing.'],
    ['param.a in [1, 2]]', 18, 'This ] closes nothing.'],
    ['param.a in [1,]', 15, 'Expected a value before ].'],
    ['param.a in [,1]', 13, 'Expected a value before ,.'],
    ['param.a in (1, 2)', 14, 'Write a list in square brackets'],
    ['param.a in [param.b == 1]', 21, 'Expected and, or'],
    ['param.a in [(param.b == 1)]', 13, 'A list holds literals'],
    ['param.a == {"b": 1}', 12, 'There are no objects'],
    ['param.a, param.b', 8, 'A comma stands only in a list'],
    ['param.a param.b', 9, 'Expected and, or'],
    ['param.a; param.b', 8, 'one expression'],
    ['"a" "b" == param.a', 5, 'Expected and, or'],
    ['param.a == f"x"', 12, 'Unknown name f.'],
    ['param.a == `x`', 12, 'Write a text in "double"'],
    ['param.a == “x”', 12, 'straight "quotes"'],
    ['param.größe == 1', 9, 'U+00F6'],
    ['param.a\u00a0== 1', 8, 'U+00A0'],
    ['"\u{1f600}" == param.a oder param.b', 16, 'Expected and, or'],
    ['param.a and', 12, 'ends too early'],
    ['and param.a', 1, 'Expected a value before and.'],
    ['param.a and or param.b', 13, 'Expected a value before or.'],
    ['param.a is param.b', 12, 'Write == to compare two values.'],
    ['param.a is not param.b', 16, 'Write != to compare two values.'],
    ['param.a is []', 12, 'Write == to compare two values.'],
    ['param.a is not not param.b', 16, 'Put parentheses'],
    ['param.a not == 1', 9, 'not cannot stand here.'],
    ['param.a not param.b', 9, 'not cannot stand here.'],
    ['lambda x: x', 9, 'no lambda'],
    ['5 and param.a', 1, '5 is neither true nor false.'],
    ['param.a or "x"', 12, '"x" is neither true nor false.'],
    ['[1]', 1, 'A list is neither true nor false.'],
    ['not 1', 5, '1 is neither true nor false.'],
    ['param.a < true', 11, '< compares numbers with numbers and texts with texts'],
    ['null >= param.a', 1, '>= compares numbers with numbers'],
    ['param.a < [1]', 11, '< compares numbers'],
    ['(param.a == 1) < 2', 1, '< compares numbers'],
    ['1 < "a"', 5, '< compares numbers'],
    ['param.a in 5', 12, 'To the right of in stands a list'],
    ['param.a not in null', 16, 'To the right of not in stands a list'],
    ['param.a in (param.b == 1)', 12, 'To the right of in stands a list'],
    ['5 in "555"', 1, 'Only a text can be looked for in a text'],
  ])('%s', (source, column, message) => {
    expect(refusal(source)).toMatchObject({ column, message: expect.stringContaining(message) })
  })
})

describe('numbers', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['7', 7],
    ['-5', -5],
    ['0.25', 0.25],
    ['-0.5', -0.5],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1e+3', 1000],
    ['25e-1', 2.5],
    ['0e5', 0],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['5e-324', 5e-324],
  ])('reads %s', (text, value) => {
    const node = parse(`param.a == ${text}`)
    expect(node).toMatchObject({ kind: 'compare', right: { kind: 'literal', value } })
    expect(Object.is((node as { right: { value: unknown } }).right.value, -0)).toBe(false)
  })

  it.each([
    '1e400',
    '-1e400',
    '9007199254740992',
    '12345678901234567890',
    '1e16',
    '1e300',
    '1e-400',
    '0.000000001e-330',
    '007',
    '00',
    '-01',
    '0x10',
    '0b1',
    '0o7',
    '1_000',
    '1.',
    '.5',
    '-.5',
    '1.5.2',
    '1e',
    '1e+',
    '10n',
    '5px',
    '1..2',
    '1.e3',
    '--1',
    '- 1',
    'Infinity',
    'NaN',
  ])('refuses %s', text => {
    expect(refusal(`param.a == ${text}`).column).toBe(12)
  })
})

describe('texts', () => {
  it.each([
    ['"a"', 'a'],
    ["'a'", 'a'],
    ['""', ''],
    [`"it's"`, "it's"],
    [`'say "x"'`, 'say "x"'],
    [String.raw`"\""`, '"'],
    [String.raw`'\''`, "'"],
    [String.raw`"\\n"`, '\\n'],
    [String.raw`"\n\r\t\b\f"`, '\n\r\t\b\f'],
    [String.raw`"\u0041"`, 'A'],
    [String.raw`"\u00e9\u00E9"`, 'éé'],
    [String.raw`"\ud83d\ude00"`, '\u{1f600}'],
    ['"\u{1f600} ü"', '\u{1f600} ü'],
    ['"\t"', '\t'],
    [String.raw`"\u0000"`, '\u0000'],
  ])('reads %s', (text, value) => {
    expect(parse(`param.a == ${text}`)).toMatchObject({ right: { kind: 'literal', value } })
  })

  it.each([
    [String.raw`"\x41"`, 'Unknown escape'],
    [String.raw`"\0"`, 'Unknown escape'],
    [String.raw`"\a"`, 'Unknown escape'],
    [String.raw`"\/"`, 'Unknown escape'],
    [String.raw`"\u{41}"`, 'Unknown escape'],
    [String.raw`"\u004"`, 'Unknown escape'],
    [String.raw`"\U00000041"`, 'Unknown escape'],
    [String.raw`"\N{DASH}"`, 'Unknown escape'],
    ['"\\\n"', 'Unknown escape'],
    [String.raw`"\ud83d"`, 'surrogate'],
    [String.raw`"\ude00\ud83d"`, 'surrogate'],
    ['"\ud83d"', 'surrogate'],
    ['"a', 'no closing quote'],
    ['"a\n"', 'no closing quote'],
    [String.raw`"a\"`, 'no closing quote'],
    [`"a'`, 'no closing quote'],
    ['"""a"""', 'Expected and, or'],
  ])('refuses %s', (text, message) => {
    expect(refusal(`param.a == ${text}`).message).toContain(message)
  })

  it('reads no name as an escape that an object would inherit', () => {
    expect(refusal(String.raw`param.a == "\constructor"`).message).toContain('Unknown escape')
  })
})

describe('bounds', () => {
  const long = (length: number): string => `param.a == "${'x'.repeat(length - 'param.a == ""'.length)}"`
  it('accepts 2,000 characters and refuses 2,001', () => {
    expect(compileCondition(long(2000)).ok).toBe(true)
    expect(refusal(long(2001))).toEqual({
      ok: false,
      column: 1,
      message: 'The condition is longer than 2000 characters.',
    })
  })
  it('counts characters as the API server does, not UTF-16 units', () => {
    const source = long(2000).replaceAll('x', '\u{1f600}')
    expect(compileCondition(source).ok).toBe(true)
  })
  it('refuses megabytes at once', () => {
    expect(refusal('('.repeat(50_000_000)).column).toBe(1)
  })
  it.each([
    ['parentheses', '(', 'param.a', ')'],
    ['lists', '1 in [', '[1]', ']'],
    ['nots', 'not ', 'param.a', ''],
    ['exclamation marks', '!', 'param.a', ''],
  ])('refuses %s inside each other without end', (_, open, inner, close) => {
    expect(compileCondition(open.repeat(1) + inner + close.repeat(1)).ok).toBe(true)
    const many =
      open.trim() === '1 in ['
        ? `1 in ${'['.repeat(900)}${']'.repeat(900)}`
        : open.repeat(330) + inner + close.repeat(330)
    expect(refusal(many).message).toContain('More than 32')
    expect(refusal(`${'('.repeat(1000)}param.a${')'.repeat(900)}`).message).toContain('More than 32')
  })
  it('accepts 32 parentheses inside each other', () => {
    expect(compileCondition(`${'('.repeat(32)}param.a${')'.repeat(32)}`).ok).toBe(true)
    expect(compileCondition(`${'('.repeat(33)}param.a${')'.repeat(33)}`).ok).toBe(false)
  })
  it('accepts any number of parentheses, lists and nots beside each other', () => {
    const source = Array.from({ length: 60 }, () => '(not (param.a in [1]))').join(' or ')
    expect(compileCondition(source).ok).toBe(true)
  })
  it('accepts as many ands as there is room for', () => {
    const source = Array.from({ length: 150 }, () => 'param.a').join(' and ')
    const result = compileCondition(source)
    expect(result.ok && evaluate(result.condition, { param: { a: true }, context: {} }).outcome).toBe('True')
  })
})

describe('paths', () => {
  it('are listed once each, in canonical form, the short-circuited ones too', () => {
    const result = compileCondition(
      `param["a"].b[0]['c-d'] == 1 or param . a . b [ 0 ]["c-d"] == 2 or context.in or "x" in param or 1 in [context.is]`,
    )
    expect(result.ok && result.condition.paths).toEqual([
      { root: 'param', steps: ['a', 'b', 0, 'c-d'], text: 'param.a.b[0]["c-d"]' },
      { root: 'context', steps: ['in'], text: 'context.in' },
      { root: 'param', steps: [], text: 'param' },
      { root: 'context', steps: ['is'], text: 'context.is' },
    ])
  })
})

describe('evaluation', () => {
  const run = (source: string, param: object, context: object = {}) => {
    const result = compileCondition(source)
    if (!result.ok) throw new Error(result.message)
    return evaluate(result.condition, { param: param as never, context: context as never })
  }

  it('reads left to right and no further than it must', () => {
    expect(run('param.a or param.missing', { a: true })).toEqual({
      outcome: 'True',
      values: { 'param.a': true },
    })
    expect(run('param.a and param.missing', { a: false })).toEqual({
      outcome: 'False',
      values: { 'param.a': false },
    })
    expect(run('param.missing and param.a', { a: false })).toMatchObject({ outcome: 'Unknown', values: {} })
    expect(run('param.a or param.missing', { a: false })).toEqual({
      outcome: 'Unknown',
      detail: 'param.missing is missing',
      values: { 'param.a': false },
    })
  })

  it.each([
    ['param.a.b == 1', {}, 'param.a is missing'],
    ['param.a.b == 1', { a: {} }, 'param.a.b is missing'],
    ['param.a.b == 1', { a: 'x' }, 'param.a.b is missing: param.a is a string'],
    ['param.a.b == 1', { a: [1] }, 'param.a.b is missing: param.a is a list'],
    ['param.a.b == 1', { a: null }, 'param.a.b is missing: param.a is null'],
    ['param.a[0] == 1', { a: { 0: 1 } }, 'param.a[0] is missing: param.a is an object'],
    ['param.a["0"] == 1', { a: [1] }, 'param.a["0"] is missing: param.a is a list'],
    ['param.a[1] == 1', { a: [1] }, 'param.a[1] is missing'],
    ['param.a', { a: 1 }, 'param.a is a number, not true or false'],
    ['not param.a', { a: {} }, 'param.a is an object, not true or false'],
    [
      'param.a > 1000',
      { a: '2400' },
      'param.a > 1000 cannot be evaluated: a string and a number have no order',
    ],
    ['param.a > 1000', { a: null }, 'param.a > 1000 cannot be evaluated: null and a number have no order'],
    ['1 in param.a', { a: 'x1' }, '1 in param.a cannot be evaluated: a number is not looked for in a string'],
    ['1 in param.a', { a: 1 }, '1 in param.a cannot be evaluated: nothing is in a number'],
    [
      '1 not in param.a',
      { a: {} },
      '1 not in param.a cannot be evaluated: a number is not the name of a property',
    ],
    ['param.a > 1', { a: 2 ** 53 }, 'param.a is a number too large to be known exactly'],
    ['param.a > 1', { a: -1e300 }, 'param.a is a number too large to be known exactly'],
    ['param.a > 1', { a: Number.NaN }, 'param.a is a number too large to be known exactly'],
  ])('says why %s cannot be evaluated', (source, param, detail) => {
    expect(run(source, param)).toMatchObject({ outcome: 'Unknown', detail })
  })

  it('shows what it read, cut where it is long', () => {
    const long = 'é'.repeat(300)
    const given = run(
      'param.a != context.b and param.c != context.d',
      { a: long, c: [1] },
      { b: [long, long], d: {} },
    )
    expect(given.outcome).toBe('True')
    expect(given.values).toEqual({
      'param.a': `${'é'.repeat(255)}…`,
      'context.b': `["${'é'.repeat(253)}…`,
      'param.c': [1],
      'context.d': {},
    })
  })

  it('shows the same whatever order it was asked in', () => {
    expect(run('"a" in param', { a: 1 }).values).toEqual({ param: { a: 1 } })
  })
})

describe('contextFor', () => {
  it('lets nobody but the operator say what the run is', () => {
    expect(contextFor({ run: { startedBy: 'root' }, a: 1 }, { name: 'r', startedBy: 'bob' })).toEqual({
      a: 1,
      run: { name: 'r', startedBy: 'bob' },
    })
  })
  it('holds no startedBy where it is unknown, so that a condition on it pauses', () => {
    expect(contextFor(undefined, { name: 'r' })).toEqual({ run: { name: 'r' } })
    const result = compileCondition('context.run.startedBy == "bob"')
    expect(
      result.ok && evaluate(result.condition, { param: {}, context: contextFor({}, { name: 'r' }) }).outcome,
    ).toBe('Unknown')
  })
  it('keeps the own properties of the context, whatever they are called, and changes none of it', () => {
    const given = JSON.parse('{"__proto__": {"run": 1}, "toString": 2}')
    const context = contextFor(given, { name: 'r' })
    expect(Object.keys(context).sort()).toEqual(['__proto__', 'run', 'toString'])
    expect(Object.keys(given)).toEqual(['__proto__', 'toString'])
  })
})
