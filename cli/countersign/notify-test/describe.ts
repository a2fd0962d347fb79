import type { Project, ProjectStatus } from '../../../crds/v1alpha1/project.ts'
import { type TestTarget, testTargets } from '../../../operator/policy/notify-test.ts'
import { visible } from '../../../operator/policy/visible.ts'
import { when } from '../../text/duration.ts'
import type { Paint } from '../../text/paint.ts'

export type TestResult = NonNullable<ProjectStatus['notificationTest']>

/** What can be tried, for scripts: `notReady` is what the operator says is missing. */
export const toList = ({ spec, status }: Project) => {
  const ready = status?.conditions?.find(({ type }) => type === 'NotificationsReady')
  return {
    items: testTargets(spec),
    withoutAddress: spec.members
      .filter(({ email }) => email === undefined)
      .map(({ user, group }) => user ?? group ?? ''),
    ...(ready?.status === 'False' ? { notReady: ready.message } : {}),
  }
}

/** What can be tried, and with which command. Ends with a line break. */
export function describeTargets(project: Project, namespace: string): string {
  const { items, withoutAddress, notReady } = toList(project)
  const of = (channel: TestTarget['channel']) => items.filter(item => item.channel === channel)
  const lines = (targets: readonly TestTarget[]) =>
    targets.map(target => `  ${commandFor(target, namespace)}`)
  const [webhooks, members] = [of('Webhook'), of('Email')]
  const sections = [
    webhooks.length === 0
      ? ['Webhooks: the project has none.']
      : ['Webhooks that can be tried:', ...lines(webhooks)],
    members.length === 0
      ? ['E-mail: no member has an address in the Project.']
      : ['Members to whom an e-mail can be sent:', ...lines(members)],
    withoutAddress.length === 0 || members.length === 0
      ? []
      : [`Without an address: ${withoutAddress.map(visible).join(', ')}`],
    notReady === undefined ? [] : [`Not ready: ${visible(notReady)}`],
  ]
  return `${sections
    .filter(section => section.length > 0)
    .map(section => section.join('\n'))
    .join('\n\n')}\n`
}

/** One line for a person. Ends with a line break. */
export function describeResult(result: TestResult, now: number, paint: Paint): string {
  const state = result.state === 'Sent' ? paint('green', 'Sent') : paint('red', 'Failed')
  return `${state}: a test message to ${named(result)}, ${when(result.at, now)}\n${visible(result.message)}\n`
}

/** `the webhook ops`, `carol@acme.com by e-mail`. */
export const named = ({ channel, target }: TestTarget): string =>
  channel === 'Webhook' ? `the webhook ${visible(target)}` : `${visible(target)} by e-mail`

const commandFor = ({ channel, target }: TestTarget, namespace: string): string =>
  `kubectl countersign notify-test ${channel === 'Email' ? '--email ' : ''}${word(target)} -n ${namespace}`

// As a shell takes it for one word.
const word = (text: string): string => {
  const shown = visible(text)
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`
}
