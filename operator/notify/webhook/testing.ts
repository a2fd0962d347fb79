import { randomUUID } from 'node:crypto'
import type { ApprovalRequest, ApprovalRequestSpec } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Client } from '../../../kube/client.ts'
import type { Notice, TestNotice, Webhook } from '../types.ts'

/** When the requests of tests were made. */
export const REQUESTED_AT = Date.parse('2026-11-23T10:00:00Z')

/** What a test changes of a request. */
export interface Changes {
  readonly spec?: Partial<ApprovalRequestSpec>
  readonly status?: Partial<ApprovalRequest['status']>
  readonly event?: Notice['event']
  readonly url?: string | undefined
}

/** A notice of a request for a refund of 2400. */
export function aNotice({ spec, status, event = 'Requested', ...rest }: Changes = {}): Notice {
  return {
    id: 'msg_0123456789abcdef0123456789abcdef',
    event,
    request: {
      metadata: {
        name: 'order-run-7-1-0',
        namespace: 'shop',
        uid: '11111111-2222-3333-4444-555555555555',
        creationTimestamp: '2026-11-23T10:00:00Z',
      },
      spec: {
        agentRef: { name: 'order-manager' },
        runRef: { name: 'order-run-7', uid: randomUUID() },
        callID: '1.0',
        tool: 'order_tools.process_refund',
        params: { order_id: 'ORD-1287', amount: 2400, card: { $redacted: `hmac-sha256:${'ab'.repeat(32)}` } },
        paramsDigest: `sha256:${'0'.repeat(64)}`,
        callDigest: `sha256:${'1'.repeat(64)}`,
        gates: [
          {
            name: 'order_tools.process_refund',
            from: 'Agent',
            when: 'param.amount > 1000',
            outcome: 'ConditionTrue',
            values: { 'param.amount': 2400 },
          },
        ],
        message: 'This action requires manager approval.',
        timeoutSeconds: 3600,
        onRejection: 'Continue',
        requiredApprovals: 1,
        allowSelfApproval: true,
        requestedBy: 'bob@acme.com',
        ...spec,
      },
      status: { phase: 'Pending', decisions: [], ...status },
    },
    expiresAt: REQUESTED_AT + 3_600_000,
    url: 'url' in rest ? rest.url : 'https://approvals.example.com/projects/shop/approvals/order-run-7-1-0',
  }
}

/** A test that alice asked for. */
export const aTest: TestNotice = {
  id: 'test-1',
  project: 'shop',
  askedBy: 'alice@acme.com',
  url: 'https://approvals.example.com/projects/shop',
}

/** A webhook whose Secret is `hook`, key `url`. */
export const aWebhook = (format: Webhook['format'] = 'Generic', more: Partial<Webhook> = {}): Webhook => ({
  name: 'ops',
  urlSecretRef: { name: 'hook', key: 'url' },
  format,
  ...more,
})

/** A Secret as it is kept, for `clientWith`. */
export interface TestSecret {
  readonly data: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly hosts?: string
}

/** What answers for the Secrets of the namespace `shop`. */
export const clientWith = (secrets: Readonly<Record<string, TestSecret>>): Pick<Client, 'find'> => ({
  find: async (_resource, { name, namespace }) => {
    const secret = namespace === 'shop' ? secrets[name] : undefined
    if (secret === undefined) return undefined
    return {
      metadata: {
        name,
        labels: secret.labels ?? { 'countersign.dev/use': 'true' },
        annotations: { 'countersign.dev/hosts': secret.hosts ?? '127.0.0.1' },
      },
      data: Object.fromEntries(
        Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    } as never
  },
})
