import type { ApprovalRequest } from '../../../../crds/v1alpha1/approvalrequest.ts'
import type { Notice, TestNotice } from '../../types.ts'
import { TEST_WORDS } from './facts.ts'
import { eventTypes, type GenericPayload, TEST_TYPE } from './payload-schema.ts'

/** A notice as Generic webhooks carry it: everything of the request, as it is stored. */
export function genericOf({ id, event, request, expiresAt, url }: Notice): GenericPayload {
  const { metadata, spec, status } = request
  return {
    type: eventTypes[event],
    version: 'v1',
    id,
    timestamp: timeOf(request, event),
    data: {
      project: metadata.namespace ?? '',
      ...(url === undefined ? {} : { url }),
      approval: {
        name: metadata.name,
        uid: metadata.uid ?? '',
        agent: spec.agentRef.name,
        run: spec.runRef.name,
        callID: spec.callID,
        tool: spec.tool,
        params: spec.params,
        paramsDigest: spec.paramsDigest,
        callDigest: spec.callDigest,
        gates: spec.gates,
        ...(spec.message === undefined ? {} : { message: spec.message }),
        ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
        requiredApprovals: spec.requiredApprovals,
        allowSelfApproval: spec.allowSelfApproval,
        onRejection: spec.onRejection,
        requestedAt: iso(Date.parse(metadata.creationTimestamp ?? '')),
        expiresAt: iso(expiresAt),
        phase: status.phase,
        decisions: status.decisions,
        ...(status.decidedAt === undefined ? {} : { decidedAt: iso(Date.parse(status.decidedAt)) }),
        ...(status.message === undefined ? {} : { outcome: status.message }),
      },
    },
  }
}

/** A test as Generic webhooks carry it. @param at milliseconds */
export const genericTest = ({ id, project, askedBy, url }: TestNotice, at: number): GenericPayload => ({
  type: TEST_TYPE,
  version: 'v1',
  id,
  timestamp: iso(at),
  data: {
    project,
    ...(url === undefined ? {} : { url }),
    ...(askedBy === undefined ? {} : { askedBy }),
    message: TEST_WORDS,
  },
})

/** When what is told happened: read from the request, so that it is the same at each try. */
function timeOf({ metadata, spec, status }: ApprovalRequest, event: Notice['event']): string {
  const requested = Date.parse(metadata.creationTimestamp ?? '')
  switch (event) {
    case 'Requested':
      return iso(requested)
    case 'Reminded':
      return iso(requested + (spec.remindAfterSeconds ?? 0) * 1000)
    case 'Escalated':
      return iso(requested + (spec.escalateAfterSeconds ?? 0) * 1000)
    default:
      return iso(status.decidedAt === undefined ? requested : Date.parse(status.decidedAt))
  }
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')
