import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { GROUP } from '../../crds/v1alpha1/meta.ts'
import type { Answer, Kubectl, RunOptions } from '../kubectl/kubectl.ts'
import { type Refusal, refusalOf } from '../kubectl/refusal.ts'

/** The name that kubectl knows approval requests by, whatever else in the cluster is called so. */
export const REQUESTS = `approvalrequests.${GROUP}`

/** As `kubectl -o name` prints a request. */
export const fullName = (name: string): string => `approvalrequest.${GROUP}/${name}`

export type Result<T> =
  | { readonly kind: 'Ok'; readonly value: T }
  | { readonly kind: 'Refused'; readonly refusal: Refusal }

export const ok = <T>(value: T): Result<T> => ({ kind: 'Ok', value })
export const refused = (refusal: Refusal): Result<never> => ({ kind: 'Refused', refusal })

/** An answer's standard output as JSON, or why there is none. */
export function decode<T>(answer: Answer): Result<T> {
  if (answer.code !== 0) return refused(refusalOf(answer.stderr))
  try {
    return ok(JSON.parse(answer.stdout) as T)
  } catch {
    return refused(refusalOf('kubectl did not answer with JSON'))
  }
}

interface List {
  readonly kind?: string
  readonly items?: readonly ApprovalRequest[]
}

/** Reads these requests of one namespace; those that do not exist are missing from the answer. */
export async function readRequests(
  kubectl: Kubectl,
  names: readonly string[],
  namespace?: string,
  options?: RunOptions,
): Promise<Result<readonly ApprovalRequest[]>> {
  const where = namespace === undefined ? [] : [`--namespace=${namespace}`]
  const answer = await kubectl(
    ['get', REQUESTS, ...names, '--ignore-not-found', '-o=json', ...where],
    options,
  )
  // kubectl prints nothing at all when none of them exists.
  if (answer.code === 0 && answer.stdout.trim() === '') return ok([])
  return items(decode<List | ApprovalRequest>(answer))
}

export interface Selection {
  readonly all: boolean
  readonly agent?: string | undefined
  readonly allNamespaces: boolean
}

/** The flags of `kubectl get` that select these requests. */
export function selectors({ all, agent, allNamespaces }: Selection): string[] {
  const fields = [
    ...(all ? [] : ['status.phase=Pending']),
    ...(agent === undefined ? [] : [`spec.agentRef.name=${agent}`]),
  ]
  return [
    ...(fields.length > 0 ? [`--field-selector=${fields.join(',')}`] : []),
    ...(allNamespaces ? ['--all-namespaces'] : []),
  ]
}

/** Reads all requests that are selected, in no order. */
export async function listRequests(
  kubectl: Kubectl,
  selection: Selection,
): Promise<Result<readonly ApprovalRequest[]>> {
  return items(decode<List>(await kubectl(['get', REQUESTS, '-o=json', ...selectors(selection)])))
}

function items(result: Result<List | ApprovalRequest>): Result<readonly ApprovalRequest[]> {
  if (result.kind === 'Refused') return result
  const { value } = result
  return ok('spec' in value ? [value] : ((value as List).items ?? []))
}
