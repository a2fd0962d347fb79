import { parseArgs } from 'node:util'
import { nearest } from '../text/nearest.ts'
import { KUBECTL_FLAGS } from './kubectl-flags.ts'

/** The flags that a command knows, by their long name. */
export type FlagTable = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>
>

/** Values by long name; a flag that was not typed is absent. */
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]?: T[K]['type'] extends 'boolean' ? boolean : string
}

export type Parsed<T extends FlagTable> =
  | {
      readonly kind: 'Parsed'
      readonly flags: FlagValues<T>
      /** Value of `-n`, which is among `kubectl` too. */
      readonly namespace?: string
      /** Flags for kubectl, in the order typed, each as `--name=value`. */
      readonly kubectl: readonly string[]
      readonly names: readonly string[]
    }
  | { readonly kind: 'Usage'; readonly message: string }

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

/**
 * Reads a command line as kubectl would: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-f=value`,
 * `--switch`, `--switch=false`; flags and names in any order, nothing but names after `--`.
 */
export function parse<const T extends FlagTable>(argv: readonly string[], own: T): Parsed<T> {
  const known: FlagTable = { ...own, ...KUBECTL_FLAGS }
  // Not strict: parseArgs would refuse `--wait=false` and values that begin with a dash, which kubectl takes.
  const { tokens } = parseArgs({
    args: [...argv],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const flags: Record<string, string | boolean> = {}
  const kubectl: string[] = []
  const names: string[] = []
  let namespace: string | undefined
  for (const token of tokens) {
    if (token.kind === 'positional') names.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(known, token.name) ? known[token.name] : undefined
    if (!spec) return { kind: 'Usage', message: unknownFlag(token.rawName, known) }
    const value = read(token, spec.type)
    if (value === undefined) {
      const wanted = spec.type === 'string' ? 'needs a value' : 'takes true or false'
      return { kind: 'Usage', message: `The flag ${token.rawName} ${wanted}.` }
    }
    if (Object.hasOwn(own, token.name)) flags[token.name] = value
    else kubectl.push(`--${token.name}=${value}`)
    if (token.name === 'namespace') namespace = String(value)
  }
  return {
    kind: 'Parsed',
    flags: flags as FlagValues<T>,
    ...(namespace === undefined ? {} : { namespace }),
    kubectl,
    names,
  }
}

interface OptionToken {
  readonly rawName: string
  readonly value?: string | undefined
}

function read(token: OptionToken, type: 'string' | 'boolean'): string | boolean | undefined {
  if (type === 'boolean') return token.value === undefined ? true : BOOLEANS[token.value]
  // `-n=shop`: parseArgs takes `=shop` for the value, kubectl takes `shop`.
  const short = !token.rawName.startsWith('--')
  return short && token.value?.startsWith('=') ? token.value.slice(1) : token.value
}

function unknownFlag(typed: string, known: FlagTable): string {
  const long = Object.keys(known).filter(name => name.length > 1)
  const near = typed.startsWith('--') ? nearest(typed.slice(2), long) : undefined
  return `There is no flag ${typed}.${near ? ` Did you mean --${near}?` : ''}`
}

const PREFIX = /^(approvalrequests?|apr)(\.v1alpha1)?(\.countersign\.dev)?\//
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/**
 * Names of requests as typed, each once, in order; `approvalrequest.countersign.dev/x`, as `-o name` prints it, is `x`.
 * What could be no name is given back as `wrong`.
 */
export function requestNames(typed: readonly string[]): { names: string[]; wrong?: string } {
  const names = [...new Set(typed.map(name => name.replace(PREFIX, '')))]
  const wrong = names.find(name => !NAME.test(name))
  return wrong === undefined ? { names } : { names, wrong }
}
