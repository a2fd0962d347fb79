import type { ProjectSpec } from '../../../crds/v1alpha1/project.ts'
import type { ConditionInput } from '../../controllers/conditions.ts'
import { READINESS_REASONS } from '../../policy/delivery.ts'

/** What stands in the way of sending; undefined: nothing that is known. */
export interface Obstacles {
  readonly mail: string | undefined
  readonly webhooks: ReadonlyMap<string, string>
}

/** Whether mail is to be sent to anybody of this project. */
export const wantsMail = ({ members, notifications }: ProjectSpec): boolean =>
  notifications?.email?.enabled !== false && members.some(({ email }) => email !== undefined)

/** Whether what the settings of a project ask for can be done, so far as it is known without doing it. Pure. */
export function notificationsReady(spec: ProjectSpec, { mail, webhooks }: Obstacles): ConditionInput {
  const condition = { type: 'NotificationsReady' } as const
  const wrong = [
    ...(mail === undefined ? [] : [`E-mail: ${mail}`]),
    ...[...webhooks].map(([name, why]) => `Webhook ${name}: ${why}`),
  ]
  if (wrong.length > 0) {
    return {
      ...condition,
      status: 'False',
      reason: READINESS_REASONS[mail === undefined ? 'webhook' : webhooks.size === 0 ? 'mail' : 'both'],
      message: wrong.join(' '),
    }
  }
  const ways = [
    ...(wantsMail(spec) ? ['e-mail'] : []),
    ...(spec.notifications?.inApp?.enabled === false ? [] : ['the page']),
    ...(spec.notifications?.webhooks ?? []).map(({ name }) => `webhook ${name}`),
  ]
  return {
    ...condition,
    status: 'True',
    reason: READINESS_REASONS.ready,
    message: ways.length === 0 ? 'nobody is to be told of anything' : `told by ${ways.join(', ')}`,
  }
}
