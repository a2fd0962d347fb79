/**
 * Values by number: equal ones (by their JSON) get the same number, so that states of the model are compared as short
 * texts. 0 stands for what is not there. Values are frozen: the code that is checked gets them as they are.
 */
export class Pool {
  readonly #numbers = new Map<string, number>()
  readonly #of = new WeakMap<object, number>()
  readonly #values: unknown[] = [undefined]

  put(value: object | undefined): number {
    if (value === undefined) return 0
    const seen = this.#of.get(value)
    if (seen !== undefined) return seen
    const json = JSON.stringify(value)
    const known = this.#numbers.get(json)
    if (known !== undefined) return known
    const kept = freeze(JSON.parse(json) as object)
    const number = this.#values.push(kept) - 1
    this.#numbers.set(json, number)
    this.#of.set(kept, number)
    return number
  }

  /** What was put in under a number; undefined under 0. The caller knows its type. */
  get<T>(number: number): T | undefined {
    return this.#values[number] as T | undefined
  }
}

const freeze = <T extends object>(value: T): T => {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
