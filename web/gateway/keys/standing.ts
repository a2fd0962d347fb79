import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { Change } from '../../../kube/store.ts'

/** Why a key does not work. Nobody is told which but for `Expired`: they could learn which keys there are. */
export type Fault =
  | 'Unknown'
  | 'WrongSecret'
  | 'Revoked'
  | 'ParentRevoked'
  | 'SystemUser'
  | 'ProjectGone'
  | 'NotAMember'
  | 'Expired'

/** `chain`: the key, the key that it was made with, and so on: all must go on to exist for it to work. */
export type Standing =
  | { readonly works: true; readonly key: APIKey; readonly chain: readonly APIKey[] }
  | { readonly works: false; readonly fault: Fault }

/** What is known as a key is judged. */
export interface Evidence {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly secretMatches: boolean
  /** The key of this id. */
  readonly key: (id: string) => APIKey | undefined
  /** The Project of this namespace. */
  readonly project: (namespace: string) => Project | undefined
}

/** A key, the key it was made with, the key that one was made with. */
export const longestChain = 3

/** Whether the key of this id works. The secret comes first: whoever does not know it is told nothing else. */
export function standingOf(id: string, { now, secretMatches, key: find, project }: Evidence): Standing {
  const key = find(id)
  if (key === undefined) return refused('Unknown')
  if (!secretMatches) return refused('WrongSecret')
  if (isRevoked(key)) return refused('Revoked')
  const chain = chainOf(key, find)
  if (chain === undefined || chain.slice(1).some(isRevoked)) return refused('ParentRevoked')
  const { user } = key.spec
  // The API server would not let the gateway act as one of these either. This is the second lock.
  if (isSystemName(user)) return refused('SystemUser')
  const found = project(key.spec.project)
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return refused('ProjectGone')
  if (!isNamedIn(found, user)) return refused('NotAMember')
  if (chain.some(link => isExpired(link, now))) return refused('Expired')
  return { works: true, key, chain }
}

/** Whether somebody revoked it. Being told so counts before the deletion has happened, and while it is recorded. */
export const isRevoked = ({ metadata }: APIKey): boolean =>
  metadata.deletionTimestamp !== undefined || metadata.annotations?.[ANNOTATIONS.revokedBy] !== undefined

/** Whether a key was revoked with this change, or went without that. */
export const hasEnded = (change: Change<APIKey>): boolean =>
  change.type === 'deleted' ||
  (change.type === 'updated' && isRevoked(change.object) && !isRevoked(change.previous))

/** Whether its time is over. A time that cannot be read is over. */
export const isExpired = ({ spec: { expiresAt } }: APIKey, now: number): boolean =>
  expiresAt !== undefined && !(now < Date.parse(expiresAt))

/** Whether the Project names this user, and not a group of theirs: a key acts by name, with no groups. */
export const isNamedIn = (project: Project, user: string): boolean =>
  project.spec.members.some(member => member.user === user)

/** ServiceAccounts, nodes, the API server's own components. */
export const isSystemName = (user: string): boolean => user.startsWith('system:')

/** The uid and id of the key that this one was made with. */
export const parentOf = ({ metadata }: APIKey): { readonly name: string; readonly uid: string } | undefined =>
  metadata.ownerReferences?.find(({ kind }) => kind === 'APIKey')

/** The key and those that it was made with, or undefined where one of them is not there any more. */
export function chainOf(
  key: APIKey,
  find: (id: string) => APIKey | undefined,
): readonly APIKey[] | undefined {
  const chain = [key]
  for (let parent = parentOf(key); parent !== undefined; ) {
    const found = find(parent.name)
    if (found?.metadata.uid !== parent.uid || chain.length >= longestChain) return undefined
    chain.push(found)
    parent = parentOf(found)
  }
  return chain
}

const refused = (fault: Fault): Standing => ({ works: false, fault })
