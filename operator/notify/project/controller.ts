import { isDeepStrictEqual } from 'node:util'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { Project, ProjectStatus } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Requeue } from '../../../kube/controller.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Cache, RecordEvent } from '../../controllers/cache.ts'
import { findCondition, setConditions } from '../../controllers/conditions.ts'
import { cutText } from '../../policy/json.ts'
import { memberOf, parseTest, type WantedTest } from '../../policy/notify-test.ts'
import type { Mailer, Outcome, WebhookSender } from '../types.ts'
import { notificationsReady, wantsMail } from './readiness.ts'

export interface ProjectNotifyDeps {
  readonly client: Client
  readonly clock: Clock
  readonly event: RecordEvent
  readonly projects: Cache<Project>
  readonly mailer: Mailer
  readonly webhooks: WebhookSender
  readonly pageURL: string | undefined
}

/** Sends the tests that people ask for, and says of each project whether what it wants sent can be sent. */
export interface ProjectNotify {
  reconcile(namespace: string, name: string): Promise<Requeue>
}

type Test = NonNullable<ProjectStatus['notificationTest']>

/** Milliseconds after which Secrets are looked at again: there is no right to watch them. */
const LOOK_AGAIN_MS = 300_000
/** As LOOK_AGAIN_MS, while something is wrong that somebody may be putting right. */
const LOOK_SOON_MS = 30_000
/** Milliseconds that a test and a look at Secrets may take. Whoever asked for the test waits for it. */
const PATIENCE_MS = 15_000

export const createProjectNotify = (deps: ProjectNotifyDeps): ProjectNotify => {
  /** Tests whose outcome is not stored yet, by the UID of the project: a write that fails sends nothing twice. */
  const sent = new Map<string, Test>()
  return {
    reconcile: async (namespace, name) => {
      const project = deps.projects.find({ namespace, name })
      if (!project || project.metadata.deletionTimestamp) return {}
      const uid = project.metadata.uid ?? ''
      const wanted = parseTest(project.metadata.annotations?.[ANNOTATIONS.notifyTest])
      const known = sent.get(uid) ?? project.status?.notificationTest
      const test = wanted && wanted.id !== known?.id ? await sendTest(deps, project, wanted) : known
      if (test) sent.set(uid, test)
      const ready = await readiness(deps, project)
      const latest = deps.projects.find({ namespace, name })
      if (latest?.metadata.uid !== uid) return {}
      const status: ProjectStatus = {
        ...latest.status,
        conditions: setConditions(
          latest.status?.conditions,
          [ready],
          latest.metadata.generation ?? 0,
          new Date(deps.clock.now()).toISOString(),
        ),
        ...(test === undefined ? {} : { notificationTest: test }),
      }
      if (!isDeepStrictEqual(status, latest.status)) {
        deps.projects.wrote(
          await deps.client.replace(projects, { ...latest, status }, { subresource: 'status' }),
        )
        const before = findCondition(latest.status?.conditions, ready.type)
        if (ready.status !== (before?.status ?? 'True')) {
          const type = ready.status === 'True' ? 'Normal' : 'Warning'
          deps.event(latest, { type, reason: ready.reason, action: 'Check', note: ready.message })
        }
      }
      sent.delete(uid)
      return { requeueAfterMs: ready.status === 'True' ? LOOK_AGAIN_MS : LOOK_SOON_MS }
    },
  }
}

const readiness = async ({ mailer, webhooks }: ProjectNotifyDeps, { metadata, spec }: Project) => {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const wrong = new Map<string, string>()
  for (const webhook of spec.notifications?.webhooks ?? []) {
    const why = await webhooks.notReady(webhook, metadata.namespace ?? '', signal)
    if (why !== undefined) wrong.set(webhook.name, why)
  }
  return notificationsReady(spec, {
    mail: wantsMail(spec) ? await mailer.notReady(signal) : undefined,
    webhooks: wrong,
  })
}

const TAKEN = { Email: 'The mail server took it.', Webhook: 'The receiver took it.' } as const

const sendTest = async (deps: ProjectNotifyDeps, project: Project, wanted: WantedTest): Promise<Test> => {
  const outcome = await trySending(deps, project, wanted)
  return {
    ...wanted,
    state: outcome.state === 'Sent' ? 'Sent' : 'Failed',
    message: outcome.state === 'Sent' ? TAKEN[wanted.channel] : cutText(outcome.error, 1024),
    at: new Date(deps.clock.now()).toISOString(),
  }
}

const trySending = async (
  deps: ProjectNotifyDeps,
  { metadata, spec }: Project,
  { id, channel, target }: WantedTest,
): Promise<Outcome> => {
  const { namespace = '' } = metadata
  const notice = {
    id: `msg_test_${id}`,
    project: namespace,
    askedBy: undefined,
    url: deps.pageURL === undefined ? undefined : `${deps.pageURL}/projects/${encodeURIComponent(namespace)}`,
  }
  const signal = AbortSignal.timeout(PATIENCE_MS)
  if (channel === 'Webhook') {
    const webhook = spec.notifications?.webhooks?.find(({ name }) => name === target)
    if (!webhook) return { state: 'Failed', error: `there is no webhook ${target} in the Project` }
    return deps.webhooks.sendTest(webhook, notice, signal)
  }
  const member = memberOf(spec.members, target)
  if (!member) return { state: 'Failed', error: `${target} is no member of the project` }
  if (member.email === undefined)
    return { state: 'Failed', error: `${target} has no address: set the member's email` }
  return deps.mailer.sendTest({ address: member.email, name: member.name }, notice, signal)
}
