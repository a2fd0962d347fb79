// What a deed is: what is tried, on what, in which forms, and what of it rules look at.
import type { Place } from './roles.ts'

export const updateForms = ['merge patch', 'JSON patch', 'apply', 'apply without force', 'PUT'] as const
export type UpdateForm = (typeof updateForms)[number]
export const createForms = ['POST', 'POST with generateName', 'apply', 'apply without force'] as const
export type CreateForm = (typeof createForms)[number]
export const readForms = ['get', 'list', 'list as a table', 'list of metadata', 'watch'] as const
export type ReadForm = (typeof readForms)[number]
export const deleteForms = ['DELETE', 'DELETE, orphaning', 'DELETE of all', 'DELETE of a selection'] as const
export type DeleteForm = (typeof deleteForms)[number]
export type Form = UpdateForm | CreateForm | ReadForm | DeleteForm | 'request' | 'question'

/** What rules look at. */
export type Tag =
  | 'decides'
  | 'decides as another'
  | 'decides for two'
  | 'says it came by the page'
  | 'changes earlier decisions'
  | 'decides what is settled'
  | 'decides though the starter is unknown'
  | 'decides what Carol started'
  | 'writes the outcome'
  | 'writes an outcome without grounds'
  | 'sets context'
  | 'names another starter'
  | 'takes out the finalizer of ours'
  | 'changes who owns or holds it'
  | 'sets gates'
  | 'changes members or gates'
  | 'changes metadata'
  | 'has an owner'
  | 'stands in the system namespace'
  | "is another's Secret"
  | 'takes out the finalizer of the key'
  | 'binds'
  | 'lets the gateway act as anybody'

export interface Deed {
  readonly resource: string
  readonly subresource?: 'status'
  readonly operation: 'read' | 'create' | 'update' | 'delete' | 'other'
  /** Another object than the usual one of its kind: hack/rights/world.ts makes it. */
  readonly on?: string
  /** In words; unique for the resource. */
  readonly what: string
  readonly forms: readonly Form[]
  readonly place: Place
  readonly tags: readonly Tag[]
  /**
   * Values by JSON pointer that are set in a sample (create) or in the stored object (update). `$me`, `$via` and
   * `$project` stand for the actor's name, the path they come by, and the namespace.
   */
  readonly set: Readonly<Record<string, unknown>>
  /** It changes what another manager applied or wrote, so that an apply without force meets a conflict. */
  readonly conflicts: boolean
  /** The schema refuses it to everybody. */
  readonly schema: boolean
  /** Verbs that roles must give, where they do not follow from the form. */
  readonly verbs?: readonly string[]
  /** What roles.ts calls the resource, where a role grants it by name. */
  readonly grantedOn?: string
  /** A verb on something else that it takes too. */
  readonly also?: readonly [resource: string, verb: string]
}
