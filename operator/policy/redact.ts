import { createHmac } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import { canonicalize } from './canonical.ts'
import { stepText } from './conditions/syntax.ts'
import { Refusal, readString } from './conditions/tokens.ts'
import { isObject } from './json.ts'
import { REDACTED_KEY } from './params.ts'

/** Every element of a list: `[*]`. */
export const EVERY = Symbol('every element')

/** Steps of an entry of `approval.redact`: names of properties, indexes of lists, or every element. */
export type RedactPath = readonly (string | number | typeof EVERY)[]

/**
 * Parses an entry of `approval.redact`: `param.card_number`, `param["card-number"]`, `param.cards[0].number`,
 * `param.cards[*].number`.
 */
export function parseRedactPath(
  text: string,
):
  | { readonly ok: true; readonly path: RedactPath }
  | { readonly ok: false; readonly column: number; readonly message: string } {
  const fail = (index: number, message: string) => ({ ok: false, column: index + 1, message }) as const
  if (!/^param(?![A-Za-z0-9_$])/.test(text))
    return fail(0, 'Write param.<name>: only parameters are redacted.')
  const path: (string | number | typeof EVERY)[] = []
  let at = 'param'.length
  while (at < text.length) {
    const plain = /^(?:\.([A-Za-z_$][A-Za-z0-9_$]*)|\[(0|[1-9][0-9]{0,14})\]|\[(\*)\])/.exec(text.slice(at))
    if (plain !== null) {
      const [whole, name, index] = plain
      path.push(name ?? (index === undefined ? EVERY : Number(index)))
      at += whole.length
    } else if (/^\[["']/.test(text.slice(at))) {
      try {
        const { value, end } = readString(text, at + 1)
        if (text[end] !== ']') return fail(end, 'A ] is missing.')
        path.push(value)
        at = end + 1
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return fail(error.index, error.message)
      }
    } else return fail(at, 'Here stands .name, ["name"], [0] or [*].')
  }
  if (path.length === 0) return fail(at, 'Name a parameter: param.<name>.')
  return { ok: true, path }
}

/** Params as people and logs may see them. */
export interface Redaction {
  /** A copy in which each redacted value is `{"$redacted": "hmac-sha256:<hex>"}`. */
  readonly shown: JsonObject
  /** Where values were replaced, in the words of a condition: `param.cards[0].number`. */
  readonly redactedPaths: readonly string[]
  /** The texts and numbers that were hidden, for `scrub`. Never to be stored or logged. */
  readonly secrets: readonly (string | number)[]
}

/** The entries of redact, each of its paths merged by their beginnings. */
interface Branch {
  hidden: boolean
  readonly named: Map<string, Branch>
  readonly indexed: Map<number, Branch>
  every: Branch | undefined
}

/**
 * Replaces the values at `paths` by keyed digests. A name that meets a list reaches into each of its elements: hiding
 * too much is better than a card number that shows because the author forgot a `[*]`. `key` is the operator's own;
 * without it a digest of three digits is guessed in a thousand tries. Throws where a path does not parse (the Agent's
 * check refuses those earlier), since going on would show what should be hidden.
 */
export function redactParams(params: JsonObject, paths: readonly string[], key: Buffer): Redaction {
  const root = newBranch()
  for (const text of paths) {
    const parsed = parseRedactPath(text)
    if (!parsed.ok) throw new TypeError(`redact path at column ${parsed.column}: ${parsed.message}`)
    let branch = root
    for (const step of parsed.path) branch = grow(branch, step)
    branch.hidden = true
  }
  const redactedPaths: string[] = []
  const secrets = new Set<string | number>()

  const view = (value: JsonValue, branches: readonly Branch[], path: string): JsonValue => {
    if (branches.some(branch => branch.hidden)) {
      redactedPaths.push(path)
      collect(value, secrets)
      return { [REDACTED_KEY]: keyedDigest(value, key) }
    }
    if (branches.length === 0 || typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      const forEach = branches.filter(branch => branch.named.size > 0)
      return value.map((item, i) => {
        const inner = branches.flatMap(({ indexed, every }) => [indexed.get(i) ?? [], every ?? []].flat())
        return view(item, [...inner, ...forEach], path + stepText(i))
      })
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        const inner = branches.flatMap(({ named }) => named.get(name) ?? [])
        return [name, view(item, inner, path + stepText(name))]
      }),
    )
  }
  return { shown: view(params, [root], 'param') as JsonObject, redactedPaths, secrets: [...secrets] }
}

/**
 * The key for one run, made of the operator's: equal values read alike within a run (a repeated call is known again),
 * and not from run to run, where somebody could start one of their own to try guesses.
 */
export function runKey(key: Buffer, runUID: string | undefined): Buffer {
  return createHmac('sha256', key)
    .update(runUID ?? '')
    .digest()
}

function newBranch(): Branch {
  return { hidden: false, named: new Map(), indexed: new Map(), every: undefined }
}

function grow(branch: Branch, step: RedactPath[number]): Branch {
  if (step === EVERY) {
    branch.every ??= newBranch()
    return branch.every
  }
  const children: Map<string | number, Branch> = typeof step === 'string' ? branch.named : branch.indexed
  const child = children.get(step) ?? newBranch()
  children.set(step, child)
  return child
}

function keyedDigest(value: JsonValue, key: Buffer): string {
  return `hmac-sha256:${createHmac('sha256', key).update(canonicalize(value), 'utf8').digest('hex')}`
}

function collect(value: JsonValue, into: Set<string | number>): void {
  if (typeof value === 'string' || typeof value === 'number') into.add(value)
  else if (Array.isArray(value)) for (const item of value) collect(item, into)
  else if (isObject(value)) for (const item of Object.values(value)) collect(item, into)
}
