import type { KubeObject, Resource } from './types.ts'

/** What an Event is about. */
export interface EventReference {
  readonly apiVersion?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name: string
  readonly uid?: string
}

/** `events.k8s.io/v1` Event, as far as the recorder writes it. */
export interface KubeEvent extends KubeObject {
  eventTime: string
  reportingController: string
  reportingInstance: string
  type: 'Normal' | 'Warning'
  reason: string
  action: string
  note: string
  regarding: EventReference
  related?: EventReference
  series?: { count: number; lastObservedTime: string }
}

export const events: Resource<KubeEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
}

/** What refers to an object that came from a client or a store. */
export function referenceTo(object: KubeObject): EventReference {
  const { namespace, name, uid } = object.metadata
  const { apiVersion, kind } = object
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  }
}

/** Text of at most `bytes` bytes of UTF-8, cut between characters. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const mark = '…'
  const kept = new TextDecoder().decode(Buffer.from(text).subarray(0, bytes - Buffer.byteLength(mark)))
  return `${kept.replace(/\uFFFD+$/, '')}${mark}`
}
