import { z } from 'zod'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { objectName, sha256 } from '../../../crds/v1alpha1/common.ts'
import { component } from '../openapi/components.ts'
import { problemDocument } from '../openapi/problem.ts'
import { problemOf } from '../problems/translate.ts'
import type { Wish } from './decide.ts'
import { approvalItem, itemOf } from './item.ts'

/** Body of `.../approvals/decide`. */
export const bulkBody = component(
  'DecideRequest',
  z.strictObject({
    decisions: z
      .array(
        z.strictObject({
          name: objectName.describe('Name of the request.'),
          verdict: z.enum(['Approve', 'Reject']).describe('The decision.'),
          reason: z.string().max(4096).optional().describe('Why. Required to reject.'),
          callDigest: sha256.optional().describe('The `callDigest` of the call that you saw.'),
        }),
      )
      .min(1)
      .max(100)
      .refine(list => new Set(list.map(({ name }) => name)).size === list.length, 'names a request twice')
      .describe('What to decide; each request once.'),
  }),
)

const entryAnswer = z.object({
  name: objectName.describe('Name of the request.'),
  status: z.int().describe('What this decision alone would have been answered with.'),
  approval: approvalItem.optional().describe('The request, where status is 200.'),
  problem: problemDocument.optional().describe('Why not, where status is not 200.'),
})

/** Answer to `.../approvals/decide`: one entry for each decision, in their order. */
export const bulkAnswer = component('DecideAnswer', z.object({ items: z.array(entryAnswer) }))

const atOnce = 8

type EntryAnswer = z.infer<typeof entryAnswer>

/**
 * Decides several at a time; one refusal stops nothing. All wait for their settlement together, so that a hundred
 * decisions take no longer than one where the operator is away.
 */
export async function decideAll(
  wishes: readonly (Wish & { readonly name: string })[],
  decideOne: (name: string, wish: Wish) => Promise<ApprovalRequest>,
  settle: (decided: ApprovalRequest) => Promise<ApprovalRequest>,
): Promise<EntryAnswer[]> {
  const queue = wishes.entries()
  const answers: Promise<EntryAnswer>[] = []
  const worker = async () => {
    // All workers share one iterator: each takes what no other has.
    for (const [index, { name, ...wish }] of queue) {
      try {
        const decided = await decideOne(name, wish)
        answers[index] = settle(decided).then(now => ({ name, status: 200, approval: itemOf(now) }))
      } catch (error) {
        const found = problemOf(error)
        answers[index] = Promise.resolve({ name, status: found.statusCode, problem: found.document() })
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return await Promise.all(answers)
}
