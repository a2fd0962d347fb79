import type { Project, ProjectStatus } from '../../../crds/v1alpha1/project.ts'
import { compileCondition } from '../../policy/conditions/compile.ts'
import { type ConditionInput, setConditions } from '../conditions.ts'

/** What is said of a project beside that its bindings stand. */
export interface ProjectFacts {
  readonly project: Project
  /** Members whom the gateway cannot act as, since all Projects together name too many; undefined: not known. */
  readonly leftOut: readonly string[] | undefined
}

/** The first gate whose condition does not parse. It stops every call that it matches; it un-gates none. */
const gateError = (project: Project): string | undefined => {
  for (const [index, { when }] of (project.spec.approval?.tools ?? []).entries()) {
    if (when === undefined) continue
    const compiled = compileCondition(when)
    if (compiled.ok) continue
    return `spec.approval.tools[${index}].when, column ${compiled.column}: ${compiled.message}. Until it is put right, every call that the gate is about waits for approval`
  }
  return undefined
}

/**
 * The status of a project whose RoleBindings stand as its spec says. Pure.
 *
 * Ready       MembersBound | InvalidCondition (True all the same, as members have their rights: a remark)
 * Accepted    Accepted | InvalidCondition
 * GatewayActs EveryMember | TooManyPeople (API keys and page sessions of some members do not work)
 */
export const projectStatusOf = ({ project, leftOut }: ProjectFacts, now: string): ProjectStatus => {
  const observedGeneration = project.metadata.generation ?? 0
  const invalid = gateError(project)
  const accepted: ConditionInput =
    invalid === undefined
      ? { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the spec can be used' }
      : { type: 'Accepted', status: 'False', reason: 'InvalidCondition', message: invalid }
  const ready: ConditionInput =
    invalid === undefined
      ? {
          type: 'Ready',
          status: 'True',
          reason: 'MembersBound',
          message: 'every member has the rights of their role',
        }
      : { ...accepted, type: 'Ready', status: 'True' }
  const inputs = [ready, accepted, ...(leftOut === undefined ? [] : [gatewayActs(leftOut)])]
  return {
    ...project.status,
    observedGeneration,
    conditions: setConditions(project.status?.conditions, inputs, observedGeneration, now),
  }
}

const gatewayActs = (leftOut: readonly string[]): ConditionInput => {
  if (leftOut.length === 0) {
    return {
      type: 'GatewayActs',
      status: 'True',
      reason: 'EveryMember',
      message: 'the gateway may act as every member',
    }
  }
  const some = leftOut.length > 5 ? `${leftOut.slice(0, 5).join(', ')}, ...` : leftOut.join(', ')
  return {
    type: 'GatewayActs',
    status: 'False',
    reason: 'TooManyPeople',
    message: `all projects together name too many people: API keys and page sessions do not work for ${leftOut.length} names of this one (${some}). Their own tokens do. Name groups in place of users`,
  }
}
