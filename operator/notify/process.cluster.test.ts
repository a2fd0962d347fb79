import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../crds/v1alpha1/agent.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Notifications, Project } from '../../crds/v1alpha1/project.ts'
import { approvalRequests, projects } from '../../crds/v1alpha1/resources.ts'
import { adminClient, cluster, kubectl, testNamespace } from '../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../agent/testing/mcp-server.ts'
import { findCondition } from '../controllers/conditions.ts'
import { secrets } from '../secret.ts'
import { type MailServer, startMailServer } from '../testing/mail.ts'
import { type OperatorProcess, operatorKubeconfig, spawnOperator } from '../testing/process.ts'
import { type ScriptedModel, scriptedModel } from '../testing/scripted-model.ts'
import { anAgent, aRun, SYSTEM, type World, worldIn } from '../testing/world.ts'

// The real operator process, a real mail server, real webhooks.

interface Called {
  readonly path: string
  readonly id: string
  /** Headers and body, as they came. */
  readonly raw: string
}

/** A server of webhooks. `status`: what it answers; undefined: nothing, ever. */
async function startHooks(status: (called: Called) => number | undefined) {
  const calls: Called[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const call = {
        path: request.url ?? '',
        id: String(request.headers['webhook-id']),
        raw: `${request.rawHeaders.join('\n')}\n${Buffer.concat(chunks).toString('utf8')}`,
      }
      calls.push(call)
      const code = status(call)
      if (code !== undefined) response.writeHead(code, code === 429 ? { 'retry-after': '1' } : {}).end('said')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    calls,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
type Hooks = Awaited<ReturnType<typeof startHooks>>

/** The tool says again what it was given: results are where a hidden value likes to come back. */
const paying = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<object>({
        type: 'object',
        properties: { order: {}, note: {}, card: { type: 'object' } },
      }),
    },
    (async (params: object) => ({
      content: [{ type: 'text', text: `paid ${JSON.stringify(params)}` }],
    })) as never,
  )
}

const MARK = 'a-note-that-everybody-may-see'
/** With what JSON, URLs, HTML and mails each write differently. */
const PLANTED = 'Planted/4111 "x" & é=7f3a'

let folder: string
let kubeconfig: string
let model: ScriptedModel
let mcp: McpTestServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-notify-'))
  kubeconfig = await operatorKubeconfig(folder, cluster())
  model = await scriptedModel((spoken, results, order) =>
    spoken === 0
      ? {
          text: `I pay with ${PLANTED}.`,
          calls: [{ tool: 'shop.pay', params: { order, note: MARK, card: { number: PLANTED } } }],
        }
      : { text: `Done: ${results.join()}` },
  )
  mcp = await startMcpServer('Modern', paying)
})
afterAll(async () => {
  await mcp.http.stop()
  await model.server.stop()
  rmSync(folder, { recursive: true })
})

const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

interface Stage {
  readonly world: World
  readonly mails: MailServer
  readonly hooks: Hooks
  /** Starts the operator, another one each time. */
  operator(...flags: string[]): Promise<OperatorProcess>
  start(run: string, agent?: string): Promise<string>
}

const members = ['alice', 'bob'].map(name => ({
  user: `${name}@acme.com`,
  role: 'Owner' as const,
  email: `${name}@acme.com`,
}))

