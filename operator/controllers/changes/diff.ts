import type { JsonValue } from '../../../crds/v1alpha1/common.ts'
import { cutText, isObject } from '../../policy/json.ts'

const MAX_VALUE = 1000
const MAX_DIFF = 60_000

/**
 * What of a spec changed, a line each: `approval.tools[0].when: "a" -> "b"`; `+` before what came, `-` before what
 * went. Entries of lists are compared by their place. Long values are cut, and so is the whole, with a mark.
 */
export const diffOf = (before: JsonValue | undefined, after: JsonValue | undefined): string =>
  cutText(linesOf('', before, after).join('\n'), MAX_DIFF)

const linesOf = (path: string, before: JsonValue | undefined, after: JsonValue | undefined): string[] => {
  const [old, now] = [childrenOf(before), childrenOf(after)]
  if ((old ?? now) && (before === undefined || old) && (after === undefined || now)) {
    const names = new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])
    if (names.size > 0) {
      return [...names].flatMap(name => linesOf(join(path, name), own(old, name), own(now, name)))
    }
  }
  const [one, other] = [shown(before), shown(after)]
  if (one === other) return []
  if (one === undefined) return [`+ ${path}: ${cutText(other ?? '', MAX_VALUE)}`]
  if (other === undefined) return [`- ${path}: ${cutText(one, MAX_VALUE)}`]
  return [`${path}: ${cutText(one, MAX_VALUE)} -> ${cutText(other, MAX_VALUE)}`]
}

/** The members of an object or list, by name or `[place]`. Undefined for anything else. */
const childrenOf = (value: JsonValue | undefined): Readonly<Record<string, JsonValue>> | undefined => {
  if (Array.isArray(value)) return Object.fromEntries(value.map((one, index) => [`[${index}]`, one]))
  return isObject(value) ? value : undefined
}

const own = (values: Readonly<Record<string, JsonValue>> | undefined, name: string): JsonValue | undefined =>
  values && Object.hasOwn(values, name) ? values[name] : undefined

const join = (path: string, name: string): string =>
  path === '' || name.startsWith('[') ? `${path}${name}` : `${path}.${name}`

const shown = (value: JsonValue | undefined): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value)
