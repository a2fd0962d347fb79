import type { Key, KubeObject } from './types.ts'

/** One index: from a value to the keys of the objects that have it. */
export class StoreIndex<T extends KubeObject> {
  readonly #valuesOf: (object: T) => readonly string[]
  readonly #keys = new Map<string, Set<Key>>()
  readonly #values = new Map<Key, readonly string[]>()

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf
  }

  keys(value: string): Key[] {
    return [...(this.#keys.get(value) ?? [])]
  }

  update(key: Key, object: T | undefined): void {
    for (const value of this.#values.get(key) ?? []) {
      const keys = this.#keys.get(value)
      keys?.delete(key)
      if (keys?.size === 0) this.#keys.delete(value)
    }
    const values = object === undefined ? [] : this.#valuesOf(object)
    if (values.length === 0) this.#values.delete(key)
    else this.#values.set(key, values)
    for (const value of values) {
      const keys = this.#keys.get(value) ?? new Set()
      this.#keys.set(value, keys.add(key))
    }
  }
}
