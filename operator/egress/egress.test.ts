import { afterEach, describe, expect, it } from 'vitest'
import { json, TestServer } from '../agent/testing/http-server.ts'
import { refusedClass } from './addresses.ts'
import { AddressRefused, createEgress, findCause, neverSent } from './egress.ts'

const open: TestServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

async function serve(): Promise<TestServer> {
  const server = await TestServer.start((_, response) => json(response, { ok: true }))
  open.push(server)
  return server
}

describe('an address', () => {
  it.each([
    ['127.0.0.1', 'Loopback'],
    ['127.255.255.254', 'Loopback'],
    ['0.0.0.0', 'Loopback'],
    ['::1', 'Loopback'],
    ['[::1]', 'Loopback'],
    ['::', 'Loopback'],
    ['0:0:0:0:0:0:0:1', 'Loopback'],
    ['::ffff:127.0.0.1', 'Loopback'],
    ['::ffff:7f00:1', 'Loopback'],
    ['::127.0.0.1', 'Loopback'],
    ['64:ff9b::127.0.0.1', 'Loopback'],
    ['2002:7f00:1::', 'Loopback'],
    ['169.254.169.254', 'LinkLocal'],
    ['::ffff:169.254.169.254', 'LinkLocal'],
    ['64:ff9b::a9fe:a9fe', 'LinkLocal'],
    ['fe80::1', 'LinkLocal'],
    ['fe80::1%eth0', 'LinkLocal'],
    ['224.0.0.1', 'LinkLocal'],
    ['255.255.255.255', 'LinkLocal'],
    ['ff02::1', 'LinkLocal'],
    ['fd00:ec2::254', 'Metadata'],
    ['100.100.100.200', 'Metadata'],
    ['168.63.129.16', 'Metadata'],
    ['not an address', 'Other'],
    ['10.0.0.1', undefined],
    ['192.168.1.1', undefined],
    ['172.16.0.1', undefined],
    ['100.64.0.1', undefined],
    ['8.8.8.8', undefined],
    ['fd12:3456::1', undefined],
    ['2001:db8::1', undefined],
    ['::ffff:10.0.0.1', undefined],
  ])('%s is %s', (address, kind) => {
    expect(refusedClass(address)).toBe(kind)
  })
})

describe('the way out', () => {
  it('reaches loopback only where that is allowed', async () => {
    const { url } = await serve()
    const allowed = createEgress({ allowLoopback: true })
    expect(await (await allowed.fetch(url)).json()).toEqual({ ok: true })
    await allowed.close()
    const strict = createEgress({ allowLoopback: false })
    const error = await strict.fetch(url).catch(each => each)
    expect(findCause(error, each => each instanceof AddressRefused)).toBeDefined()
    expect(neverSent(error)).toBe(true)
    expect(open[0]).toMatchObject({ connections: 1 })
  })

  it.each([true, false])('never reaches a metadata address (loopback allowed: %s)', async allowLoopback => {
    const egress = createEgress({ allowLoopback })
    const error = await egress.fetch('http://169.254.169.254/latest/meta-data').catch(each => each)
    expect(findCause(error, each => each instanceof AddressRefused)).toMatchObject({
      message: '169.254.169.254 is at 169.254.169.254, an address that the operator does not connect to',
    })
  })

  it('is not deceived by a name', async () => {
    const { port } = await serve()
    const egress = createEgress({ allowLoopback: false })
    const error = await egress.fetch(`http://localhost:${port}/`).catch(each => each)
    expect(findCause(error, each => each instanceof AddressRefused)).toBeDefined()
    expect(open[0]).toMatchObject({ connections: 0 })
  })

  it('is not deceived by a name that changes its address after it was first looked up', async () => {
    const { port } = await serve()
    const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1']
    const lookup = ((_host: string, _options: object, callback: (...args: unknown[]) => void) => {
      callback(null, [{ address: answers.shift(), family: 4 }])
    }) as never
    const egress = createEgress({ allowLoopback: true, lookup })
    const ask = () => egress.fetch(`http://rebinding.test:${port}/`)
    expect((await ask()).status).toBe(200)
    const error = await ask().catch(each => each)
    expect(findCause(error, each => each instanceof AddressRefused)).toBeDefined()
    expect((await ask()).status).toBe(200)
    expect(open[0]?.seen).toHaveLength(2)
  })

  it('takes the allowed one of several addresses', async () => {
    const { port } = await serve()
    const lookup = ((_host: string, _options: object, callback: (...args: unknown[]) => void) => {
      callback(
        null,
        ['169.254.169.254', '127.0.0.1'].map(address => ({ address, family: 4 })),
      )
    }) as never
    const egress = createEgress({ allowLoopback: true, lookup })
    expect((await egress.fetch(`http://two.test:${port}/`)).status).toBe(200)
  })

  it('uses no proxy of the environment', async () => {
    const proxy = await serve()
    process.env.HTTP_PROXY = proxy.url
    try {
      const target = await serve()
      await createEgress({ allowLoopback: true }).fetch(target.url)
      expect(proxy.seen).toEqual([])
      expect(target.seen).toHaveLength(1)
    } finally {
      delete process.env.HTTP_PROXY
    }
  })
})
