import type { ApprovalRequest, NotificationEvent } from '../../../../crds/v1alpha1/approvalrequest.ts'
import { cutText } from '../../../policy/json.ts'
import { visible } from '../../../policy/visible.ts'

/** What a mail about an event is called; a request that ended by what became of it. */
export function titleOf(event: NotificationEvent, { status }: ApprovalRequest): string {
  switch (event) {
    case 'Requested':
      return 'Approval wanted'
    case 'Reminded':
      return 'Reminder: approval wanted'
    case 'Escalated':
      return 'Escalated: approval wanted'
    case 'Decided':
      return status.phase === 'Rejected' ? 'Rejected' : 'Approved'
    case 'Expired':
    case 'Cancelled':
      return event
  }
}

/** Whether the event asks for a decision. */
export const asks = (event: NotificationEvent): boolean =>
  event === 'Requested' || event === 'Reminded' || event === 'Escalated'

/** The name of a tool where there is little room. It is what a tool server calls it, so that it may be anything. */
export const toolName = ({ spec }: ApprovalRequest): string => cutText(visible(spec.tool), 80)

/** `order-manager in shop`: names that the API server has checked. */
export const whose = ({ spec, metadata }: ApprovalRequest): string =>
  `${spec.agentRef.name} in ${metadata.namespace ?? ''}`

export const NO_DECIDING_HERE =
  'Opening the link decides nothing. You decide in the page, signed in as yourself.'

/** Why somebody gets a mail, and who may change that. */
export const footer = (projects: readonly string[]): string =>
  projects.length === 1
    ? `Countersign sends you this as a member of the project ${projects[0]}. Its Owners and Admins set in the project's notifications who gets mail.`
    : `Countersign sends you this as a member of the projects ${projects.join(', ')}. Their Owners and Admins set in the projects' notifications who gets mail.`
