import type { KubeObject, ObjectRef } from '../../kube/types.ts'

/** What a controller reads: the objects of a kind as this process knows them, its own writes included (kube/store.ts). */
export interface Cache<T extends KubeObject> {
  find(ref: ObjectRef): T | undefined
  /** The objects that the named index files under `value`. */
  byIndex(index: string, value: string): readonly T[]
  /** Puts the answer of a write in, so that the next reading sees it before the watch does. */
  wrote(object: T): void
  /** As `wrote`, for an object that was deleted. */
  deleted(object: T): void
}

/** Records a Kubernetes Event. Never blocks and never fails. */
export type RecordEvent = (
  regarding: KubeObject,
  event: {
    readonly type: 'Normal' | 'Warning'
    readonly reason: string
    readonly action: string
    readonly note: string
  },
) => void
