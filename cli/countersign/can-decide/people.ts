import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { progressOf } from '../../../operator/policy/decisions.ts'
import type { Approver } from '../../requests/access.ts'
import { isNoPerson } from '../whoami/standing.ts'

/** Why somebody who holds the right, or should, may not decide (any more). */
export type Barred = 'Decided' | 'Starter' | 'StarterUnknown' | 'NoRight'

/** A person or group with a right to decide, and whether this request is still open to them. */
export interface Candidate {
  readonly kind: 'User' | 'Group'
  readonly name: string
  /** What gives them the right: `Owner of the project`, `RoleBinding night-shift`. */
  readonly from: string
  readonly barred?: Barred
}

/** Everybody that could be found, and what of it can be relied on. */
export interface People {
  readonly may: readonly Candidate[]
  readonly mayNot: readonly Candidate[]
  /** RBAC could be read as a whole: there is nobody else. */
  readonly complete: boolean
  /** Something that keeps the request from being approved as things stand. */
  readonly stuck?: string
}

/** What people are found from. */
export interface Sources {
  readonly members: readonly Member[]
  /** Those whom RBAC lets decide, as far as it could be read. */
  readonly approvers: readonly Approver[]
  readonly complete: boolean
  /** What the API server's authorizer says of a name; undefined where that may not be asked. */
  readonly holds: (candidate: Pick<Candidate, 'kind' | 'name'>) => boolean | undefined
}

const same = (a: Pick<Candidate, 'kind' | 'name'>, b: Pick<Candidate, 'kind' | 'name'>): boolean =>
  a.kind === b.kind && a.name === b.name

/** The members of the Project as its roles have it, then whoever else RBAC names. ServiceAccounts never decide. */
export function candidatesOf({ members, approvers }: Pick<Sources, 'members' | 'approvers'>): Candidate[] {
  const named = members.map(
    ({ user, group, role }): Candidate => ({
      kind: user === undefined ? 'Group' : 'User',
      name: user ?? group ?? '',
      from: `${role} of the project`,
    }),
  )
  const others = approvers.filter(
    approver =>
      !named.some(member => same(member, approver)) &&
      !(approver.kind === 'User' && isNoPerson({ name: approver.name, groups: [] })) &&
      !(approver.kind === 'Group' && /^system:(serviceaccounts|nodes)/.test(approver.name)),
  )
  return [...named, ...others]
}

/** Sorts everybody that is known into those who may still decide the request and those who may not. */
export function peopleFor(request: ApprovalRequest, sources: Sources): People {
  const judged = candidatesOf(sources).map(candidate => {
    const barred = barrier(request, candidate, sources)
    return barred === undefined ? candidate : { ...candidate, barred }
  })
  const may = judged.filter(({ barred }) => barred === undefined)
  const stuck = stuckBy(request, may)
  return {
    may,
    mayNot: judged.filter(({ barred }) => barred !== undefined),
    complete: sources.complete,
    ...(stuck === undefined ? {} : { stuck }),
  }
}

function barrier(
  { spec, status }: ApprovalRequest,
  candidate: Candidate,
  { holds }: Sources,
): Barred | undefined {
  const { kind, name } = candidate
  if (kind === 'User' && status.decisions.some(({ reviewer }) => reviewer === name)) return 'Decided'
  if (!spec.allowSelfApproval && spec.requestedBy === undefined) return 'StarterUnknown'
  if (kind === 'User' && !spec.allowSelfApproval && spec.requestedBy === name) return 'Starter'
  return holds(candidate) === false ? 'NoRight' : undefined
}

/** A group may have any number of people, so that only where none is left the count of names says something. */
function stuckBy(request: ApprovalRequest, may: readonly Candidate[]): string | undefined {
  const { given, required } = progressOf(request)
  const missing = required - given
  const { allowSelfApproval, requestedBy } = request.spec
  if (request.status.decisions.some(({ verdict }) => verdict === 'Reject') || missing <= 0) return undefined
  if (!allowSelfApproval && requestedBy === undefined) {
    return 'Nobody can decide it, and it will expire: who started the run may not, and who that was is not known.'
  }
  if (may.some(({ kind }) => kind === 'Group') || may.length >= missing) return undefined
  const more = missing === 1 ? 'one more approval' : `${missing} more approvals`
  const left =
    may.length === 0 ? 'nobody is' : may.length === 1 ? 'only one person is' : `only ${may.length} people are`
  return `It cannot be approved as things stand: it takes ${more}, and ${left} left who may.`
}
