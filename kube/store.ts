import { systemClock } from './clock.ts'
import { logSafe } from './errors.ts'
import { keyOf, keyOfObject } from './keys.ts'
import { type Logger, silentLogger } from './logger.ts'
import { Overlay } from './overlay.ts'
import type { Sink } from './reflector.ts'
import { StoreIndex } from './store-index.ts'
import type { Clock, Key, KubeList, KubeObject, ObjectRef, WatchEvent } from './types.ts'

/** What became of one object, as whoever reads the store sees it. */
export type Change<T extends KubeObject> =
  | { readonly type: 'added'; readonly key: Key; readonly object: T }
  | { readonly type: 'updated'; readonly key: Key; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly key: Key; readonly object: T }

export interface StoreOptions<T extends KubeObject> {
  /** By name, a function from an object to the values that it is found under. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
  /** Makes what is kept of what was received (`withoutManagedFields`, say, to save memory). */
  readonly transform?: (object: T) => T
  /**
   * `comparable` (default): resourceVersions are decimal numbers that grow, as Kubernetes 1.35 promises and every
   * earlier kube-apiserver gave; where one is not such a number, as opaque. `opaque`: never compare (see overlay.ts).
   */
  readonly versions?: 'comparable' | 'opaque'
  readonly clock?: Clock
  readonly logger?: Logger
}

/**
 * The objects of one resource, kept by a reflector, with the answers of our own writes on top until the watch has
 * caught up. All objects are frozen: change a copy.
 */
export class Store<T extends KubeObject> implements Sink<T> {
  readonly #options: StoreOptions<T>
  readonly #logger: Logger
  /** What the server told by list and watch. */
  readonly #received = new Map<Key, T>()
  /** What is seen: received, with the overlay. */
  readonly #visible = new Map<Key, T>()
  readonly #overlay: Overlay<T>
  readonly #indexes: ReadonlyMap<string, StoreIndex<T>>
  readonly #subscribers = new Set<(change: Change<T>) => void>()

  constructor(options: StoreOptions<T> = {}) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#overlay = new Overlay<T>({
      comparable: options.versions !== 'opaque',
      clock: options.clock ?? systemClock,
      onExpired: key => this.#look(key),
    })
    this.#indexes = new Map(
      Object.entries(options.indexes ?? {}).map(([name, of]) => [name, new StoreIndex(of)]),
    )
  }

  get size(): number {
    return this.#visible.size
  }

  get(key: Key): T | undefined {
    return this.#visible.get(key)
  }

  find(ref: ObjectRef): T | undefined {
    return this.#visible.get(keyOf(ref))
  }

  keys(): IterableIterator<Key> {
    return this.#visible.keys()
  }

  values(): IterableIterator<T> {
    return this.#visible.values()
  }

  /** The objects that the index `name` files under `value`, in no order. Throws for an index that was not declared. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new Error(`the store has no index named "${name}"`)
    return index.keys(value).flatMap(key => this.#visible.get(key) ?? [])
  }

  /**
   * Tells `fn` of every change from now on, and first of everything there is as added. An object that was deleted and
   * created again under its name is a `deleted` and an `added`. Returns what ends it.
   */
  subscribe(fn: (change: Change<T>) => void): () => void {
    this.#subscribers.add(fn)
    for (const [key, object] of this.#visible) this.#tell(fn, { type: 'added', key, object })
    return () => void this.#subscribers.delete(fn)
  }

  /** Shows the answer of a write of ours at once; an older event does not hide it. The object becomes the store's. */
  wrote(object: T): void {
    const key = keyOfObject(object)
    if (this.#overlay.wrote(key, this.#keep(object), this.#received.get(key))) this.#look(key)
  }

  /**
   * Hides an object that we deleted, at once. One with finalizers goes on to be seen: it is still there.
   * @param object as it was when it was deleted
   */
  deleted(object: T): void {
    const key = keyOfObject(object)
    if ((object.metadata.finalizers ?? []).length > 0) return
    if (this.#visible.get(key)?.metadata.uid !== object.metadata.uid) return
    this.#overlay.deleted(key, object.metadata.uid)
    this.#look(key)
  }

  replace(list: KubeList<T>): void {
    const before = new Set([...this.#received.keys(), ...this.#overlay.keys()])
    this.#received.clear()
    for (const item of list.items) this.#received.set(keyOfObject(item), this.#keep(item))
    this.#overlay.relisted(list.resourceVersion)
    for (const key of new Set([...before, ...this.#received.keys()])) this.#look(key)
  }

  apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      for (const key of this.#overlay.passed(event.resourceVersion)) this.#look(key)
      return
    }
    const { object } = event
    const key = keyOfObject(object)
    // A watch that was resumed from too far back repeats events, deletions of long ago among them.
    if (!this.#overlay.isBehind(object.metadata.resourceVersion)) {
      if (event.type !== 'DELETED') this.#received.set(key, this.#keep(object))
      else this.#received.delete(key)
      this.#overlay.delivered(key, object, event.type)
    }
    const settled = this.#overlay.passed(object.metadata.resourceVersion)
    for (const other of settled) if (other !== key) this.#look(other)
    this.#look(key)
  }

  #keep(object: T): T {
    return freeze(this.#options.transform?.(object) ?? object)
  }

  /** Works out what is seen under a key now, and tells of it if it changed. */
  #look(key: Key): void {
    const previous = this.#visible.get(key)
    const object = this.#overlay.over(key, this.#received.get(key))
    if (object === previous) return
    for (const index of this.#indexes.values()) index.update(key, object)
    if (object === undefined) this.#visible.delete(key)
    else this.#visible.set(key, object)
    if (previous !== undefined && object !== undefined && previous.metadata.uid === object.metadata.uid) {
      // The watch's copy of what our own write had shown already: nothing new to tell.
      if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return
      this.#tellAll({ type: 'updated', key, object, previous })
      return
    }
    if (previous !== undefined) this.#tellAll({ type: 'deleted', key, object: previous })
    if (object !== undefined) this.#tellAll({ type: 'added', key, object })
  }

  #tellAll(change: Change<T>): void {
    for (const fn of this.#subscribers) this.#tell(fn, change)
  }

  #tell(fn: (change: Change<T>) => void, change: Change<T>): void {
    try {
      fn(change)
    } catch (error) {
      // One bad listener must not keep the others, or the reflector, from going on.
      this.#logger.error({ key: change.key, error: logSafe(error) }, 'a listener of the store threw')
    }
  }
}

/** A transform that leaves out `metadata.managedFields`, often half of an object. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _left, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Short texts that were seen lately: thousands of objects say the same words, and each came with its own copy of them. */
const words = new Map<string, string>()
const MOST_WORDS = 4096
const LONGEST_WORD = 128

function shared(text: string): string {
  if (text.length > LONGEST_WORD) return text
  const known = words.get(text)
  if (known !== undefined) return known
  if (words.size === MOST_WORDS) words.clear()
  words.set(text, text)
  return text
}

/** The value, frozen with all that is in it. */
function freeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const members = value as Record<string, unknown>
  for (const [name, member] of Object.entries(members)) {
    if (typeof member === 'string') members[name] = shared(member)
    else freeze(member)
  }
  return Object.freeze(value)
}
