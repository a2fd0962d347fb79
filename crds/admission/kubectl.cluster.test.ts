// The same by kubectl, as people type it.
import { beforeAll, describe, expect, it } from 'vitest'
import { approval, aRequest, projectNamespace, refOf } from '../../hack/admission.ts'
import { adminClient, kubectl } from '../../hack/testing.ts'
import type { ApprovalRequest } from '../v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../v1alpha1/resources.ts'

const carol = 'carol@acme.com'
let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('kubectl')
})

const patch = (request: ApprovalRequest, as: string | undefined, type: 'json' | 'merge', body: unknown) =>
  kubectl(
    [
      'patch',
      'apr',
      request.metadata.name,
      `--namespace=${namespace}`,
      '--subresource=status',
      `--type=${type}`,
      `--patch=${JSON.stringify(body)}`,
    ],
    as,
  )
const apply = (request: ApprovalRequest, as: string | undefined, status: object) =>
  kubectl(
    ['apply', '--server-side', '--subresource=status', '-f', '-'],
    as,
    JSON.stringify({
      apiVersion: 'countersign.dev/v1alpha1',
      kind: 'ApprovalRequest',
      metadata: refOf(request),
      status,
    }),
  )
const appending = (decision: object) => [{ op: 'add', path: '/status/decisions/-', value: decision }]
const decisionsOf = async (request: ApprovalRequest) =>
  (await adminClient().get(approvalRequests, refOf(request))).status.decisions

describe('kubectl', () => {
  it('patch adds a decision', async () => {
    const request = await aRequest(namespace)
    await patch(request, carol, 'json', appending(approval(carol)))
    expect(await decisionsOf(request)).toEqual([approval(carol)])
  })

  it('apply --server-side adds a decision', async () => {
    const request = await aRequest(namespace)
    await apply(request, carol, { decisions: [approval(carol)] })
    expect(await decisionsOf(request)).toEqual([approval(carol)])
  })

  it.each([
    ['a stranger', 'mallory@acme.com', /cannot get resource "approvalrequests\/status"/],
    ["another's name", carol, /denied request: decide under your own name: reviewer must be carol@acme.com/],
  ] as const)('patch tells why not: %s', async (_, as, message) => {
    const request = await aRequest(namespace)
    const attempt = patch(request, as, 'json', appending(approval('mallory@acme.com')))
    await expect(attempt).rejects.toThrow(message)
  })

  it.each([carol, undefined])('patch does not set the phase, as %s (or as cluster-admin)', async as => {
    const request = await aRequest(namespace)
    await expect(patch(request, as, 'merge', { status: { phase: 'Approved' } })).rejects.toThrow(
      /Forbidden.*countersign-settlement.*you may add to decisions only/s,
    )
    await expect(apply(request, as, { phase: 'Approved' })).rejects.toThrow(/you may add to decisions only/)
  })

  it('patch does not replace decisions', async () => {
    const request = await aRequest(namespace)
    await patch(request, 'alice@acme.com', 'json', appending(approval('alice@acme.com')))
    const attempt = patch(request, carol, 'merge', { status: { decisions: [approval(carol)] } })
    await expect(attempt).rejects.toThrow(/decisions are never changed or removed/)
  })

  it('delete does not delete a request, one or all, as cluster-admin', async () => {
    const request = await aRequest(namespace)
    const options = [`--namespace=${namespace}`, '--wait=false']
    await expect(kubectl(['delete', 'apr', request.metadata.name, ...options])).rejects.toThrow(
      /approvalrequests are kept/,
    )
    await expect(kubectl(['delete', 'apr', '--all', ...options])).rejects.toThrow(/approvalrequests are kept/)
    expect(await adminClient().find(approvalRequests, refOf(request))).toBeDefined()
  })

  it.each([
    ['alice@acme.com', 'yes'],
    [carol, 'yes'],
    ['mallory@acme.com', 'no'],
  ])('auth can-i approve tells %s: %s', async (as, expected) => {
    const asked = kubectl(
      ['auth', 'can-i', 'approve', 'approvalrequests.countersign.dev', `--namespace=${namespace}`],
      as,
    )
    // A no is exit code 1.
    expect((await asked.catch(() => 'no')).trim()).toBe(expected)
  })
})