async function aStage(
  formats: readonly NonNullable<Notifications['webhooks']>[number]['format'][],
  mailing: Parameters<typeof startMailServer>[0] = {},
  status: (called: Called) => number | undefined = () => 200,
): Promise<Stage> {
  const namespace = await testNamespace('mail')
  const world = worldIn(namespace)
  const [mails, hooks] = await Promise.all([startMailServer(mailing), startHooks(status)])
  ending.push(mails.stop, hooks.stop)
  const admin = adminClient()
  const smtp = `smtp-${namespace}`
  await admin.create(secrets, {
    metadata: { name: smtp, namespace: SYSTEM },
    stringData: { url: `smtp://127.0.0.1:${mails.port}`, from: 'countersign@acme.com', tls: 'Off' },
  })
  ending.push(() => admin.delete(secrets, { namespace: SYSTEM, name: smtp }))
  for (const format of formats) {
    await admin.create(secrets, {
      metadata: {
        name: format.toLowerCase(),
        namespace,
        labels: { 'countersign.dev/use': 'true' },
        annotations: { 'countersign.dev/hosts': '127.0.0.1' },
      },
      stringData: { url: `${hooks.url}/${format}`, key: 'a key of this test' },
    })
  }
  const webhooks = formats.map(format => {
    const name = format.toLowerCase()
    const key = format === 'Generic' ? { signingKeySecretRef: { name, key: 'key' } } : {}
    return { name, format, urlSecretRef: { name, key: 'url' }, ...key }
  })
  await admin.create(projects, {
    apiVersion: 'countersign.dev/v1alpha1',
    kind: 'Project',
    metadata: { name: 'project', namespace },
    spec: { members, notifications: { webhooks } },
  } as Project)
  const agent = async (name: string, approval: Partial<NonNullable<AgentSpec['approval']>>) => {
    const toolsets = [{ name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: mcp.url } }]
    const gate = { name: 'shop.pay', when: 'param.card.number != "none"' }
    await world.createAgent(
      anAgent(namespace, model.url, {
        name,
        toolsets,
        approval: { tools: [gate], redact: ['param.card.number'], ...approval } as NonNullable<
          AgentSpec['approval']
        >,
      }),
    )
  }
  let ready: Promise<unknown> | undefined
  return {
    world,
    mails,
    hooks,
    operator: async (...flags) => {
      const one = await spawnOperator(namespace, kubeconfig, [
        `--smtp-secret=${smtp}`,
        '--page-url=https://countersign.example.com',
        ...flags,
      ])
      ending.push(one.kill)
      ready ??= Promise.all([
        agent('calm', {}),
        agent('urgent', { remindAfterSeconds: 30 }),
        agent('hasty', { timeoutSeconds: 30, onRejection: 'Continue' }),
      ])
      await ready
      return one
    },
    start: async (run, name = 'calm') => {
      await world.createRun(aRun(namespace, run, { agentRef: { name }, input: run }))
      return `${run}-1-0`
    },
  }
}

const isTold = ({ status }: ApprovalRequest) =>
  findCondition(status.conditions, 'Notified')?.reason === 'Told'
const states = ({ status }: ApprovalRequest) =>
  (status.notifications ?? [])
    .filter(({ channel }) => channel !== 'InApp')
    .map(({ event, target, state }) => `${event} ${target} ${state}`)
    .sort()

describe('a value that is redacted', () => {
  /** What a value may look like where it does not belong: as it is, in JSON, URLs, HTML, quoted-printable, base64. */
  const forms = (value: string): string[] => {
    const base64 = [0, 1, 2].map(skip => {
      const text = Buffer.from(' '.repeat(skip) + value).toString('base64')
      // The characters at the ends depend on what stands beside it.
      return text.slice(4, -4)
    })
    return [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      value.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
      ...base64,
    ]
  }
  const holds = (text: string, value: string): boolean => {
    const plain = text.replaceAll(/=\r?\n/g, '')
    return forms(value).some(form => plain.includes(form))
  }

  it('is in nothing that leaves the operator or is stored for people, though the tool was given it', async () => {
    const stage = await aStage(['Generic', 'Slack', 'Teams', 'PagerDuty'])
    const operator = await stage.operator('--log-level=debug')
    const { world } = stage
    const reminded = await stage.start('reminded', 'urgent')
    const expired = await stage.start('expired', 'hasty')
    await world.untilRequest(
      reminded,
      one => states(one).filter(text => /^Reminded .* Sent$/.test(text)).length === 6,
    )
    await world.decide(reminded, 'Approve', 'as agreed')
    await Promise.all([world.untilEnded('reminded'), world.untilEnded('expired')])
    await Promise.all(
      [reminded, expired].map(name =>
        world.untilRequest(
          name,
          one => states(one).filter(text => /^(Decided|Expired) .* Sent$/.test(text)).length === 4,
        ),
      ),
    )
    const get = (what: string) => kubectl(['get', what, '-n', world.namespace, '-o', 'json'])
    // There are no spans: the product traces nothing but in the trace of the run.
    const places: Record<string, string> = {
      mails: stage.mails.arrived
        .map(({ raw, mail }) => [raw, mail.subject, mail.text, mail.html].join('\n'))
        .join('\n'),
      webhooks: stage.hooks.calls.map(({ raw }) => raw).join('\n'),
      requests: await get('approvalrequests'),
      runs: await get('agentruns'),
      audit: await get('auditrecords'),
      events: await get('events.events.k8s.io'),
      log: operator.log(),
      metrics: await operator.metrics(),
    }
    expect(
      callsSeen(mcp).map(({ arguments: params }) => (params as { card: { number: string } }).card.number),
    ).toEqual([PLANTED])
    expect(Object.keys(places).filter(place => holds(places[place] ?? '', PLANTED))).toEqual([])
    // What may be shown is found by the same look, so that it would have been found.
    const shown = Object.keys(places).filter(place => holds(places[place] ?? '', MARK))
    expect(shown).toEqual(['mails', 'webhooks', 'requests', 'runs', 'audit'])
    expect(places.log).toContain('request settled')
    expect(places.metrics).toContain('countersign_notifications_total{channel="Email",state="Sent"}')
    expect(new Set(stage.hooks.calls.map(({ path }) => path)).size).toBe(4)
  }, 240_000)
})

