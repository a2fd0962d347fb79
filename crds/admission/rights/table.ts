// What comes of each deed by each actor, worked out from the roles (roles.ts) and the rules of the policies
// (rules.ts), both written by hand. The API server is asked whether it agrees: rights.cluster.test.ts.
import type { Who } from './actors.ts'
import type { Deed, Form } from './deed.ts'
import { mayAct } from './roles.ts'
import { rules } from './rules.ts'

/** `policies`: those that refuse; the API server names one of them. */
export type Outcome =
  | { readonly is: 'allowed' | 'role' | 'conflict' | 'schema' }
  | { readonly is: 'policy'; readonly policies: readonly string[] }

const verbsOf: Readonly<Record<Exclude<Form, 'question' | 'request'>, readonly string[]>> = {
  get: ['get'],
  list: ['list'],
  'list as a table': ['list'],
  'list of metadata': ['list'],
  watch: ['watch'],
  POST: ['create'],
  'POST with generateName': ['create'],
  'merge patch': ['patch'],
  'JSON patch': ['patch'],
  apply: ['patch'],
  'apply without force': ['patch'],
  PUT: ['update'],
  DELETE: ['delete'],
  'DELETE, orphaning': ['delete'],
  'DELETE of all': ['deletecollection'],
  'DELETE of a selection': ['deletecollection'],
}

function verbs({ operation, verbs: given }: Deed, form: Form): readonly string[] {
  if (given !== undefined || form === 'question' || form === 'request') return given ?? []
  // An apply to a name that is not there creates it.
  return operation === 'create' && form.startsWith('apply') ? ['patch', 'create'] : verbsOf[form]
}

/**
 * The API server asks the roles first, then finds conflicts, then the schema's faults, then the policies.
 */
export function outcome(who: Who, deed: Deed, form: Form): Outcome {
  const resource =
    deed.grantedOn ?? (deed.subresource ? `${deed.resource}/${deed.subresource}` : deed.resource)
  const needs = verbs(deed, form).map(verb => [resource, verb] as const)
  if (deed.also) needs.push(deed.also)
  if (!needs.every(([what, verb]) => mayAct(who, deed.place, what, verb))) return { is: 'role' }
  if (form === 'question') return { is: 'allowed' }
  if (deed.conflicts && form === 'apply without force') return { is: 'conflict' }
  if (deed.schema) return { is: 'schema' }
  const policies = rules
    .filter(rule => rule.over(deed) && !rule.spares(who, deed))
    .map(({ policy }) => policy)
  return policies.length === 0 ? { is: 'allowed' } : { is: 'policy', policies: [...new Set(policies)] }
}
