import type { Kubectl } from '../kubectl/kubectl.ts'
import { decode, ok, type Result } from './read.ts'

/** Who the API server takes the caller for. */
export interface Person {
  readonly name: string
  readonly groups: readonly string[]
}

interface SelfSubjectReview {
  readonly status?: {
    readonly userInfo?: { readonly username?: string; readonly groups?: readonly string[] }
  }
}

const whoami = async (kubectl: Kubectl, silent: boolean): Promise<Result<Person>> => {
  const answer = decode<SelfSubjectReview>(await kubectl(['auth', 'whoami', '-o=json'], { silent }))
  if (answer.kind === 'Refused') return answer
  const user = answer.value.status?.userInfo
  return ok({ name: user?.username ?? '', groups: user?.groups ?? [] })
}

/**
 * Asks the API server who the caller is (`--as` included), while `first` runs. Beside `first` it asks nobody for a
 * password; if it fails so, it is tried again afterwards, when the credential plugin has a terminal to itself.
 */
export async function askWhoBeside<T>(kubectl: Kubectl, first: Promise<T>): Promise<[T, Result<Person>]> {
  const [value, person] = await Promise.all([first, whoami(kubectl, true)])
  const again = person.kind === 'Refused' && !['Forbidden', 'Unreachable'].includes(person.refusal.kind)
  return [value, again ? await whoami(kubectl, false) : person]
}
