import { keyOfObject } from '../../../kube/keys.ts'
import { compareVersions } from '../../../kube/resource-version.ts'
import type { Clock, Key, KubeList, KubeObject, WatchEvent } from '../../../kube/types.ts'
import type { Cache } from '../cache/cache.ts'
import type { CachedKind } from '../cache/kind.ts'
import type { ProjectEvent } from './event.ts'
import { type Position, type Source, sources } from './position.ts'
import { agentTeller, approvalTeller, runTeller, type Summary, type Teller } from './summary.ts'

/** Something that happened, with how far whoever has heard of it is in its kind. */
export interface Entry {
  readonly source: Source
  readonly version: string
  readonly event: ProjectEvent
}

/** Told of each new entry of a project, and (`undefined`) when some may have been missed. */
export type Reader = (entry: Entry | undefined) => void

export interface EventLogOptions {
  readonly clock: Clock
  /** Entries kept of each project. */
  readonly perProject?: number
  /** Projects of which entries are kept. */
  readonly projects?: number
}

interface Ring {
  readonly entries: Entry[]
  /** Up to here, entries of the ring were dropped. */
  readonly dropped: Map<Source, string>
}

/**
 * What happened lately in each project, from what the watches brought, in the order in which each brought it. Whoever
 * comes back with their position is told what they missed, as long as it is still here: since this process began, and
 * not more than the ring of the project holds.
 */
export class EventLog {
  readonly #clock: Clock
  readonly #perProject: number
  readonly #maxRings: number
  readonly #rings = new Map<string, Ring>()
  readonly #readers = new Map<string, Set<Reader>>()
  /** Of each kind: nothing up to here is kept, everything after it was seen. */
  readonly #floor = new Map<Source, string>()
  /** Of each kind: everything up to here was seen. */
  readonly #head = new Map<Source, string>()

  constructor({ clock, perProject = 256, projects = 2000 }: EventLogOptions) {
    this.#clock = clock
    this.#perProject = perProject
    this.#maxRings = projects
  }

  /** Hears of everything that the watches of the cache bring. Before they run. */
  follow({ approvals, runs, agents }: Pick<Cache, 'approvals' | 'runs' | 'agents'>): this {
    this.#follow('approvals', approvals, approvalTeller)
    this.#follow('runs', runs, runTeller)
    this.#follow('agents', agents, agentTeller)
    return this
  }

  /** How far this process is; undefined before everything was listed. */
  position(): Position | undefined {
    const [approvals, runs, agents] = sources.map(source => this.#head.get(source))
    if (approvals === undefined || runs === undefined || agents === undefined) return undefined
    return { approvals, runs, agents }
  }

  /** What happened in a project after this position; undefined where that is not known any more. */
  since(namespace: string, position: Position): readonly Entry[] | undefined {
    const ring = this.#rings.get(namespace)
    for (const source of sources) {
      const floors = [this.#floor.get(source) ?? 'none', ring?.dropped.get(source)]
      for (const floor of floors) {
        if (floor !== undefined && !isAtLeast(position[source], floor)) return undefined
      }
    }
    return (ring?.entries ?? []).filter(({ source, version }) => !isAtLeast(position[source], version))
  }

  /** Tells `reader` what happens in a project from now on. Returns what ends it. */
  subscribe(namespace: string, reader: Reader): () => void {
    const set = this.#readers.get(namespace) ?? new Set()
    this.#readers.set(namespace, set.add(reader))
    return () => {
      set.delete(reader)
      if (set.size === 0 && this.#readers.get(namespace) === set) this.#readers.delete(namespace)
    }
  }

  #follow<T extends KubeObject>(source: Source, kind: CachedKind<T>, teller: Teller<T>): void {
    const known = new Map<Key, Summary>()
    kind.listen({
      replace: list => this.#relisted(source, list, known, teller),
      apply: event => this.#happened(source, event, known, teller),
    })
  }

  /** What happened before a list is not known in its order: nobody can go on from before it. */
  #relisted<T extends KubeObject>(
    source: Source,
    list: KubeList<T>,
    known: Map<Key, Summary>,
    teller: Teller<T>,
  ): void {
    const first = !this.#head.has(source)
    known.clear()
    for (const object of list.items) known.set(keyOfObject(object), teller.summary(object))
    this.#floor.set(source, list.resourceVersion)
    this.#head.set(source, list.resourceVersion)
    if (first) return
    for (const { entries } of this.#rings.values()) {
      const others = entries.filter(entry => entry.source !== source)
      entries.splice(0, entries.length, ...others)
    }
    for (const readers of [...this.#readers.values()]) for (const reader of [...readers]) reader(undefined)
  }

  #happened<T extends KubeObject>(
    source: Source,
    event: WatchEvent<T>,
    known: Map<Key, Summary>,
    teller: Teller<T>,
  ): void {
    const version =
      event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '')
    // A watch that was resumed from too far back repeats itself.
    if (isAtLeast(this.#head.get(source) ?? '', version)) return
    this.#head.set(source, version)
    if (event.type === 'BOOKMARK') return
    const { object } = event
    const told = this.#told(object, event.type, known, teller)
    if (told === undefined) return
    const entry = { source, version, event: told }
    this.#keep(told.project, entry)
    for (const reader of [...(this.#readers.get(told.project) ?? [])]) reader(entry)
  }

  #told<T extends KubeObject>(
    object: T,
    type: 'ADDED' | 'MODIFIED' | 'DELETED',
    known: Map<Key, Summary>,
    teller: Teller<T>,
  ): ProjectEvent | undefined {
    const key = keyOfObject(object)
    const at = new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
    const last = known.get(key)
    if (type === 'DELETED') {
      known.delete(key)
      return teller.deleted(object, at)
    }
    const before = last?.uid === object.metadata.uid ? last : undefined
    const now = teller.summary(object)
    known.set(key, now)
    return before?.mark === now.mark ? undefined : teller.tell(object, before, at)
  }

  #keep(namespace: string, entry: Entry): void {
    const ring: Ring = this.#rings.get(namespace) ?? { entries: [], dropped: new Map() }
    this.#rings.delete(namespace)
    this.#rings.set(namespace, ring)
    ring.entries.push(entry)
    if (ring.entries.length > this.#perProject) {
      const oldest = ring.entries.shift()
      if (oldest !== undefined) ring.dropped.set(oldest.source, oldest.version)
    }
    if (this.#rings.size > this.#maxRings) this.#dropRing()
  }

  /** Of the project where nothing has happened for the longest time. That something was dropped holds for all then. */
  #dropRing(): void {
    const [oldest] = this.#rings
    if (oldest === undefined) return
    const [namespace, { entries, dropped }] = oldest
    this.#rings.delete(namespace)
    for (const [source, version] of [...dropped, ...entries.map(e => [e.source, e.version] as const)]) {
      if (!isAtLeast(this.#floor.get(source) ?? '', version)) this.#floor.set(source, version)
    }
  }
}

/** False also where that cannot be told: then nothing is relied on. */
const isAtLeast = (a: string, b: string): boolean => (compareVersions(a, b) ?? -1) >= 0
