import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { KubeObject, ObjectRef } from '../../kube/types.ts'
import type { Cache } from '../controllers/cache.ts'
import type { Pool } from './pool.ts'
import { cachedSlots, slotNames } from './server.ts'

/** What the caches of one process show, and which of it was looked at: what was not cannot have mattered. */
export class Views {
  readonly #pool: Pool
  readonly #calls: number
  readonly #names: readonly string[]
  /** By slot. */
  now: number[] = []
  /** Slots that were read since the last answer. */
  readonly read = new Set<number>()
  /** Slots that were written by the process itself since the last answer. */
  readonly wrote = new Set<number>()

  constructor(pool: Pool, calls: number) {
    this.#pool = pool
    this.#calls = calls
    this.#names = slotNames(calls)
  }

  /** Other versions are there, and nothing was looked at yet. */
  see(views: readonly number[]): void {
    this.now = [...views]
    this.read.clear()
    this.wrote.clear()
  }

  /** The cache of one kind, as the controllers get it. */
  cache<T extends KubeObject>(kind: string): Cache<T> {
    const [pool, cached] = [this.#pool, cachedSlots(this.#calls)]
    const slots = this.#names.flatMap((name, slot) =>
      slot < cached && name.startsWith(`${kind}/`) ? [slot] : [],
    )
    const at = (ref: ObjectRef) => this.#names.indexOf(`${kind}/${ref.name}`)
    const see = (slot: number): T | undefined => {
      this.read.add(slot)
      return pool.get<T>(this.now[slot] ?? 0)
    }
    return {
      find: ref => see(at(ref)),
      byIndex: (index, value) => {
        if (index !== 'runUID') throw new Error(`the model has no index ${index}`)
        return slots.flatMap(slot => {
          const object = see(slot)
          return object && (object as unknown as ApprovalRequest).spec.runRef.uid === value ? [object] : []
        })
      },
      wrote: object => {
        const slot = at(object.metadata as ObjectRef)
        this.wrote.add(slot)
        const seen = pool.get<T>(this.now[slot] ?? 0)
        if (Number(seen?.metadata.resourceVersion ?? 0) <= Number(object.metadata.resourceVersion))
          this.now[slot] = pool.put(object)
      },
      deleted: object => {
        const slot = at(object.metadata as ObjectRef)
        this.wrote.add(slot)
        this.now[slot] = 0
      },
    }
  }
}
