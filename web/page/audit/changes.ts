/** A line of `object.diff` (operator/controllers/changes/diff.ts): what of a spec came, went, or is another. */
export type Change =
  | { readonly path: string; readonly before?: string; readonly after?: string }
  | { readonly words: string }

/**
 * Takes a diff apart, line by line. A line that is none of its kinds, or was cut, is words: nothing is left out, and
 * nothing guessed.
 */
export const changesIn = (diff: string): Change[] => diff.split('\n').map(changeIn)

function changeIn(line: string): Change {
  const [, sign, path, value] = /^([+-]) (.+?): (.*)$/s.exec(line) ?? []
  if (path !== undefined && value !== undefined && isValue(value)) {
    return sign === '+' ? { path, after: value } : { path, before: value }
  }
  // Both sides are JSON, so an arrow inside of a text is not taken for the one between them.
  for (const colon of places(line, ': ')) {
    const rest = line.slice(colon + 2)
    for (const arrow of places(rest, ' -> ')) {
      const [before, after] = [rest.slice(0, arrow), rest.slice(arrow + 4)]
      if (isValue(before) && isValue(after)) return { path: line.slice(0, colon), before, after }
    }
  }
  return { words: line }
}

function* places(text: string, part: string): Generator<number> {
  for (let at = text.indexOf(part); at > 0; at = text.indexOf(part, at + 1)) yield at
}

/** JSON, or the beginning of a text that was cut. */
function isValue(text: string): boolean {
  if (/^["[{].*…$/s.test(text)) return !/[^\\]" -> /s.test(text)
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
