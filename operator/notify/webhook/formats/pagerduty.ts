import type { NotificationEvent } from '../../../../crds/v1alpha1/approvalrequest.ts'
import { cutText } from '../../../policy/json.ts'
import { visible } from '../../../policy/visible.ts'
import type { Notice, TestNotice } from '../../types.ts'
import { cutBytes } from './cut.ts'
import { factsOf, TEST_WORDS } from './facts.ts'

const SUMMARY = 1024
/** Of each detail, in bytes; an event may have 512 KB. */
const DETAIL = 32_768

const severities: Readonly<Record<NotificationEvent, 'warning' | 'critical' | undefined>> = {
  Requested: 'warning',
  Reminded: 'warning',
  Escalated: 'critical',
  Decided: undefined,
  Expired: undefined,
  Cancelled: undefined,
}

/** A notice as version 2 of PagerDuty's Events API takes it: one alert a request, which ends with it. */
export function pagerDutyEvent(notice: Notice, routingKey: string | undefined): object {
  const { event, request, url } = notice
  const severity = severities[event]
  const common = { ...routed(routingKey), dedup_key: `countersign-${request.metadata.uid}` }
  if (severity === undefined) return { ...common, event_action: 'resolve' }
  const facts = factsOf(notice)
  const project = visible(request.metadata.namespace ?? '')
  return {
    ...common,
    event_action: 'trigger',
    client: 'Countersign',
    ...(url === undefined ? {} : { client_url: url, links: [{ href: url, text: 'Open the request' }] }),
    payload: {
      summary: cutText(`${facts.title} (${project}/${visible(request.spec.agentRef.name)})`, SUMMARY),
      source: project,
      severity,
      timestamp: request.metadata.creationTimestamp,
      component: visible(request.spec.agentRef.name),
      group: project,
      class: 'approval',
      custom_details: Object.fromEntries(
        [
          ...facts.rows,
          ['Expires', new Date(notice.expiresAt).toISOString()],
          ...(facts.message === undefined ? [] : [['Message', facts.message]]),
          ['Parameters', facts.params],
          ['Why it waits', facts.why],
        ].map(([label = '', value = '']) => [label, cutBytes(value, DETAIL)]),
      ),
    },
  }
}

/** A test: an alert of its own, of the lowest severity, that somebody closes. */
export const pagerDutyTest = (
  { id, project, askedBy, url }: TestNotice,
  routingKey: string | undefined,
): object => ({
  ...routed(routingKey),
  event_action: 'trigger',
  dedup_key: cutText(`countersign-test-${id}`, 255),
  client: 'Countersign',
  ...(url === undefined ? {} : { client_url: url, links: [{ href: url, text: 'Open the page' }] }),
  payload: {
    summary: `Countersign test of the project ${visible(project)}: close it`,
    source: visible(project),
    severity: 'info',
    class: 'test',
    custom_details: {
      Message: TEST_WORDS,
      ...(askedBy === undefined ? {} : { 'Asked for by': visible(askedBy) }),
    },
  },
})

const routed = (key: string | undefined) => (key === undefined ? {} : { routing_key: key })
