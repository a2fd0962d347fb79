// Decisions at and after the deadline, by the API server's own clock. The shortest time that a request may have is
// 30 s, and nothing but the clock brings its end: all cases here wait for it together.
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  append,
  approval,
  aRequest,
  decided,
  type Form,
  forms,
  outcome,
  people,
  projectNamespace,
  refOf,
  rejection,
  settle,
  write,
} from '../../hack/admission.ts'
import { adminClient, clientForServiceAccount } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import type { ApprovalRequest, Decision } from '../v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../v1alpha1/resources.ts'

const timeoutSeconds = 30
const me = 'kubernetes-admin'
const late = /^countersign-decisions refuses: this request expired at 2\d{3}-.*: nothing is left to decide$/

let namespace: string
const admin = (): Client => people(namespace)['cluster-admin']

/** PUTs the status with a decision, after this change of the whole object. */
const put = (request: ApprovalRequest, metadata: object): Promise<unknown> =>
  admin().replace(
    approvalRequests,
    {
      ...request,
      metadata: { ...request.metadata, ...metadata },
      status: { ...request.status, decisions: [...request.status.decisions, approval(me)] },
    } as ApprovalRequest,
    { subresource: 'status' },
  )

const inForm = (form: Form, decision: Decision) => (request: ApprovalRequest) =>
  write(admin(), approvalRequests, refOf(request), form, 'status', object => ({
    ...object,
    status: { ...object.status, decisions: [...object.status.decisions, decision] },
  }))

const entry = (more: object = {}) => ({
  manager: 'kubectl-patch',
  operation: 'Update',
  apiVersion: 'countersign.dev/v1alpha1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:status': { 'f:decisions': {} } },
  subresource: 'status',
  time: '2020-01-01T00:00:00Z',
  ...more,
})

interface Case {
  readonly what: string
  readonly act: (request: ApprovalRequest) => Promise<unknown>
  /** Done in time. */
  readonly before?: (request: ApprovalRequest) => Promise<unknown>
  readonly expected: string | RegExp
}

const decide: readonly Case[] = [
  ...forms.flatMap(form => [
    { what: `an approval by ${form}`, act: inForm(form, approval(me)), expected: late },
    { what: `a rejection by ${form}`, act: inForm(form, rejection(me)), expected: late },
  ]),
  { what: 'an append by JSON patch', act: request => append(admin(), request, approval(me)), expected: late },
  {
    what: 'an append by a member',
    act: request => append(people(namespace).member, request, approval('carol@acme.com')),
    expected: late,
  },
  {
    what: 'an append without a field manager',
    act: request =>
      admin().raw({
        method: 'PATCH',
        path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/approvalrequests/${request.metadata.name}/status`,
        contentType: 'application/json-patch+json',
        body: [{ op: 'add', path: '/status/decisions/-', value: approval(me) }],
      }),
    expected: late,
  },
  {
    what: 'a PUT that leaves managedFields out',
    act: request => put(request, { managedFields: undefined }),
    expected: late,
  },
  {
    what: 'a PUT that empties managedFields',
    act: request => put(request, { managedFields: [] }),
    expected: late,
  },
  {
    what: 'a PUT that clears managedFields',
    act: request => put(request, { managedFields: [{}] }),
    expected: late,
  },
  {
    what: 'a PUT with forged stamps',
    act: request => put(request, { managedFields: [entry()] }),
    expected: late,
  },
  {
    what: 'a PUT with a forged stamp of an apply',
    act: request => put(request, { managedFields: [entry({ operation: 'Apply' })] }),
    expected: late,
  },
  {
    what: 'a PUT with a forged creation time',
    act: request => put(request, { creationTimestamp: '2036-01-01T00:00:00Z' }),
    expected: late,
  },
  {
    what: 'a merge patch with forged stamps',
    act: request =>
      admin().patch(
        approvalRequests,
        refOf(request),
        {
          type: 'merge',
          body: { metadata: { managedFields: [entry()] }, status: { decisions: [approval(me)] } },
        },
        { subresource: 'status' },
      ),
    expected: late,
  },
  {
    what: 'a decidedAt that was in time',
    act: request =>
      append(admin(), request, approval(me, { decidedAt: String(request.metadata.creationTimestamp) })),
    expected: late,
  },
  {
    what: 'a second approval, by a manager that wrote in time',
    before: request => append(people(namespace).member, request, approval('carol@acme.com')),
    act: request => append(admin(), request, approval(me)),
    expected: late,
  },
  {
    what: 'a decision after so many managers that the server folded their stamps',
    before: async request => {
      for (let i = 0; i < 14; i++) {
        const status = {
          notifications: [{ channel: 'Email', target: `member-${i}@acme.com`, state: 'Sent' }],
        }
        await clientForServiceAccount('countersign-system', 'countersign-operator').patch(
          approvalRequests,
          refOf(request),
          { type: 'merge', body: { status } },
          { subresource: 'status', fieldManager: `manager-${i}` },
        )
      }
    },
    act: request => append(admin(), request, approval(me)),
    expected: late,
  },
]

const settled: readonly Case[] = [
  { what: 'Expired, undecided', act: request => settle(request, { phase: 'Expired' }), expected: 'allowed' },
  {
    what: 'Expired, although it was approved in time',
    before: request => decided(request, approval('ann@acme.com')),
    act: request => settle(request, { phase: 'Expired' }),
    expected: /^countersign-settlement refuses: phase Expired is for the undecided/,
  },
  {
    what: 'Expired, although it was rejected in time',
    before: request => decided(request, rejection('ann@acme.com')),
    act: request => settle(request, { phase: 'Expired' }),
    expected: /^countersign-settlement refuses: phase Expired is for the undecided/,
  },
  {
    what: 'Approved, by a decision in time that is settled late',
    before: request => decided(request, approval('ann@acme.com')),
    act: request => settle(request, { phase: 'Approved' }),
    expected: 'allowed',
  },
  {
    what: 'Approved, undecided',
    act: request => settle(request, { phase: 'Approved' }),
    expected: /^countersign-settlement refuses: phase Approved takes 1 approvals/,
  },
  {
    what: 'Expired, by somebody else',
    act: request =>
      admin().patch(
        approvalRequests,
        refOf(request),
        { type: 'merge', body: { status: { phase: 'Expired' } } },
        { subresource: 'status' },
      ),
    expected: /^countersign-settlement refuses: of the status/,
  },
]

const requests = new Map<Case, ApprovalRequest>()

beforeAll(async () => {
  namespace = await projectNamespace('late')
  for (const one of [...decide, ...settled]) {
    const request = await aRequest(namespace, { timeoutSeconds })
    requests.set(one, request)
    await one.before?.(request)
  }
  const last = Math.max(...[...requests.values()].map(r => Date.parse(String(r.metadata.creationTimestamp))))
  await delay(last + timeoutSeconds * 1000 - Date.now() + 100)
})

const row = async (one: Case): Promise<void> => {
  const request = requests.get(one)!
  const before = await adminClient().get(approvalRequests, refOf(request))
  const answer = await outcome(one.act(before))
  if (typeof one.expected === 'string') expect(answer).toBe(one.expected)
  else expect(answer).toMatch(one.expected)
  const after = await adminClient().get(approvalRequests, refOf(request))
  if (answer !== 'allowed') expect(after.status).toEqual(before.status)
}

describe('too late to decide', () => {
  it.each(decide)('$what', row)
})

describe('after its time a request is settled as', () => {
  it.each(settled)('$what: $expected', row)
})
