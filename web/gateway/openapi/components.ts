import { z } from 'zod'

/** Schemas that the OpenAPI document names, by their names. */
export const components = z.registry<{ readonly id: string }>()

/** Gives a schema its name in the OpenAPI document, and returns it. */
export function component<T extends z.ZodType>(id: string, schema: T): T {
  components.add(schema, { id })
  return schema
}
