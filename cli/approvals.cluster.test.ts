import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { approvalRequests } from '../crds/v1alpha1/resources.ts'
import {
  addMembers,
  ask,
  ended,
  installPlugins,
  operator,
  outputOf,
  type Plugins,
  settle,
} from '../hack/plugintesting.ts'
import { cluster, testNamespace } from '../hack/testing.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const mallory = 'mallory@acme.com'

let plugins: Plugins
let namespace: string
beforeAll(async () => {
  plugins = await installPlugins()
  namespace = await testNamespace('cli-approvals')
  await addMembers(namespace, [alice, bob])
  await ask(namespace, 'later')
  await ask(namespace, 'sooner', { timeoutSeconds: 600, requiredApprovals: 2, agentRef: { name: 'support' } })
  await ask(namespace, 'done')
  await plugins.kubectl(bob, 'approve', 'done', '-n', namespace, '--wait=false')
  await settle(namespace, 'done', {
    phase: 'Approved',
    decidedAt: new Date().toISOString(),
    message: `Approved by ${bob}.`,
  })
})

const run = (who: string, ...args: string[]) => plugins.kubectl(who, 'approvals', ...args, '-n', namespace)
const cells = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => line.split(/ {3,}/))

describe('kubectl approvals', () => {
  it('shows what is pending, the nearest deadline first', async () => {
    const { code, out, err } = await run(alice)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(cells(out)).toEqual([
      ['NAME', 'AGENT', 'TOOL', 'PARAMS', 'AGE', 'EXPIRES', 'APPROVALS'],
      [
        'sooner',
        'support',
        'order_tools.process_refund',
        expect.stringContaining('amount=2400'),
        expect.any(String),
        '9m59s',
        '0/2',
      ].with(5, expect.stringMatching(/^9m/)),
      [
        'later',
        'order-manager',
        'order_tools.process_refund',
        expect.stringContaining('amount=2400'),
        expect.any(String),
        expect.stringMatching(/^59m|60m/),
        '0/1',
      ],
    ])
  })

  it('shows the settled ones too when asked, and those of one agent', async () => {
    const all = cells((await run(alice, '--all')).out)
    expect(all.map(row => row.slice(0, 2))).toEqual([
      ['NAME', 'PHASE'],
      ['sooner', 'Pending'],
      ['later', 'Pending'],
      ['done', 'Approved'],
    ])
    expect(cells((await run(alice, '--agent', 'support')).out).map(row => row[0])).toEqual(['NAME', 'sooner'])
  })

  it('says what to type next when nothing is pending', async () => {
    const empty = await testNamespace('cli-empty')
    await addMembers(empty, [alice])
    const { code, out } = await plugins.kubectl(alice, 'approvals', '-n', empty)
    expect(code).toBe(0)
    expect(out).toContain(
      `No approvals are pending in namespace ${empty}.\n  kubectl approvals -n ${empty} -w `,
    )
  })

  it('looks in all namespaces for those who may', async () => {
    const { code, out } = await plugins.kubectl(cluster().kubeconfig, 'approvals', '-A')
    expect(code).toBe(0)
    expect(out).toMatch(/^NAMESPACE +NAME/)
    expect(out).toMatch(new RegExp(`^${namespace} +sooner`, 'm'))
    expect(await plugins.kubectl(alice, 'approvals', '-A')).toMatchObject({
      code: 4,
      err: `${alice} has no right to list approvalrequests in all namespaces. Look in one: kubectl approvals -n NAMESPACE\n`,
    })
  })

  it('gives the formats of kubectl itself, of the pending ones', async () => {
    const named = (items: { metadata: { name: string } }[]) => items.map(item => item.metadata.name).sort()
    const json = JSON.parse((await run(alice, '-o', 'json')).out)
    expect(json).toMatchObject({ apiVersion: 'v1', kind: 'List' })
    expect(named(json.items)).toEqual(['later', 'sooner'])
    expect(named(parse((await run(alice, '-o', 'yaml', '--all')).out).items)).toEqual([
      'done',
      'later',
      'sooner',
    ])
    expect((await run(alice, '-o', 'name', '--agent', 'support')).out).toBe(
      'approvalrequest.countersign.dev/sooner\n',
    )
    expect((await run(alice, '-o', 'wide')).out).toMatch(/RUN +STARTED BY\n/)
  })

  it('refuses a stranger in a sentence', async () => {
    expect(await run(mallory)).toEqual({
      code: 4,
      out: '',
      err: `${mallory} has no right to list approvalrequests in namespace ${namespace}. Ask an owner of the project ${namespace} to make you a member; for another project add -n NAMESPACE.\n`,
    })
  })

  it.each([
    [['-o', 'xml'], 'There is no output format xml'],
    [['-w', '-o', 'json'], 'kubectl get approvalrequests -w -o json'],
    [['x', '-w'], 'A name goes without -w'],
    [['--agent', 'a,status.phase=Approved'], 'cannot be the name of an agent'],
    [['--al'], 'Did you mean --all?'],
  ])('%j is a usage error', async (args, message) => {
    const ran = await run(alice, ...args)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(message)
  })
})

