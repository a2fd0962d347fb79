/** `text`, cut to `width` characters; the last one is then an ellipsis. */
export function clip(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

const length = (cell: string): number => Array.from(cell).length

/** Rows under their header in columns three spaces apart, as kubectl draws them. Ends with a line break. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map(row => length(row[column] ?? ''))))
  return all
    .map(row => {
      const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - length(cell)))
      return `${cells.join('   ').trimEnd()}\n`
    })
    .join('')
}
