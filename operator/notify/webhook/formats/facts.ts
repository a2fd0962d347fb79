import type { NotificationEvent } from '../../../../crds/v1alpha1/approvalrequest.ts'
import { countText, progressOf } from '../../../policy/decisions.ts'
import { prettyParams, withoutDigest } from '../../../policy/shown.ts'
import { visible, visibleLines } from '../../../policy/visible.ts'
import { gateLines } from '../../../policy/why.ts'
import type { Notice } from '../../types.ts'

/** What a test says, whatever the format. */
export const TEST_WORDS =
  'This is a test message of Countersign. It is about no request: there is nothing to decide.'

/** A notice in words, for chats. Nothing in it could deceive a reader; what is markup in a chat is not yet taken out. */
export interface Facts {
  /** One line: what happened, to which tool. */
  readonly title: string
  readonly rows: readonly (readonly [label: string, value: string])[]
  /** Over several lines; a redacted value reads `(redacted)`. */
  readonly params: string
  /** Why the call was stopped. */
  readonly why: string
  /** What the agent's author tells reviewers. */
  readonly message: string | undefined
  /** How it ended, if it did. */
  readonly end: string | undefined
  /** Milliseconds; undefined once it ended. */
  readonly deadline: number | undefined
}

export function factsOf({ event, request, expiresAt }: Notice): Facts {
  const { metadata, spec, status } = request
  const open = status.phase === 'Pending'
  return {
    title: `${headline(event, status.phase)}: ${visible(spec.tool)}`,
    rows: [
      ['Project', visible(metadata.namespace ?? '')],
      ['Agent', visible(spec.agentRef.name)],
      ['Run', visible(spec.runRef.name)],
      ['Started by', visible(spec.requestedBy ?? 'somebody unknown')],
      ...(open ? [['Decisions', countText(progressOf(request))] as const] : []),
      ['If rejected', spec.onRejection === 'Continue' ? 'the agent is told and goes on' : 'the run fails'],
    ],
    params: prettyParams(spec.params, '', withoutDigest),
    why: spec.gates.flatMap(gate => gateLines(gate, spec.agentRef.name, withoutDigest)).join('\n'),
    message: spec.message === undefined ? undefined : visibleLines(spec.message).join('\n'),
    end: open ? undefined : endOf(request),
    deadline: open ? expiresAt : undefined,
  }
}

function headline(event: NotificationEvent, phase: string): string {
  switch (event) {
    case 'Requested':
      return 'Approval wanted'
    case 'Reminded':
      return 'Still waiting for approval'
    case 'Escalated':
      return 'Escalated, approval wanted'
    case 'Decided':
      return phase === 'Rejected' ? 'Rejected' : 'Approved'
    case 'Expired':
      return 'Expired undecided'
    case 'Cancelled':
      return 'Cancelled'
  }
}

function endOf({ status }: Notice['request']): string {
  const decisions = status.decisions.map(({ reviewer, verdict, reason }) => {
    const did = verdict === 'Approve' ? 'approved' : 'rejected'
    return `${visible(reviewer)} ${did}${reason ? `: ${visible(reason)}` : ''}`
  })
  return [...decisions, ...(status.message ? [visible(status.message)] : [])].join('\n') || status.phase
}
