import { z } from 'zod'
import { GENERIC_SCHEMA, genericPayload } from '../../operator/notify/webhook/formats/payload-schema.ts'

/** What webhooks of the format Generic carry, as a JSON Schema for whoever receives them. */
export const notificationSchema = (): string => {
  const { $schema, ...schema } = z.toJSONSchema(genericPayload, {
    target: 'draft-2020-12',
    // Receivers ignore members that they do not know: more of them is no change of the form.
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties
      // The format says it in a word.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
  const $comment =
    'Generated from operator/notify/webhook/formats/payload-schema.ts by `npm run gen`. Do not edit.'
  return `${JSON.stringify({ $schema, $id: GENERIC_SCHEMA, $comment, ...schema }, null, 2)}\n`
}
