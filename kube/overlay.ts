import { compareVersions } from './resource-version.ts'
import type { Clock, Key, KubeObject } from './types.ts'

/** An entry of the overlay: what we wrote, or the uid of what we deleted. */
type Entry<T extends KubeObject> =
  | { readonly type: 'wrote'; readonly object: T; readonly cancel: () => void }
  | { readonly type: 'deleted'; readonly uid: string | undefined; readonly cancel: () => void }

export interface OverlayOptions {
  /** Whether well-formed resourceVersions may be compared as numbers. */
  readonly comparable: boolean
  readonly clock: Clock
  /** Called with the key of an entry that was given up. */
  readonly onExpired: (key: Key) => void
}

/** How long an entry without a comparable version is kept when the watch never mentions it. */
const keepMs = 30_000
/** Versions remembered in case that an event overtook the answer of the write that caused it. */
const recentSize = 2048

/**
 * Our own writes, over what the watch has delivered. Each entry must go as soon as the watch has caught up with it, or
 * it would hide what others do afterwards. When has it? A watch delivers the events of a resource in order, so:
 *
 * - **Comparable versions.** Let *seen* be the highest version that list, event or bookmark brought, of whichever
 *   object. A write of version W is shown while `seen < W`, and not a moment longer. Nothing else needs to be known:
 *   an answer that arrives after its event, a deletion in between, a list in between all have `seen >= W`. A list from
 *   before *seen* (the server's data was restored) ends every entry.
 * - **Opaque versions.** A write of version W is shown until the watch delivers exactly W for this object or tells of
 *   its deletion, until a list, or for 30 s. It is not shown at all if W was among the last versions delivered. The list
 *   and the time are needed because W is never delivered alone when a list had swallowed it. At worst a list that began
 *   before the write shows the object as it was, for the moment until the watch brings the write.
 * - **Deletes** have no version in either case. The object is hidden until the watch brings a deletion, another uid or a
 *   `deletionTimestamp` (something holds it after all) under its key, until a list, or for 30 s.
 */
export class Overlay<T extends KubeObject> {
  readonly #options: OverlayOptions
  readonly #entries = new Map<Key, Entry<T>>()
  readonly #recent = new Set<string>()
  #seen: string | undefined

  constructor(options: OverlayOptions) {
    this.#options = options
  }

  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }

  /** What is seen under `key` where the watch has delivered `received`. */
  over(key: Key, received: T | undefined): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return received
    if (entry.type === 'wrote') return entry.object
    return received?.metadata.uid === entry.uid ? undefined : received
  }

  /** Whether the watch was already past this version: an event of it is a repeat. */
  isBehind(version: string | undefined): boolean {
    const order = this.#order(version, this.#seen)
    return order !== undefined && order < 0
  }

  /** Records a write's answer; false when the watch has it, or something later, already. */
  wrote(key: Key, object: T, received: T | undefined): boolean {
    const version = object.metadata.resourceVersion
    const order = this.#order(this.#seen, version)
    if (order !== undefined ? order >= 0 : this.#wasDelivered(version, received)) return false
    const earlier = this.#entries.get(key)
    if (earlier?.type === 'wrote') {
      // Answers of two writes may arrive in the wrong order.
      const back = this.#order(earlier.object.metadata.resourceVersion, version)
      if (back !== undefined && back > 0) return false
    }
    this.#end(key)
    const cancel = order === undefined ? this.#expiring(key) : () => {}
    this.#entries.set(key, { type: 'wrote', object, cancel })
    return true
  }

  deleted(key: Key, uid: string | undefined): void {
    this.#end(key)
    this.#entries.set(key, { type: 'deleted', uid, cancel: this.#expiring(key) })
  }

  /** The watch delivered an event of this object. */
  delivered(key: Key, object: T, type: 'ADDED' | 'MODIFIED' | 'DELETED'): void {
    const { resourceVersion, uid, deletionTimestamp } = object.metadata
    this.#remember(resourceVersion)
    const entry = this.#entries.get(key)
    if (entry?.type === 'deleted') {
      if (type === 'DELETED' || uid !== entry.uid || deletionTimestamp !== undefined) this.#end(key)
    } else if (entry?.type === 'wrote') {
      const { metadata } = entry.object
      const exact = metadata.resourceVersion === resourceVersion
      // Versions that can be compared are settled by `passed`.
      const gone =
        type === 'DELETED' &&
        metadata.uid === uid &&
        this.#order(resourceVersion, metadata.resourceVersion) === undefined
      if (exact || gone) this.#end(key)
    }
  }

  /** The watch has got as far as `version`. Returns the keys whose entries that ended. */
  passed(version: string | undefined): Key[] {
    const order = this.#order(this.#seen, version)
    if (this.#seen === undefined || (order !== undefined && order < 0)) this.#seen = version
    const ended: Key[] = []
    for (const [key, entry] of this.#entries) {
      if (entry.type !== 'wrote') continue
      const ahead = this.#order(this.#seen, entry.object.metadata.resourceVersion)
      if (ahead !== undefined && ahead >= 0) ended.push(key)
    }
    for (const key of ended) this.#end(key)
    return ended
  }

  /** A list of `version` took the place of all that was received. */
  relisted(version: string): void {
    const wentBack = (this.#order(version, this.#seen) ?? 0) < 0
    this.#seen = version
    for (const [key, entry] of [...this.#entries]) {
      const order =
        entry.type === 'wrote' ? this.#order(version, entry.object.metadata.resourceVersion) : undefined
      if (wentBack || order === undefined || order >= 0) this.#end(key)
    }
  }

  #order(a: string | undefined, b: string | undefined): number | undefined {
    return this.#options.comparable ? compareVersions(a, b) : undefined
  }

  #wasDelivered(version: string | undefined, received: T | undefined): boolean {
    if (version === undefined) return false
    return this.#recent.has(version) || received?.metadata.resourceVersion === version
  }

  #remember(version: string | undefined): void {
    if (version === undefined || this.#order(version, version) !== undefined) return
    this.#recent.add(version)
    if (this.#recent.size > recentSize)
      for (const oldest of this.#recent) return void this.#recent.delete(oldest)
  }

  #expiring(key: Key): () => void {
    return this.#options.clock.after(keepMs, () => {
      this.#entries.delete(key)
      this.#options.onExpired(key)
    })
  }

  #end(key: Key): void {
    this.#entries.get(key)?.cancel()
    this.#entries.delete(key)
  }
}