describe('kubectl approvals NAME', () => {
  it('shows everything a reviewer should know, and nothing that deceives', async () => {
    await ask(namespace, 'full', {
      params: {
        note: 'pay \u202e0001',
        card: { $redacted: 'hmac-sha256:1f2e' },
        lines: [{ sku: 'A-1', note: null }],
      },
      message: 'Ask finance first.',
      requestedBy: bob,
    })
    const { code, out } = await run(alice, 'full')
    expect(code).toBe(0)
    for (const text of [
      `Namespace:   ${namespace}`,
      `started by ${bob}`,
      '"note": "pay \\u202e0001"',
      '"card": (redacted, hmac-sha256:1f2e)',
      '"note": null',
      '  Ask finance first.',
      'gate order_tools.process_refund of agent order-manager',
      'when param.amount > 1000',
      'param.amount = 2400',
      'Approvals:   0 of 1',
      `you, ${alice}: yes`,
      `kubectl approve full -n ${namespace}`,
    ]) {
      expect(out).toContain(text)
    }
  })

  it('names those who may decide to whoever may read that', async () => {
    const { out } = await run(cluster().kubeconfig, 'later')
    expect(out).toContain(
      `  ${alice} (RoleBinding countersign-members)\n  ${bob} (RoleBinding countersign-members)\n`,
    )
  })

  it('tells the history of a settled one', async () => {
    const { out } = await run(alice, 'done')
    expect(out).toContain('Phase:       Approved\n')
    expect(out).toMatch(new RegExp(`approved by ${bob} via Kubectl\n.*Approved: Approved by ${bob}\\.`))
    expect(out).not.toContain('kubectl approve done')
  })

  it('says which of several there is not', async () => {
    const ran = await run(alice, 'later', 'nothing')
    expect(ran).toMatchObject({
      code: 3,
      err: `There is no approval request nothing in namespace ${namespace}.\n`,
    })
    expect(ran.out).toContain('Name:        later')
  })
})

/** A door to the API server that can be shut: connections are cut, and new ones refused. */
async function door(): Promise<{
  url: string
  shut(): void
  open(): void
  close(): void
  reached(): Promise<unknown>
}> {
  const target = new URL(cluster().url)
  const sockets = new Set<Socket>()
  let isShut = false
  const server = createServer(client => {
    if (isShut) return client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy()
          upstream.destroy()
          sockets.delete(socket)
        })
    }
    client.pipe(upstream).pipe(client)
    return undefined
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut() {
      isShut = true
      for (const socket of sockets) socket.destroy()
    },
    open() {
      isShut = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
    reached: () => once(server, 'connection'),
  }
}

describe('kubectl approvals -w', () => {
  it('tells what comes, what is decided, by whom, and what is cancelled', async () => {
    const live = await testNamespace('cli-live')
    await addMembers(live, [alice, bob])
    await ask(live, 'first', { requiredApprovals: 2 })
    const child = plugins.start(alice, ['approvals', '-w', '-n', live])
    const output = outputOf(child)
    await output.until(/ waiting +first .*amount=2400.* expires in /)
    await plugins.kubectl(bob, 'approve', 'first', '--reason', 'fine by me', '-n', live)
    await output.until(
      `decision   first  order-manager  order_tools.process_refund  approved by ${bob}: fine by me; 1 of 2 approvals`,
    )
    await ask(live, 'second')
    await output.until(/ new +second /)
    await settle(live, 'second', { phase: 'Cancelled', message: 'The run was cancelled.' })
    await output.until(/ cancelled +second .* The run was cancelled\./)
    await plugins.kubectl(alice, 'approve', 'first', '--wait=false', '-n', live)
    await settle(live, 'first', { phase: 'Approved', decidedAt: new Date().toISOString() })
    await output.until(
      `approved   first  order-manager  order_tools.process_refund  by ${alice}, ${bob}: fine by me`,
    )
    const end = ended(child)
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 0 })
  })

  it('comes back after the connection is lost, and tells what it missed, once', async () => {
    const live = await testNamespace('cli-gap')
    await addMembers(live, [alice, bob])
    await ask(live, 'before')
    await ask(live, 'goes')
    const proxy = await door()
    const child = plugins.start(alice, ['approvals', '-w', '-n', live, '--server', proxy.url])
    const output = outputOf(child)
    await output.until(/ waiting +goes /)
    await ask(live, 'follows')
    await output.until(/ new +follows /)
    proxy.shut()
    await output.until('Trying again.')
    await plugins.kubectl(bob, 'approve', 'before', '--wait=false', '-n', live)
    await settle(live, 'before', { phase: 'Approved', decidedAt: new Date().toISOString() })
    await operator().delete(approvalRequests, { namespace: live, name: 'goes' })
    await ask(live, 'after')
    proxy.open()
    await output.until('connected again')
    const all = await output.until(/ new +after /)
    expect(all).toMatch(new RegExp(` approved +before .* by ${bob}`))
    expect(all).toMatch(/ deleted +goes /)
    expect(all.match(/ (waiting|new) +before /g)).toHaveLength(1)
    expect(all.match(/ new +follows /g)).toHaveLength(1)
    const end = ended(child)
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 0 })
    proxy.close()
  })

  it('ends with a reason for somebody who may not look', async () => {
    expect(await run(mallory, '-w')).toMatchObject({
      code: 4,
      err: expect.stringContaining('has no right to list'),
    })
  })
})
