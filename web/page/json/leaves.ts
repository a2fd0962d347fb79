/** A value within parameters that holds no others, and the names and places that lead to it. */
export interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** All of them, in their order; an empty list or object is one too. Deep parameters need no deep stack. */
export function leavesOf(params: object): Leaf[] {
  const found: Leaf[] = []
  const open: Leaf[] = [{ path: [], value: params }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value } = next
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
    if (entries.length === 0) found.push(next)
    for (const [name, item] of entries.reverse()) open.push({ path: [...path, name], value: item })
  }
  return found
}

/** A text in which all that somebody may look for stands: names and values, in lower case. */
export const wordsOf = (params: object): string =>
  leavesOf(params)
    .map(({ path, value }) => `${path.join('.')} ${typeof value === 'object' ? '' : String(value)}`)
    .join('\n')
    .toLowerCase()
