import { createHash } from 'node:crypto'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { expiresAt } from '../controllers/approvalrequest/settlement.ts'
import type { Told } from './entries.ts'
import type { Notice } from './types.ts'

/** `msg_` and 32 hex digits: the same for the same notification of the same request, after each restart too. */
export const noticeId = (request: ApprovalRequest, { event, channel, target }: Told): string =>
  `msg_${createHash('sha256')
    .update(JSON.stringify([request.metadata.uid, event, channel, target]))
    .digest('hex')
    .slice(0, 32)}`

/** What is told. @param pageURL where the page is, without a slash at its end; undefined: not known */
export const noticeOf = (request: ApprovalRequest, told: Told, pageURL: string | undefined): Notice => ({
  id: noticeId(request, told),
  event: told.event,
  request,
  expiresAt: expiresAt(request),
  url: pageURL === undefined ? undefined : requestURL(pageURL, request),
})

const requestURL = (pageURL: string, { metadata }: ApprovalRequest): string =>
  `${pageURL}/projects/${encodeURIComponent(metadata.namespace ?? '')}/approvals/${encodeURIComponent(metadata.name)}`
