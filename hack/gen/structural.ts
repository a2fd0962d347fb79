import { z } from 'zod'

/** A node of an OpenAPI v3 schema as a CustomResourceDefinition holds it. */
export interface Schema {
  type?: string
  format?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  nullable?: boolean
  minLength?: number
  maxLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
  maxProperties?: number
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  [extension: `x-kubernetes-${string}`]: unknown
}

/** What zod writes, with the marker that our schemas put on values which the API server must keep as they are. */
type ZodOutput = Schema & { override?: 'json-object' | 'json-value'; definitions?: unknown; $defs?: unknown }

/**
 * A zod schema as a structural schema. `io: 'input'`, as that is what people write: fields with a default are
 * optional. Whatever zod can say and Kubernetes cannot is left in, for the linter to refuse.
 */
export function structural(schema: z.ZodType): Schema {
  const output = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as ZodOutput
  // The definitions of z.json(), which nothing refers to once its marker is honoured.
  delete output.definitions
  delete output.$defs
  return convert(output)
}

function convert(node: ZodOutput): Schema {
  const { override, ...schema } = node
  if (override !== undefined) return opaque(schema, override)
  const { properties, items, additionalProperties, ...rest } = schema
  return tidy({
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, convert(value)]),
      ),
    }),
    ...(items && { items: convert(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? convert(additionalProperties) : additionalProperties,
    }),
  })
}

/** JSON that is kept as it is. Atomic: server-side apply takes it as a whole, never mixing two owners' halves. */
function opaque(node: Schema, override: 'json-object' | 'json-value'): Schema {
  const kept = {
    ...(node.description !== undefined && { description: node.description }),
    ...(node.default !== undefined && { default: node.default }),
    ...(node.maxProperties !== undefined && { maxProperties: node.maxProperties }),
    'x-kubernetes-preserve-unknown-fields': true,
  }
  return override === 'json-object' ? { type: 'object', 'x-kubernetes-map-type': 'atomic', ...kept } : kept
}

/** zod bounds every integer by what a double can hold; where that is all it says, it says nothing. */
function tidy(schema: Schema): Schema {
  const { minimum, maximum, ...rest } = schema
  return {
    ...rest,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && { maximum }),
  }
}
