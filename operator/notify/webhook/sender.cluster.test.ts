import { afterAll, beforeAll, expect, it } from 'vitest'
import { adminClient, clientForServiceAccount, testNamespace } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { TestServer } from '../../agent/testing/http-server.ts'
import { createEgress } from '../../egress/egress.ts'
import { noRanges, webhookAddresses } from '../../egress/webhook-addresses.ts'
import { secrets } from '../../secret.ts'
import type { Outcome, Webhook, WebhookSender } from '../types.ts'
import { createWebhookSender } from './sender.ts'
import { aTest, aWebhook } from './testing.ts'

let project: string
let server: TestServer
let sender: WebhookSender

beforeAll(async () => {
  project = await testNamespace('webhooks')
  server = await TestServer.start((_, response) => void response.writeHead(204).end())
  sender = createWebhookSender({
    client: clientForServiceAccount('countersign-system', 'countersign-operator'),
    egress: createEgress({
      allowLoopback: true,
      rule: webhookAddresses({ allowLoopback: true, allowed: noRanges }),
    }),
    clock: systemClock,
  })
})

afterAll(async () => {
  await sender.close()
  await server.stop()
})

const signal = new AbortController().signal
const webhook: Webhook = aWebhook('Generic', { signingKeySecretRef: { name: 'signing', key: 'key' } })
const put = (name: string, changes: object) =>
  adminClient().patch(secrets, { namespace: project, name }, { type: 'merge', body: changes })

/** Whether it could be sent now, by both ways to ask. */
async function tried(): Promise<Outcome> {
  const reason = await sender.notReady(webhook, project, signal)
  const outcome = await sender.sendTest(webhook, { ...aTest, project }, signal)
  if (outcome.state === 'Sent') expect(reason).toBeUndefined()
  else expect(reason).toBe(outcome.error)
  return outcome
}

const waits = (why: string): object => ({
  state: 'Retrying',
  error: expect.stringContaining(why),
  wholeLane: true,
})

it('what is wrong with the Secrets is said until it is put right, and then it is sent', async () => {
  expect(await tried()).toEqual(waits(`There is no Secret hook in the namespace ${project}`))

  await adminClient().create(secrets, {
    metadata: { name: 'hook', namespace: project },
    stringData: { URL: server.url },
  })
  expect(await tried()).toEqual(waits('kubectl label secret hook'))

  await put('hook', { metadata: { labels: { 'countersign.dev/use': 'true' } } })
  expect(await tried()).toEqual(waits('has no key url'))

  await put('hook', { stringData: { url: 'not a URL' } })
  expect(await tried()).toEqual(waits('is no URL'))

  await put('hook', { stringData: { url: `${server.url}/t0p-s3cret` } })
  expect(await tried()).toEqual(waits('may not be sent to 127.0.0.1'))

  await put('hook', {
    metadata: { annotations: { 'countersign.dev/hosts': 'hooks.example.com, 127.0.0.1' } },
  })
  expect(await tried()).toEqual(waits('There is no Secret signing'))

  await adminClient().create(secrets, {
    metadata: {
      name: 'signing',
      namespace: project,
      labels: { 'countersign.dev/use': 'true' },
      annotations: { 'countersign.dev/hosts': 'hooks.example.com' },
    },
    stringData: { key: 'a key' },
  })
  expect(await tried()).toEqual(waits('The Secret signing may not be sent to 127.0.0.1'))
  expect(server.connections).toBe(0)

  await put('signing', { metadata: { annotations: { 'countersign.dev/hosts': '127.0.0.1' } } })
  expect(await tried()).toEqual({ state: 'Sent' })
  expect(server.seen).toMatchObject([{ path: '/t0p-s3cret', headers: { 'webhook-signature': /^v1,/ } }])

  await put('hook', { metadata: { labels: { 'countersign.dev/use': null } } })
  expect(await tried()).toEqual(waits('kubectl label secret hook'))
  expect(server.seen).toHaveLength(1)
})

it('an API server that refuses to say is an outcome, too', async () => {
  const refused = createWebhookSender({
    client: clientForServiceAccount(project, 'nobody'),
    egress: createEgress({ allowLoopback: true }),
    clock: systemClock,
  })
  expect(await refused.sendTest(webhook, { ...aTest, project }, signal)).toEqual(waits('could not be read'))
  await refused.close()
})
