// Guessing and smuggling in front of a real API server, from addresses of loopback.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { type KeyWorld, keyWorld, type MadeKey } from '../keys/testing-cluster.ts'
import { anApproval, haveTokens, tokenOf } from '../testing-cluster.ts'
import { say } from './testing-raw.ts'

describe.skipIf(!haveTokens())('the gateway', () => {
  let world: KeyWorld
  let key: MadeKey
  beforeAll(async () => {
    world = await keyWorld('flood')
    key = await world.make(world.as('carol'))
    await world.stopOperator()
  })
  afterAll(() => world.close())

  const raw = async (request: string, from: string) => {
    const { text, statuses } = await say(world.gateway.port, request, { localAddress: from })
    return { status: statuses.at(-1), statuses, body: JSON.parse(text.split('\r\n\r\n').at(-1) || '{}') }
  }
  const me = (credential: string, from: string, lines = '') =>
    raw(
      `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${credential}\r\n${lines}Connection: close\r\n\r\n`,
      from,
    )
  const token = (person: string) => tokenOf(`${person}@acme.com`)

  test('should hold up one address that shows 400 bad tokens and 400 bad keys, and neither others nor good keys', async () => {
    const bad = (i: number) =>
      i % 2 ? `bad-token-${i}` : key.key.replace(/.{8}$/, String(i).padStart(8, 'a'))
    const answers: (number | undefined)[] = []
    for (let i = 0; i < 800; i += 40) {
      const some = Array.from({ length: 40 }, (_, j) => me(bad(i + j), '127.0.0.1'))
      answers.push(...(await Promise.all(some)).map(({ status }) => status))
    }
    expect(new Set(answers)).toEqual(new Set([401, 429]))
    // Twenty at once, and one more every three seconds that it took.
    expect(answers.filter(status => status === 401).length).toBeLessThan(60)
    expect((await me('bad-token', '127.0.0.1')).body.code).toBe('TooManyFailures')

    expect(await me(token('alice'), '127.0.0.2')).toMatchObject({
      status: 200,
      body: { username: 'alice@acme.com' },
    })
    expect(await me(key.key, '127.0.0.1')).toMatchObject({
      status: 200,
      body: { username: 'carol@acme.com' },
    })
    expect(await me(key.key, '127.0.0.3')).toMatchObject({ status: 200 })
    // Good a short while ago.
    expect(await me(token('carol'), '127.0.0.1')).toMatchObject({ status: 200 })
  })

  test.each([
    'Impersonate-User: alice@acme.com\r\n',
    'impersonate-user: alice@acme.com\r\nImpersonate-Group: system:masters\r\n',
    'Impersonate-Extra-Countersign.dev%2fvia: Web\r\n',
    'X-Remote-User: alice@acme.com\r\nX-Remote-Group: system:masters\r\n',
    'X-Forwarded-User: alice@acme.com\r\nX-Auth-Request-User: alice@acme.com\r\n',
  ])('should see nobody but whose credential it is: %j', async lines => {
    for (const credential of [token('carol'), key.key]) {
      const { status, body } = await me(credential, '127.0.0.4', lines)
      expect({ status, username: body.username }).toEqual({ status: 200, username: 'carol@acme.com' })
      expect(body.groups).not.toContain('system:masters')
    }
  })

  test('should decide nothing that is smuggled behind another request', async () => {
    const { namespace } = world
    await anApproval(namespace, 'smuggled')
    await eventually(() => world.gateway.cache.approvals.store.find({ namespace, name: 'smuggled' }))
    const approve = `POST ${world.base}/approvals/smuggled/approve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token('alice')}\r\nContent-Length: 0\r\n\r\n`
    const head = (method: string, lines: string) =>
      `${method} /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token('carol')}\r\n${lines}\r\n`
    const shapes = [
      `${head('POST', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`)}0\r\n\r\n${approve}`,
      head('POST', `Content-Length: 0\r\nContent-Length: ${approve.length}\r\n`) + approve,
      head('GET', `Content-Length: ${approve.length}\r\n`) + approve,
      `${head('GET', 'Content-Length: 2\r\n')}{}${approve}`,
      `${head('GET', 'Transfer-Encoding: chunked\r\n')}0\r\n\r\n${approve}`,
      `${head('POST', 'Transfer-Encoding: xchunked\r\n')}0\r\n\r\n${approve}`,
      head('GET', `A: b\n\n${approve}`),
      head('GET', ` folded\r\n`) + approve,
    ]
    for (const shape of shapes) {
      const { statuses } = await raw(shape, '127.0.0.5')
      expect(statuses, shape).toEqual([400])
    }
    const { status } = await adminClient().get(approvalRequests, { namespace, name: 'smuggled' })
    expect(status.decisions).toEqual([])
    // It was a decision that would have counted.
    expect(
      (await raw(approve.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), '127.0.0.5')).status,
    ).toBe(200)
    const decided = await adminClient().get(approvalRequests, { namespace, name: 'smuggled' })
    expect(decided.status.decisions).toMatchObject([{ reviewer: 'alice@acme.com' }])
  })
})
