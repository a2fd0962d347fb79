// A project with an operator, a gateway and the plugins at work, for tests of people who decide over every path.
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { agentRuns, approvalRequests } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import type { RecordEvent } from '../../operator/controllers/cache.ts'
import { type Fault, faultyClient, type Write } from '../../operator/testing/faulty-client.ts'
import { aRun, newWorld, operatorClient, type World } from '../../operator/testing/world.ts'
import { startGateway, type TestGateway } from '../../web/gateway/testing.ts'
import { addMembers, installPlugins, type Plugins } from '../plugintesting.ts'
import { adminClient, clientFor } from '../testing.ts'
import { type Approval, openDesk } from './desk.ts'
import { untilMay } from './rights.ts'

type EventInput = Parameters<RecordEvent>[1]

/** An Event that the operator recorded, and about what. */
export interface Told extends EventInput {
  readonly about: string
}

export interface Stage extends World {
  readonly gateway: TestGateway
  readonly plugins: Plugins
  /** What the operator told in Events. */
  readonly events: readonly Told[]
  /** Every write of the operator, in order. */
  readonly writes: readonly Write[]
  /** Whether the operator settles and executes; while it does not, decisions pile up. */
  trust(trusted: boolean): void
  /** Keeps the operator from hearing of requests, as a slow watch does, until the returned function is called. */
  holdWatch(): () => void
  /** What becomes of the operator's writes; undefined: nothing but what the API server says. */
  breakWrites(fault: (write: Write) => Fault): void
  /** Starts a run of this agent as this person, and returns its request once people are waited for. */
  ask(agent: string, name: string, as?: Client): Promise<ApprovalRequest>
  /** Starts a run and nothing more. */
  begin(agent: string, name: string, as?: Client): Promise<AgentRun>
  /** How often the tool was called by this run's arguments. */
  callsOf(run: string): number
  close(): Promise<void>
}

/** Opens a stage with these agents, whose only tool is gated, and these members. */
export async function openStage(
  prefix: string,
  agents: Readonly<Record<string, Partial<Approval>>>,
  members: Parameters<typeof addMembers>[1],
): Promise<Stage> {
  const plugins = await installPlugins()
  let trusted = true
  let fault: (write: Write) => Fault = () => undefined
  let late: Promise<void> | undefined
  const writes: Write[] = []
  const events: Told[] = []
  const desk = await openDesk()
  const world = await newWorld(prefix, {
    client: faultyClient(
      operatorClient(),
      write => {
        writes.push(write)
        return fault(write)
      },
      resource => (resource.plural === approvalRequests.plural ? late : undefined),
    ),
    trusted: () => trusted,
    event: (about, event) => events.push({ ...event, about: about.metadata.name }),
  })
  const { namespace } = world
  await addMembers(namespace, members)
  await Promise.all(
    members.map(member =>
      untilMay(
        typeof member === 'string' ? clientFor(member) : clientFor('anybody@acme.com', [member.group]),
        namespace,
        true,
      ),
    ),
  )
  for (const [name, approval] of Object.entries(agents)) {
    await world.createAgent(desk.agent(namespace, name, approval))
  }
  const gateway = await startGateway(adminClient())
  const begin = (agent: string, name: string, as = clientFor('starter@acme.com', ['system:masters'])) =>
    as.create(agentRuns, aRun(namespace, name, { agentRef: { name: agent }, input: name }))
  return {
    ...world,
    gateway,
    plugins,
    events,
    writes,
    trust: value => {
      trusted = value
    },
    holdWatch: () => {
      const held = Promise.withResolvers<void>()
      late = held.promise
      return () => {
        late = undefined
        held.resolve()
      }
    },
    breakWrites: value => {
      fault = value
    },
    begin,
    ask: async (agent, name, as) => {
      await begin(agent, name, as)
      await world.untilRun(name, run => run.status?.phase === 'AwaitingApproval')
      return world.untilRequest(`${name}-1-0`)
    },
    callsOf: run => desk.payments().get(run) ?? 0,
    close: async () => {
      trusted = true
      await world.stop()
      await gateway.close()
      await desk.close()
    },
  }
}