describe('an operator that is killed while messages are under way', () => {
  it('sends nothing again that a status says was sent, and the rest under the same id', async () => {
    const held = Promise.withResolvers<string>()
    let first = true
    const stage = await aStage(['Generic'], {
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          const id = /^Message-ID: (.*)\r?$/im.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? ''
          const to = session.envelope.rcptTo[0]?.address ?? ''
          taken.push(`${to} ${id}`)
          // Bob's mail is taken, but nobody is told so.
          if (to.startsWith('bob') && first) {
            first = false
            held.resolve(id)
          } else callback()
        })
      },
    })
    const taken: string[] = []
    const killed = await stage.operator()
    const name = await stage.start('killed')
    const id = await held.promise
    await stage.world.untilRequest(
      name,
      one => states(one).filter(text => text.endsWith(' Sent')).length === 2,
    )
    await killed.kill()
    await stage.operator()
    const told = await stage.world.untilRequest(name, isTold)
    expect(states(told)).toEqual([
      'Requested alice@acme.com Sent',
      'Requested bob@acme.com Sent',
      'Requested generic Sent',
    ])
    expect(taken.filter(text => text.startsWith('alice'))).toHaveLength(1)
    expect(taken.filter(text => text.startsWith('bob'))).toEqual([`bob@acme.com ${id}`, `bob@acme.com ${id}`])
    expect(stage.hooks.calls).toHaveLength(1)
  }, 240_000)
})

describe('with a mail server and a webhook that hang', () => {
  it('calls are decided and made, requests expire, and the operator stops when it is asked to', async () => {
    const stage = await aStage(['Generic'], { onConnect: () => {} }, () => undefined)
    const operator = await stage.operator()
    const before = callsSeen(mcp).length
    const runs = Array.from({ length: 10 }, (_, i) => `hanging-${i}`)
    const expires = stage.start('expires', 'hasty')
    await Promise.all(
      runs.map(async run => {
        const name = await stage.start(run)
        await stage.world.untilRequest(name)
        await stage.world.decide(name, 'Approve')
      }),
    )
    const ended = await Promise.all(runs.map(run => stage.world.untilEnded(run)))
    expect(ended.map(({ status }) => status?.phase)).toEqual(runs.map(() => 'Succeeded'))
    expect(callsSeen(mcp).length - before).toBe(10)
    await stage.world.untilRequest(await expires, ({ status }) => status.phase === 'Expired')
    expect(stage.mails.connections()).toBeGreaterThan(0)
    expect(stage.hooks.calls.length).toBeGreaterThan(0)
    expect(stage.mails.arrived).toEqual([])
    await operator.stop()
  }, 240_000)
})

describe('a flood of requests', () => {
  it('becomes a few mails that tell of all, and one call of the webhook for each', async () => {
    const COUNT = 100
    let calls = 0
    const stage = await aStage(['Generic'], {}, () => (++calls % 25 === 0 ? 429 : 200))
    await stage.operator()
    const runs = Array.from({ length: COUNT }, (_, i) => `flood-${i}`)
    const names = await Promise.all(runs.map(run => stage.start(run)))
    await Promise.all(names.map(name => stage.world.untilRequest(name, isTold, 200_000)))
    const { items } = await adminClient().listAll(approvalRequests, { namespace: stage.world.namespace })
    expect(items.flatMap(states).filter(text => !text.endsWith(' Sent'))).toEqual([])
    for (const { email } of members) {
      const mails = stage.mails.arrived.filter(({ to }) => to.includes(email))
      const counts = mails.map(({ mail }) =>
        Number(/^(\d+) approvals wanted/.exec(mail.subject ?? '')?.[1] ?? 1),
      )
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(COUNT)
      expect(mails.length).toBeLessThan(COUNT / 4)
    }
    const sent = stage.hooks.calls.map(({ id }) => id)
    expect(new Set(sent).size).toBe(COUNT)
    // Those that were put off came again under the same id; nothing else came twice.
    expect(sent.length - COUNT).toBe(Math.floor(sent.length / 25))
  }, 240_000)
})
