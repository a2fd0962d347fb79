import type { Schema } from './structural.ts'

/**
 * The schema with defaults, ranges of numbers and long enums said in the descriptions as well: `kubectl explain` shows
 * descriptions and the first values of enums, and nothing else of a schema.
 */
export function explained(schema: Schema): Schema {
  const { properties, items, description } = schema
  const more = [valuesOf(schema), defaultOf(schema), rangeOf(schema)].filter(said => said !== undefined)
  return {
    ...schema,
    ...(description !== undefined && { description: [description, ...more].join(' ') }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, child]) => [name, explained(child)]),
      ),
    }),
    ...(items && { items: explained(items) }),
  }
}

const defaultOf = ({ default: value }: Schema): string | undefined =>
  value === undefined || typeof value === 'object' ? undefined : `Default: ${value}.`

/** kubectl shows the first four values of an enum. */
const SHOWN = 4

const valuesOf = ({ enum: values = [], description = '' }: Schema): string | undefined =>
  values.length <= SHOWN || values.every(value => description.includes(String(value)))
    ? undefined
    : `One of ${values.join(', ')}.`

const rangeOf = ({ minimum, maximum }: Schema): string | undefined =>
  minimum === undefined || maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? undefined
    : `From ${minimum} to ${maximum}.`
