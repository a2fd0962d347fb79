import type { Member, Notifications, Project } from '../../crds/v1alpha1/project.ts'

export const testChannels = ['Webhook', 'Email'] as const
export type TestChannel = (typeof testChannels)[number]

/** What a test is sent on: the name of a webhook, or that of a member (user or group). */
export interface TestTarget {
  readonly channel: TestChannel
  readonly target: string
}

/** A test that somebody asked for: the value of the annotation `countersign.dev/notify-test` of a Project. */
export interface WantedTest extends TestTarget {
  /** New each time: `status.notificationTest` is about the test of this id. */
  readonly id: string
}

/** What a test may be sent on, and why not. `Absent`: no such webhook or member. `NoAddress`: a member without e-mail. */
export type Reachable = 'Yes' | 'Absent' | 'NoAddress'

// A target may hold spaces, so that it comes last and is all the rest.
const shape = /^([A-Za-z0-9._-]{1,64}) (Webhook|Email) (\S[^\r\n]{0,319})$/

/** The annotation as it is written. */
export const formatTest = ({ id, channel, target }: WantedTest): string => `${id} ${channel} ${target}`

/** What the annotation asks for; undefined where it is not there, or is nothing that `formatTest` writes. */
export function parseTest(text: string | undefined): WantedTest | undefined {
  const [, id, channel, target] = shape.exec(text ?? '') ?? []
  if (id === undefined || channel === undefined || target === undefined) return undefined
  return { id, channel: channel as TestChannel, target }
}

/** Whether a test can be sent there, as far as the Project says. */
export function reachable(
  { members, notifications }: Pick<Project['spec'], 'members' | 'notifications'>,
  { channel, target }: TestTarget,
): Reachable {
  if (channel === 'Webhook') return webhookOf(notifications, target) === undefined ? 'Absent' : 'Yes'
  const member = memberOf(members, target)
  if (member === undefined) return 'Absent'
  return member.email === undefined ? 'NoAddress' : 'Yes'
}

/** Everything that a test can be sent on, in the order of the Project: webhooks, then members with an address. */
export const testTargets = ({
  members,
  notifications,
}: Pick<Project['spec'], 'members' | 'notifications'>): TestTarget[] => [
  ...(notifications?.webhooks ?? []).map(({ name }) => ({ channel: 'Webhook' as const, target: name })),
  ...members
    .filter(({ email }) => email !== undefined)
    .map(({ user, group }) => ({ channel: 'Email' as const, target: user ?? group ?? '' })),
]

const webhookOf = (notifications: Notifications | undefined, name: string) =>
  notifications?.webhooks?.find(webhook => webhook.name === name)

/** A person comes before a group of the same name. */
export const memberOf = (members: readonly Member[], name: string): Member | undefined =>
  members.find(({ user }) => user === name) ?? members.find(({ group }) => group === name)
