/** How much is shown of something long. */
export interface Limits {
  readonly lineLength: number
  readonly lines: number
  /** Characters of all lines together. */
  readonly characters: number
}

const figures = new Intl.NumberFormat('en')

/**
 * As many of the lines as fit, each as far as it fits. A mark says what was left out; `where`: who shows all of it, as
 * `the page shows all`.
 */
export function folded(lines: readonly string[], limits: Limits, where: string): string[] {
  const shown: string[] = []
  let left = limits.characters
  for (const [index, line] of lines.entries()) {
    if (index >= limits.lines || left <= 0) {
      const rest = lines.length - index
      return [...shown, `… (${figures.format(rest)} more ${rest === 1 ? 'line' : 'lines'}; ${where})`]
    }
    const cut = cutLine(line, Math.min(limits.lineLength, left), where)
    left -= cut.length
    shown.push(cut)
  }
  return shown
}

function cutLine(line: string, most: number, where: string): string {
  // A little too long is shown whole: the mark would be no shorter.
  if (line.length <= most + 60) return line
  let end = most
  const last = line.charCodeAt(end - 1)
  if (last >= 0xd800 && last <= 0xdbff) end -= 1
  return `${line.slice(0, end)}… (${figures.format(line.length - end)} more characters; ${where})`
}
