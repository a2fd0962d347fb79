import { Webhook as Verifier } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../kube/clock.ts'
import { json, TestServer } from '../../agent/testing/http-server.ts'
import { createEgress } from '../../egress/egress.ts'
import { noRanges, webhookAddresses } from '../../egress/webhook-addresses.ts'
import type { WebhookSender } from '../types.ts'
import { genericPayload } from './formats/payload-schema.ts'
import { createWebhookSender } from './sender.ts'
import { aNotice, aTest, aWebhook, clientWith, type TestSecret } from './testing.ts'

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await (one.stop?.() ?? one.close?.())
})

const signal = new AbortController().signal
const KEY = `whsec_${Buffer.from('a signing key of 32 bytes: 012345').toString('base64')}`

async function receiver(status = 204): Promise<TestServer> {
  const server = await TestServer.start((_, response) => void response.writeHead(status).end())
  open.push(server)
  return server
}

function sender(secrets: Readonly<Record<string, TestSecret>>): WebhookSender {
  const egress = createEgress({
    allowLoopback: true,
    rule: webhookAddresses({ allowLoopback: true, allowed: noRanges }),
  })
  const made = createWebhookSender({ client: clientWith(secrets), egress, clock: systemClock })
  open.push(made)
  return made
}

describe('a Generic webhook', () => {
  it('is sent the request, with an id, a time and the headers of CloudEvents', async () => {
    const server = await receiver()
    const outcome = await sender({ hook: { data: { url: `${server.url}/in?token=t0ken-9` } } }).send(
      aWebhook(),
      aNotice(),
      signal,
    )
    expect(outcome).toEqual({ state: 'Sent' })
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        path: '/in?token=t0ken-9',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'webhook-id': 'msg_0123456789abcdef0123456789abcdef',
          'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
          'ce-specversion': '1.0',
          'ce-id': 'msg_0123456789abcdef0123456789abcdef',
          'ce-source': '/projects/shop',
          'ce-type': 'dev.countersign.approval.requested',
          'ce-subject': 'order-run-7-1-0',
          'ce-time': '2026-11-23T10:00:00Z',
          'ce-dataschema': 'urn:countersign:notification:v1',
        },
      },
    ])
    expect(server.seen[0]?.headers).not.toHaveProperty('webhook-signature')
    expect(genericPayload.parse(server.lastBody)).toEqual(server.lastBody)
    expect(server.lastBody).toMatchObject({
      data: { approval: { params: { card: { $redacted: `hmac-sha256:${'ab'.repeat(32)}` } } } },
    })
  })

  it.each([
    ['whsec_ and base64', KEY, (key: string) => new Verifier(key)],
    ['plain text', 'a plain key', (key: string) => new Verifier(key, { format: 'raw' })],
  ])('is signed with a key that is %s, as standardwebhooks checks it', async (_, key, verifier) => {
    const server = await receiver()
    const secrets = { hook: { data: { url: server.url } }, signing: { data: { key } } }
    const webhook = aWebhook('Generic', { signingKeySecretRef: { name: 'signing', key: 'key' } })
    await sender(secrets).send(webhook, aNotice(), signal)
    const [seen] = server.seen
    const headers = seen?.headers as Record<string, string>
    expect(verifier(key).verify(seen?.body ?? '', headers)).toMatchObject({ version: 'v1' })
    expect(() => verifier(key).verify(`${seen?.body} `, headers)).toThrow()
    expect(() => verifier(key).verify(seen?.body ?? '', { ...headers, 'webhook-id': 'msg_other' })).toThrow()
  })

  it('is signed with both keys while one takes the place of the other', async () => {
    const server = await receiver()
    const next = `whsec_${Buffer.from('another key, which is the next').toString('base64')}`
    const secrets = { hook: { data: { url: server.url } }, signing: { data: { key: `${next}\n${KEY}\n` } } }
    const webhook = aWebhook('Generic', { signingKeySecretRef: { name: 'signing', key: 'key' } })
    await sender(secrets).send(webhook, aNotice(), signal)
    const headers = server.seen[0]?.headers as Record<string, string>
    for (const key of [KEY, next]) {
      expect(new Verifier(key).verify(server.seen[0]?.body ?? '', headers)).toBeDefined()
    }
  })
})

describe('each format', () => {
  it.each([
    ['Generic', { type: 'dev.countersign.test', data: { askedBy: 'alice@acme.com' } }],
    ['Slack', { text: 'Countersign test: shop' }],
    ['Teams', { type: 'message' }],
    ['PagerDuty', { event_action: 'trigger', payload: { severity: 'info' }, routing_key: 'R0UT1NG' }],
  ] as const)('has a test: %s', async (format, body) => {
    const server = await receiver()
    const made = sender({ hook: { data: { url: server.url, routingKey: 'R0UT1NG' } } })
    expect(await made.sendTest(aWebhook(format), aTest, signal)).toEqual({ state: 'Sent' })
    expect(server.lastBody).toMatchObject(body)
    expect(server.seen[0]?.headers).toMatchObject({ 'webhook-id': 'test-1' })
  })

  it.each(['Slack', 'Teams', 'PagerDuty'] as const)('is sent a request, with the link: %s', async format => {
    const server = await receiver()
    const made = sender({ hook: { data: { url: server.url } } })
    expect(await made.send(aWebhook(format), aNotice(), signal)).toEqual({ state: 'Sent' })
    expect(server.seen[0]?.body).toContain('/projects/shop/approvals/order-run-7-1-0')
    expect(server.seen[0]?.body).not.toContain('abababab')
  })
})

describe('PagerDuty', () => {
  const paged = async (secrets: Readonly<Record<string, TestSecret>>, status = 202, signed = false) => {
    const server = await TestServer.start((_, response) =>
      json(response, { status: 'invalid event', message: 'Event object is invalid' }, status),
    )
    open.push(server)
    const withURL = Object.fromEntries(
      Object.entries(secrets).map(([name, { data, ...rest }]) => [
        name,
        { ...rest, data: { ...data, ...(data.url === undefined ? {} : { url: server.url + data.url }) } },
      ]),
    )
    const more = signed ? { signingKeySecretRef: { name: 'signing', key: 'key' } } : {}
    const outcome = await sender(withURL).send(aWebhook('PagerDuty', more), aNotice(), signal)
    return { outcome, server }
  }

  it.each([
    ['of signingKeySecretRef', { url: '/v2?routing_key=inURL', routingKey: 'inData' }, true, 'inSigning'],
    ['beside the URL', { url: '/v2?routing_key=inURL', routingKey: 'inData' }, false, 'inData'],
    ['in the URL', { url: '/v2?a=b&routing_key=inURL' }, false, 'inURL'],
    ['nowhere', { url: '/v2' }, false, undefined],
  ])('takes the routing key %s', async (_, data, signed, key) => {
    const { server } = await paged({ hook: { data }, signing: { data: { key: 'inSigning' } } }, 202, signed)
    expect(server.lastBody.routing_key).toBe(key)
    expect(server.seen[0]?.path).not.toContain('routing_key')
  })

  it('says where a routing key belongs when it was refused for want of one', async () => {
    const { outcome } = await paged({ hook: { data: { url: '/v2' } } }, 400)
    expect(outcome).toMatchObject({ state: 'Failed', error: expect.stringContaining('routingKey') })
  })
})
