const maxDepth = 64
const maxMembers = 20_000

const interesting = /["{}[\],]/g
const string = /"(?:[^"\\]|\\.)*"/y

/**
 * What is wrong with the shape of a valid JSON text, in words, or undefined: nested deeper than anything that means
 * something, more members and elements than a person could have meant, or a name twice in one object (which reader
 * takes which?).
 */
export function jsonFault(text: string): string | undefined {
  /** The names of each object that is open, undefined for an array; innermost last. */
  const open: (Set<string> | undefined)[] = []
  let members = 0
  let expectsName = false
  interesting.lastIndex = 0
  for (let found = interesting.exec(text); found !== null; found = interesting.exec(text)) {
    switch (found[0]) {
      case '{':
      case '[':
        if (open.push(found[0] === '{' ? new Set() : undefined) > maxDepth) {
          return `The body is nested deeper than ${maxDepth} levels.`
        }
        expectsName = found[0] === '{'
        break
      case '}':
      case ']':
        open.pop()
        expectsName = false
        break
      case ',':
        if (++members > maxMembers) return `The body has more than ${maxMembers} members and elements.`
        expectsName = open.at(-1) !== undefined
        break
      default: {
        string.lastIndex = found.index
        const [literal = ''] = string.exec(text) ?? []
        interesting.lastIndex = found.index + literal.length
        const names = expectsName ? open.at(-1) : undefined
        expectsName = false
        if (names === undefined) break
        // Two spellings of one name are one name.
        const name = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
        if (names.has(name)) return 'The body has the same name twice in one object.'
        names.add(name)
      }
    }
  }
  return undefined
}
