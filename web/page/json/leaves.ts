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
export function wordsOf(params: object): string {
  let words = ''
  const open: (readonly [string, unknown])[] = [['', params]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next
    if (typeof value !== 'object' || value === null) words += `${path} ${value}\n`
    else {
      words += `${path}\n`
      for (const [name, item] of Object.entries(value))
        open.push([path === '' ? name : `${path}.${name}`, item])
    }
  }
  return words.toLowerCase()
}
