import { z } from 'zod'

/** `limit` and `continue` of a list's query. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Items in one answer.'),
  continue: z
    .string()
    .max(1024)
    .optional()
    .describe('`continue` of the answer before: goes on after its last item, whatever was added since.'),
})

export interface PageQuery {
  readonly limit: number
  readonly continue?: string | undefined
}
