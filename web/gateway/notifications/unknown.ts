import type { FieldError } from '../problems/problem.ts'

/**
 * The members of `sent` that its schema left out of `taken`. The kinds' schemas drop what they do not know, as the API
 * server would refuse it; a name that is mistyped must not be lost without a word.
 */
export function unknownMembers(sent: unknown, taken: unknown, path = ''): readonly FieldError[] {
  if (Array.isArray(sent) && Array.isArray(taken)) {
    return sent.flatMap((item, i) => unknownMembers(item, taken[i], join(path, String(i))))
  }
  if (!isObject(sent) || !isObject(taken)) return []
  return Object.entries(sent).flatMap(([name, value]) =>
    Object.hasOwn(taken, name)
      ? unknownMembers(value, taken[name], join(path, name))
      : [{ path: join(path, name), message: 'There is no such field.' }],
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
