import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { compileCondition } from './compile.ts'
import { evaluate } from './evaluate.ts'

// What was published against the evaluators next door, each as its advisory or its repository shows it, and the same
// shape in the words of this language. The language itself has no calls, no assignment and no other root, so nearly
// all are refused; what parses reads own properties of JSON and finds none.

const PUBLISHED: Record<string, readonly string[]> = {
  'jsonpath-plus CVE-2024-21534': [
    '$[(this.constructor.constructor("require(\\"child_process\\").exec(\\"id\\")")())]',
    '$[?(var _$_root=[].constructor.constructor("console.log(this.process.mainModule.require(\\"child_process\\").execSync(\\"id\\").toString())");@root())]',
    "$..[?(@.constructor.constructor('return process')())]",
    'this.constructor.constructor("return this.process")().mainModule',
    '[].constructor.constructor("return process")()',
    '$[?(@root.constructor)]',
    "$[?(@.length-1)]['__proto__']",
  ],
  'jsonpath-plus CVE-2025-1302': [
    `$..[?(p="console.log(this.process.mainModule.require('child_process').execSync('id').toString())";a=''[['constructor']][['constructor']](p);a())]`,
    "''[['constructor']][['constructor']]('return process')()",
    "param.x[['constructor']]",
    "param[['__proto__']]",
    '[]["filter"]["constructor"]("return process")()',
  ],
  'jsonpath and static-eval CVE-2017-16226, CVE-2021-23334': [
    '[].filter.constructor("console.log(process.env)")()',
    '"".sub.constructor("console.log(process.env)")()',
    '(function myTag(y){return ""[!y?"__proto__":"constructor"][y]})("constructor")("console.log(process.env)")()',
    '(function({x}){return x.constructor})({x:"".sub})("console.log(process.env)")()',
    '(function(){1 + (Object.prototype.polluted = `yes`)}())',
    '(function(x){return x.constructor})("".sub)',
    'param.x`constructor`',
    '`$' + '{param.x.constructor}`',
    '((x) => x.constructor)(param.x)',
    'param.x?.constructor',
    '!function(){ return this }()',
  ],
  'expr-eval CVE-2025-12735, CVE-2025-13204 and prototype pollution': [
    'Object=constructor;a=Object.fromEntries([["a","polluted"]]);Object.assign(__proto__, a)',
    'constructor',
    '__proto__',
    'toString.constructor("return process")()',
    'x = toString.constructor; x("return process")()',
    'f(x) = x; f.constructor("return process")()',
    '(f(x) = 1).constructor',
    'exec("id")',
    'write("pwned", "/tmp/pwned")',
    'param.f(1)',
    'param.cmd.exec("id")',
    'context.evalFunc("process.exit()")',
    'process.exit()',
    '__proto__.polluted = 1',
    'param.__proto__.polluted = 1',
    'a = 1; a',
    'map(toString.constructor, ["return process"])',
    'fold(param.f, 1, [1])',
    'random()',
    'if(1, 2, 3)',
  ],
  'expression-eval (GHSA: constructor.constructor)': [
    "(1).constructor.constructor(\"return process.mainModule.require('child_process').execSync('id')\")()",
    '(1).constructor',
    '"".constructor.constructor("return process")()',
    '[].constructor',
    '(()=>{}).constructor("return process")()',
    'this.constructor',
    'this',
    'param["constr" + "uctor"]',
    'param[context.key]',
    'param[("__proto__")]',
    'param[`__proto__`]',
    'param["x", "__proto__"]',
    'param[!0]',
  ],
  'sandboxes and template engines of the same kind': [
    '{}.constructor',
    '({}).__proto__',
    '({})["__proto__"]',
    'new Function("return process")()',
    'import("child_process")',
    'require("child_process")',
    'global.process',
    'globalThis',
    'eval("1")',
    'Symbol.iterator',
    '/a/.constructor',
    'param.x => param.x',
    'async () => 1',
    '[...param.x]',
    'param.x ? context.a : context.b',
    'param.x, context.y',
    'param.x; context.y',
    'delete param.x',
    'typeof param.x',
    'void 0',
    'param.x++',
    '10n',
    '@param',
    '#param',
    '\\u0070aram.x',
    'p\\u0061ram.x',
    'раram.x == 1', // Cyrillic
    'ｐａｒａｍ.x == 1', // full width
    'param\u200b.x == 1',
    'param.x\u00a0== 1',
    'param.x == 1 // and context.y',
    'param.x == 1 /* */',
    'param.x == 1 # comment',
    'param.x == 1\u0000',
    'param.x == 1\u2028and true',
  ],
}

