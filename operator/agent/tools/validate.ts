import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import { Ajv as Draft07 } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { bounded } from './bounded.ts'

export type Validation = { readonly ok: true } | { readonly ok: false; readonly message: string }

type Compiled = { readonly validate: ValidateFunction } | { readonly fault: string }

const OPTIONS: Options = {
  strict: false,
  // All of them, so that the model need not find out one by one; how many are told is bounded below.
  allErrors: true,
  logger: false,
  // Values are checked, never changed: what was approved is what is sent.
  coerceTypes: false,
  useDefaults: false,
}
const MOST_ERRORS = 5
const MAX_MESSAGE = 2000
const MAX_CACHED = 500
/** Longer than any honest schema takes, shorter than anybody waits for the operator. */
const MAX_CHECK_MS = 250
const MAX_COMPILE_MS = 2000

const compiled = new Map<string, Compiled>()

/**
 * Checks a call's parameters against its tool's JSON Schema (2020-12 unless `$schema` says otherwise). A message is for
 * the model: it names places and rules, never a value. A schema that cannot be compiled lets nothing through.
 */
export function validateParams(inputSchema: JsonObject, params: unknown): Validation {
  const schema = compile(inputSchema)
  if ('fault' in schema) {
    return {
      ok: false,
      message: `The tool's own input schema is wrong, so it cannot be called: ${schema.fault}`,
    }
  }
  const { validate } = schema
  const valid = attempt(() => validate(params))
  if (valid === undefined) {
    return {
      ok: false,
      message:
        "The arguments could not be checked: a rule of the tool's input schema takes too long on them.",
    }
  }
  if (valid === true) return { ok: true }
  return {
    ok: false,
    message: `The arguments do not fit the tool's input schema: ${describe(validate.errors ?? [])}`,
  }
}

/** The result of work that ends in time and throws nothing. */
function attempt<T>(work: () => T): T | undefined {
  try {
    const result = bounded(MAX_CHECK_MS, work)
    return result.done ? result.value : undefined
  } catch {
    return undefined
  }
}

function compile(schema: JsonObject): Compiled {
  const key = JSON.stringify(schema)
  const known = compiled.get(key)
  if (known !== undefined) {
    // The oldest entry of a Map is its first: what is used moves to the end.
    compiled.delete(key)
    compiled.set(key, known)
    return known
  }
  const fresh = compileFresh(schema)
  compiled.set(key, fresh)
  const oldest = compiled.keys().next().value
  if (compiled.size > MAX_CACHED && oldest !== undefined) compiled.delete(oldest)
  return fresh
}

function compileFresh(schema: JsonObject): Compiled {
  // An asynchronous schema answers with a promise, which is never `true`, but says nothing either.
  if (schema.$async === true) return { fault: '$async is not supported.' }
  try {
    const compiled = bounded(MAX_COMPILE_MS, () => {
      // One instance each: schemas of different tools may carry the same $id, and so do two tries of one.
      const ajv = instance(schema.$schema)
      formats.default(ajv)
      return ajv.compile(schema)
    })
    return compiled.done ? { validate: compiled.value } : { fault: 'it takes too long to compile.' }
  } catch (error) {
    return { fault: (error instanceof Error ? error.message : 'it does not compile.').slice(0, 300) }
  }
}

function instance(dialect: unknown): Ajv {
  const name = typeof dialect === 'string' ? dialect : ''
  if (/draft-0[67]/.test(name)) {
    const ajv = new Draft07(OPTIONS)
    if (name.includes('draft-06')) ajv.addMetaSchema(DRAFT_06)
    return ajv
  }
  if (name.includes('2019-09')) return new Ajv2019(OPTIONS)
  return new Ajv2020(OPTIONS)
}

/** Draft 6 is draft 7 without if/then/else: enough to say that `$schema` is known. */
const DRAFT_06 = { $id: 'http://json-schema.org/draft-06/schema#', type: ['object', 'boolean'] }

function describe(errors: readonly ErrorObject[]): string {
  const told = [...new Set(errors.map(describeOne))]
  const more = told.length > MOST_ERRORS ? `; and ${told.length - MOST_ERRORS} more` : ''
  return `${told.slice(0, MOST_ERRORS).join('; ')}${more}.`.slice(0, MAX_MESSAGE)
}

function describeOne({ instancePath, keyword, message, params }: ErrorObject): string {
  const path = `param${instancePath.slice(0, 200).replaceAll('/', '.')}`.toWellFormed()
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name: unknown = params.additionalProperty ?? params.unevaluatedProperty
      return `${path} has a property that is not allowed: ${String(name).slice(0, 100).toWellFormed()}`
    }
    case 'enum':
      return `${path} must be one of ${JSON.stringify(params.allowedValues).slice(0, 300)}`
    case 'const':
      return `${path} must be ${JSON.stringify(params.allowedValue).slice(0, 300)}`
    default:
      return `${path} ${message ?? `breaks the rule ${keyword}`}`
  }
}
