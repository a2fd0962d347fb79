/** Numbers side by side, a few bytes each. */
export type Column = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

/** The column itself where it has room for `length` numbers, or else a copy that is larger by half: each copy costs. */
export function withRoom<C extends Column>(column: C, length: number): C {
  if (length <= column.length) return column
  const Kind = column.constructor as new (length: number) => C
  const larger = new Kind(Math.max(length, Math.ceil(column.length * 1.5), 16))
  larger.set(column)
  return larger
}

/** Strings that repeat, each kept once and known by its number. 0 stands for none. */
export class Dictionary {
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = []

  /** The number of this string, a new one where it has none yet. */
  number(text: string | undefined): number {
    if (text === undefined) return 0
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const made = this.#texts.push(text)
    this.#numbers.set(text, made)
    return made
  }

  text(number: number | undefined): string | undefined {
    return number === undefined ? undefined : this.#texts[number - 1]
  }

  /** Of each number 1 where its string is one that is meant. */
  mask(isMeant: (text: string) => boolean): Uint8Array {
    const mask = new Uint8Array(this.#texts.length + 1)
    for (const [i, text] of this.#texts.entries()) mask[i + 1] = isMeant(text) ? 1 : 0
    return mask
  }
}

/** FNV-1a: a number for a string that is not worth keeping. 0 stands for none. Two strings may share one. */
export function hashOf(text: string | undefined): number {
  if (text === undefined) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0 || 1
}