describe.each(Object.keys(PUBLISHED))('%s', name => {
  it.each(PUBLISHED[name]!)('refuses %s', source => {
    const result = compileCondition(source)
    expect(result).toMatchObject({
      ok: false,
      column: expect.any(Number),
      message: expect.stringMatching(/\.$/),
    })
  })

  it.each(PUBLISHED[name]!)('refuses %s in a comparison and behind a condition that holds', source => {
    expect(compileCondition(`true or ${source}`).ok).toBe(false)
    expect(compileCondition(`param.x == (${source})`).ok).toBe(false)
  })
})

describe('names of the host language', () => {
  const NAMES = [
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'isPrototypeOf',
    '__defineGetter__',
    '__lookupGetter__',
    'toLocaleString',
    'length',
    'at',
    'includes',
    'sub',
    'toFixed',
    'then',
    'toJSON',
  ]
  const values: JsonObject = { s: 'text', n: 1, b: true, z: null, l: ['x'], o: { k: 1 } }
  const holders = ['', ...Object.keys(values).map(key => `.${key}`)]

  it.each(NAMES)('reads nothing by the name %s, on any value, dotted or in brackets', name => {
    for (const root of ['param', 'context']) {
      for (const holder of holders) {
        for (const path of [`${root}${holder}.${name}`, `${root}${holder}["${name}"]`]) {
          const deeper = `${path}.${name}`
          for (const source of [path, `${path} == null`, `${path} != 1`, `not ${path}`, `${deeper} == 1`]) {
            const result = compileCondition(source)
            if (!result.ok) throw new Error(result.message)
            const given = evaluate(result.condition, { param: values, context: values })
            expect(given, source).toMatchObject({ outcome: 'Unknown', values: {} })
          }
        }
      }
    }
  })

  it.each(NAMES)('reads a property that is really called %s', name => {
    const scope = { param: JSON.parse(`{"${name}": {"${name}": 7}}`) as JsonObject, context: {} }
    const result = compileCondition(`param.${name}["${name}"] == 7 and "${name}" in param`)
    if (!result.ok) throw new Error(result.message)
    expect(evaluate(result.condition, scope)).toMatchObject({ outcome: 'True' })
  })

  it('reads nothing that somebody put on a prototype', () => {
    const polluted = Object.prototype as unknown as JsonObject
    polluted.is_admin = true
    try {
      const result = compileCondition('context.is_admin')
      if (!result.ok) throw new Error(result.message)
      expect(evaluate(result.condition, { param: {}, context: {} }).outcome).toBe('Unknown')
      const member = compileCondition('"is_admin" in context')
      if (!member.ok) throw new Error(member.message)
      expect(evaluate(member.condition, { param: {}, context: {} }).outcome).toBe('False')
    } finally {
      delete polluted.is_admin
    }
  })

  it('keeps what it shows in own properties: no accessor can be named __proto__', () => {
    const result = compileCondition('param["__proto__"] == 1 or context["__proto__"]["x"] == 1')
    if (!result.ok) throw new Error(result.message)
    const context = JSON.parse('{"__proto__": {"x": 1}}') as JsonObject
    const param = JSON.parse('{"__proto__": 2}') as JsonObject
    const given = evaluate(result.condition, { param, context })
    expect(given).toEqual({ outcome: 'True', values: { 'param.__proto__': 2, 'context.__proto__.x': 1 } })
    expect(Object.getPrototypeOf(given.values)).toBe(Object.prototype)
  })
})
