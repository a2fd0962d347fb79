import { expect, it } from 'vitest'
import type { Client } from '../kube/client.ts'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject, ObjectRef, Resource } from '../kube/types.ts'
import { clientFor } from './testing.ts'

/** One row: the base object with these changes is accepted, or refused with a message that holds `refused`. */
export interface Row {
  /** A sentence. */
  readonly when: string
  /** Values by JSON pointer; undefined takes the field away. */
  readonly set: Readonly<Record<string, unknown>>
  readonly refused?: string
}

/** The operator with every right: schema tests ask as it does, so that no policy or role stands before the schema. */
export const asOperator = (): Client =>
  clientFor('system:serviceaccount:countersign-system:countersign-operator', ['system:masters'])

/** Whom the table asks, of which kind. Nothing is stored but `base`, where `updating` reads it. */
export interface Table<T extends KubeObject> {
  readonly client: () => Client
  readonly resource: Resource<T>
}

/** A test a row: creates `base` with the changes of the row, as a dry run. */
export function creating<T extends KubeObject>(table: Table<T>, base: () => T, rows: readonly Row[]): void {
  it.each(rows)('$when', async ({ set, refused }) => {
    await verdict(table.client().create(table.resource, changed(base(), set), { dryRun: true }), refused)
  })
}

/** A test a row: reads the object at `ref`, changes it, and writes it back as a dry run. */
export function updating<T extends KubeObject>(
  table: Table<T>,
  ref: () => ObjectRef,
  rows: readonly Row[],
  subresource?: 'status',
): void {
  it.each(rows)('$when', async ({ set, refused }) => {
    const before = await table.client().get(table.resource, ref())
    const options = { dryRun: true, ...(subresource && { subresource }) }
    await verdict(table.client().replace(table.resource, changed(before, set), options), refused)
  })
}

async function verdict(attempt: Promise<unknown>, refused: string | undefined): Promise<void> {
  const answer = await attempt.then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof ApiError) return error.message
      throw error
    },
  )
  if (refused === undefined) expect(answer).toBe('accepted')
  else expect(answer).toContain(refused)
}

/** A copy of `object` with these values at these JSON pointers; missing parents are made. */
export function changed<T>(object: T, set: Readonly<Record<string, unknown>>): T {
  const copy = structuredClone(object)
  for (const [pointer, value] of Object.entries(set)) {
    const steps = pointer.slice(1).split('/')
    const last = steps.pop() as string
    let parent = copy as Record<string, unknown>
    for (const step of steps) {
      parent[step] ??= {}
      parent = parent[step] as Record<string, unknown>
    }
    if (value === undefined) delete parent[last]
    else parent[last] = value
  }
  return copy
}
