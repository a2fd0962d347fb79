import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { Project, ProjectStatus } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { formatTest, parseTest, reachable, type TestTarget } from '../../../operator/policy/notify-test.ts'
import type { Caller } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import { invalid, problem } from '../problems/problem.ts'
import { waitUntil } from '../waiting.ts'

export type TestResult = NonNullable<ProjectStatus['notificationTest']>

/** How long the operator has to say what became of a test. */
export const testPatienceMs = 20_000

/** Throws the problem `Invalid` where the Project has no such webhook, or no such member with an address. */
export function checkTarget({ spec }: Project, wanted: TestTarget): void {
  const found = reachable(spec, wanted)
  if (found === 'Yes') return
  const what = wanted.channel === 'Webhook' ? 'webhook' : 'member'
  const message =
    found === 'Absent'
      ? `The project has no ${what} of this name. Save the settings first if you have just added it.`
      : 'The Project has no e-mail address for this member: an owner can add one.'
  throw invalid([{ path: 'target', message }])
}

/**
 * Asks the operator for a test message, as the person, and waits for what became of it. Throws the problems
 * `TestUnanswered`, `TestOvertaken` (somebody else asked for one before this was sent), or what the API server refused
 * with.
 */
export async function sendTest(
  { cache, clock, newID, stopping }: Pick<Deps, 'cache' | 'clock' | 'newID' | 'stopping'>,
  { client }: Caller,
  namespace: string,
  wanted: TestTarget,
  left: AbortSignal,
): Promise<TestResult> {
  const id = newID()
  const text = formatTest({ id, ...wanted })
  const project = await client.patch(
    projects,
    { namespace, name: 'project' },
    { type: 'merge', body: { metadata: { annotations: { [ANNOTATIONS.notifyTest]: text } } } },
  )
  cache.projects.store.wrote(project)
  const now = await waitUntil(cache.projects, project, {
    clock,
    ms: testPatienceMs,
    signals: [left, stopping],
    done: found => isAnswered(found, id) || isOvertaken(found, id),
  })
  const found = now.status?.notificationTest
  if (found?.id === id) return found
  if (isOvertaken(now, id)) throw problem('TestOvertaken', {})
  throw problem('TestUnanswered', { seconds: String(testPatienceMs / 1000) }, { retryAfterSeconds: 30 })
}

const isAnswered = ({ status }: Project, id: string): boolean => status?.notificationTest?.id === id

/** The operator sees what is asked for last: once that is answered, this is not going to be. */
function isOvertaken(project: Project, id: string): boolean {
  const last = parseTest(project.metadata.annotations?.[ANNOTATIONS.notifyTest])
  return last !== undefined && last.id !== id && isAnswered(project, last.id)
}
