import { withJsonFile } from '../kubectl/file.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'

/** What is asked of the API server's authorizer. `resource` may name a subresource: `approvalrequests/status`. */
export interface Question {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace: string
  readonly name?: string
  /** Whom it is asked about. Absent: the caller. */
  readonly subject?: { readonly kind: 'User' | 'Group'; readonly name: string }
}

const API_VERSION = 'authorization.k8s.io/v1'

function reviewOf({ verb, group, resource: whole, namespace, name, subject }: Question) {
  const [resource, subresource] = whole.split('/')
  const resourceAttributes = {
    verb,
    group,
    resource,
    namespace,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  }
  if (!subject)
    return { apiVersion: API_VERSION, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } }
  const about = subject.kind === 'User' ? { user: subject.name } : { groups: [subject.name] }
  return { apiVersion: API_VERSION, kind: 'SubjectAccessReview', spec: { resourceAttributes, ...about } }
}

/** What an answer is known by. */
function keyOf(spec: ReturnType<typeof reviewOf>['spec']): string {
  const { verb, resource, subresource } = spec.resourceAttributes
  const { user, groups } = spec as { readonly user?: string; readonly groups?: readonly string[] }
  return JSON.stringify([verb, resource, subresource, user, groups])
}

/**
 * Asks all of it in one run of kubectl. True or false in the order of the questions, undefined where there was no
 * answer: reviews of somebody else take a right that few have.
 */
export async function ask(
  kubectl: Kubectl,
  questions: readonly Question[],
): Promise<(boolean | undefined)[]> {
  if (questions.length === 0) return []
  const items = questions.map(reviewOf)
  const { stdout } = await withJsonFile({ apiVersion: 'v1', kind: 'List', items }, path =>
    kubectl(['create', `--filename=${path}`, '-o=json', '--validate=false'], { silent: true }),
  )
  const answers = new Map<string, boolean>()
  for (const { spec, status } of documents<Review>(stdout)) answers.set(keyOf(spec), status?.allowed === true)
  return items.map(({ spec }) => answers.get(keyOf(spec)))
}

type Review = Pick<ReturnType<typeof reviewOf>, 'spec'> & { readonly status?: { readonly allowed?: boolean } }

/** kubectl prints several objects one after the other, each ending with a brace at the start of a line. */
function documents<T>(text: string): T[] {
  try {
    return text
      .split(/(?<=^\})\n(?=\{)/m)
      .filter(part => part.trim() !== '')
      .map(part => JSON.parse(part) as T)
  } catch {
    return []
  }
}
