import type { Approval } from '../api/types.ts'

/** What is known of oneself in the project. */
export interface You {
  readonly username: string
  readonly decide: boolean
}

/** Whether one may decide, and why (not), for people. */
export interface May {
  readonly may: boolean
  readonly because: string
}

type Asked = Pick<Approval, 'phase' | 'expiresAt' | 'decisions' | 'allowSelfApproval' | 'requestedBy'>

/**
 * Whether somebody may decide a request. The API server has the last word: this is what it would say, so that nobody
 * presses a button in vain. `you` undefined: not known, so it is tried.
 */
export function mayDecide(approval: Asked, username: string, you: You | undefined, now: number): May {
  const { phase, expiresAt, decisions, allowSelfApproval, requestedBy } = approval
  const own = decisions.find(({ reviewer }) => reviewer === username)
  if (own !== undefined) {
    return no(
      `You have ${own.verdict === 'Approve' ? 'approved' : 'rejected'} it: a decision is never changed.`,
    )
  }
  if (phase !== 'Pending') return no(`It is ${phase}.`)
  if (now >= Date.parse(expiresAt)) return no('Its time is over.')
  if (!allowSelfApproval && requestedBy === undefined) {
    return no(
      'Nobody may decide it: who started the run may not, and who that was is not known. Start the run again with spec.requestedBy set.',
    )
  }
  if (!allowSelfApproval && requestedBy === username) {
    return no('You started this run, and its agent wants somebody else to decide.')
  }
  if (you?.decide === false) {
    return no(
      'What you signed in with may read here, but not decide: a read-only key, or somebody who is no member. Ask an owner, or sign in with your own token.',
    )
  }
  return { may: true, because: you === undefined ? '' : 'You may decide: it is your right in this project.' }
}

const no = (because: string): May => ({ may: false, because })

/** A member of the project, as its API names them. */
export interface Member {
  readonly user?: string | undefined
  readonly group?: string | undefined
  readonly name?: string | undefined
  readonly role: string
}

/** A member with what the request says of them. */
export interface Reviewer {
  /** The user or group. */
  readonly id: string
  readonly name: string | undefined
  readonly role: string
  readonly group: boolean
  readonly state: 'May' | 'Approved' | 'Rejected' | 'Started it'
}

/** Who may decide: the members, and of each whether they have, or may not. Whoever decided without being one, too. */
export function reviewersOf(approval: Asked, members: readonly Member[]): readonly Reviewer[] {
  const { decisions, allowSelfApproval, requestedBy } = approval
  const stateOf = (id: string): Reviewer['state'] => {
    const own = decisions.find(({ reviewer }) => reviewer === id)
    if (own !== undefined) return own.verdict === 'Approve' ? 'Approved' : 'Rejected'
    return !allowSelfApproval && requestedBy === id ? 'Started it' : 'May'
  }
  const named = members.map(({ user, group, name, role }) => {
    const id = user ?? group ?? ''
    const state = user === undefined ? 'May' : stateOf(user)
    return { id, name, role, group: user === undefined, state }
  })
  const others = decisions
    .filter(({ reviewer }) => !members.some(({ user }) => user === reviewer))
    .map(({ reviewer }) => ({
      id: reviewer,
      name: undefined,
      role: 'by a group or by the cluster',
      group: false,
      state: stateOf(reviewer),
    }))
  return [...named, ...others]
}
