import { GROUP } from '../../../crds/v1alpha1/meta.ts'
import type { Caller } from '../credentials.ts'
import { type Problem, problem } from '../problems/problem.ts'
import type { AccessQuestion } from './question.ts'

/**
 * Throws the problem `Forbidden` where the caller may not. It reads as the API server's own refusal, which says nothing
 * of what there is: the same for a project that does not exist and for one that they may not see.
 * `ageMs`: how old the review may be, 2 s at most.
 */
export async function checkAccess(caller: Caller, question: AccessQuestion, ageMs?: number): Promise<void> {
  if (!(await mayDo(caller, question, ageMs))) throw forbidden(caller.username, question)
}

/** Asks for all names first: one answer then serves whatever name comes next. */
async function mayDo(
  caller: Caller,
  { name, ...anyName }: AccessQuestion,
  ageMs: number | undefined,
): Promise<boolean> {
  if (await caller.may(anyName, ageMs)) return true
  return name !== undefined && (await caller.may({ ...anyName, name }, ageMs))
}

/** The API server's refusal of this, in its words. */
export function forbidden(username: string, question: AccessQuestion): Problem {
  const { verb, resource, subresource, namespace, name } = question
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const which = name === undefined ? '' : ` "${name}"`
  return problem('Forbidden', {
    sentence: `${resource}.${GROUP}${which} is forbidden: User "${username}" cannot ${verb} resource "${what}" in API group "${GROUP}" ${where}.`,
  })
}
