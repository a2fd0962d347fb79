import type { Agent } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn } from '../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import type { Project } from '../../crds/v1alpha1/project.ts'
import type { Client } from '../../kube/client.ts'
import { silentLogger } from '../../kube/logger.ts'
import type { Clock, KubeObject } from '../../kube/types.ts'
import { keysOf } from '../audit/chain.ts'
import type { NewEntry } from '../audit/entry.ts'
import { type AuditWriter, createAuditWriter } from '../audit/writer.ts'
import { createRunController, type RunMemories } from '../controllers/agentrun/controller.ts'
import { createEffects, type Effects } from '../controllers/agentrun/effects.ts'
import { type Slots, unlimited } from '../controllers/agentrun/slots.ts'
import { createTurns, type Turns } from '../controllers/agentrun/turns.ts'
import { reconcileRequest } from '../controllers/approvalrequest/controller.ts'
import type { Cache } from '../controllers/cache.ts'
import type { Egress } from '../egress/egress.ts'
import { createGateBook } from '../policy/gatebook.ts'
import type { Listing, Toolbox } from '../toolbox/toolbox.ts'
import type { Around, Seen } from './around.ts'
import { answerOf, CHANGED, callIDs, DEFINITION, type Plot, PROJECT, RUN } from './cast.ts'
import { modelClient } from './client.ts'
import { keepLine, recallLine } from './line.ts'
import { keepRuns, type Memory, type Recorders, recallRuns, withLine } from './memory.ts'
import type { Pool } from './pool.ts'
import type { Answer, Op } from './server.ts'
import { Views } from './views.ts'

/** What is different in a process that is broken on purpose. */
export interface Sabotage {
  readonly client?: (client: Client) => Client
  readonly audit?: (audit: AuditWriter) => AuditWriter
  /** The name of the process; else each has its own. */
  readonly executor?: string
  readonly slots?: (slots: Slots) => Slots
}

/** What a look is at: the run (undefined), or one of its requests. */
export type Look = string | undefined

/** What processes have in common, and how they differ. */
export interface Casting {
  readonly pool: Pool
  readonly plot: Plot
  readonly agent: Agent
  readonly executor: string
  readonly recorders: Recorders
  readonly sabotage: Sabotage
  readonly limited: boolean
}

/** A request to the API server that was not answered yet. `index`: the how manieth of the look. */
export interface Pending {
  readonly index: number
  readonly op: Op
}

const GATES = createGateBook()
const KEY = Buffer.alloc(32)
const NEVER = new Promise<never>(() => {})

/** Lets everything run that waits for nothing outside. */
const quiet = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * One operator process: the real controllers, writers and effects, with everything outside them in the hands of whoever
 * explores. It makes one look at a time.
 */
export class OperatorProcess {
  readonly #casting: Casting
  readonly #audit: AuditWriter
  readonly #slots: Slots
  readonly #effects: Effects = createEffects((runUID, id) => this.#slots.give(runUID, id))
  readonly #turns: Turns
  readonly #known: RunMemories
  readonly #client: Client
  #now = 0
  #around: Around = { trusted: true, draining: false, changed: false }
  /** The tool had changed when it was listed last. */
  #listedChanged = false
  /** How requests to the server are answered while no look is under way. */
  #aside: ((op: Op) => Answer) | undefined
  readonly #asked: { readonly op: Op; readonly answer: (answer: Answer) => void }[] = []
  readonly #open = new Set<number>()
  readonly #records = new Set<number>()
  readonly views: Views
  /** Calls that reached the tool since the last answer. */
  readonly called: string[] = []
  /** What was wrong about them; empty: nothing. */
  wrong = ''
  finished = false

  private constructor(casting: Casting, memory: Memory) {
    const { pool, sabotage, limited } = casting
    this.#casting = casting
    const slots = limited ? recallLine(memory.line ?? []) : unlimited
    this.#slots = sabotage.slots?.(slots) ?? slots
    this.views = new Views(pool, casting.plot.calls)
    const client = modelClient(pool, op => this.#send(op))
    this.#client = sabotage.client?.(client) ?? client
    this.#turns = createTurns(this.#client)
    const audit = createAuditWriter({ client: this.#client, clock: this.#clock })
    this.#audit = sabotage.audit?.(audit) ?? audit
    this.#known = recallRuns(memory.runs, casting.recorders)
  }

  /** A process that remembers what `memory` says. */
  static async recall(casting: Casting, memory: Memory): Promise<OperatorProcess> {
    const one = new OperatorProcess(casting, memory)
    await one.#recall(memory)
    return one
  }

  /** Begins a look. */
  async begin(look: Look, seen: Seen): Promise<void> {
    this.#see(seen)
    const { agent } = this.#casting
    const deps = {
      client: this.#client,
      clock: this.#clock,
      log: silentLogger,
      audit: this.#audit,
      event: () => {},
      runs: this.views.cache<AgentRun>('AgentRun'),
      requests: this.views.cache<ApprovalRequest>('ApprovalRequest'),
      projects: none<Project>(),
      trusted: () => this.#around.trusted,
      settled: () => {},
    }
    const done = () => {
      this.finished = true
    }
    if (look !== undefined) {
      reconcileRequest(deps, PROJECT, look).then(done, done)
    } else {
      const controller = createRunController(
        {
          ...deps,
          agents: { ...none<Agent>(), find: () => agent },
          turns: this.#turns,
          effects: this.#effects,
          slots: this.#slots,
          limits: { perModel: 1, perToolset: 1 },
          toolbox: this.#toolbox(),
          gates: GATES,
          egress: {} as Egress,
          askModel: () => NEVER,
          redactionKey: KEY,
          executor: this.#casting.sabotage.executor ?? this.#casting.executor,
          modelTimeoutMs: 1000,
          draining: () => this.#around.draining,
          lookAtAgent: () => {},
          wake: () => {},
        },
        this.#known,
      )
      controller.reconcile(PROJECT, RUN).then(done, done)
    }
    await quiet()
  }

  /** Answers one of the requests to the server. */
  async answer(index: number, answer: Answer, seen: Seen): Promise<void> {
    this.#see(seen)
    this.#open.delete(index)
    const asked = this.#asked[index]
    if (!asked) throw new Error('nothing was asked')
    this.#learn(asked.op, answer)
    asked.answer(answer)
    await quiet()
  }

  /** What it waits for. */
  pending(): Pending[] {
    return [...this.#open].map(index => ({ index, op: (this.#asked[index] as { op: Op }).op }))
  }

  /** What it remembers when a look is over. The process is of no use after this. */
  async remember(): Promise<Memory> {
    const { plot, recorders, pool } = this.#casting
    this.#aside = () => ({ object: 0 })
    const uid = [...this.#known.values()].flatMap(runs => [...runs.keys()])[0] ?? 'uid-r'
    const turns: AgentTurn[] = []
    for (const n of [1, 2]) {
      const kept = await this.#turns.find({ metadata: { name: RUN, namespace: PROJECT, uid } } as AgentRun, n)
      if (kept) turns.push(kept)
    }
    const flights = callIDs(plot).flatMap(call => {
      const flight = this.#effects.call(uid, call)
      if (flight.state === 'None') return []
      return [{ call, state: flight.state, ...(flight.state === 'Done' ? { outcome: flight.outcome } : {}) }]
    })
    const model = this.#effects.model(uid)
    const memory: Memory = {
      runs: keepRuns(this.#known, recorders),
      flights,
      ...(model.state === 'None' ? {} : { model: { turn: model.turn, answered: model.state === 'Done' } }),
      turns,
      records: [...this.#records].sort((a, b) => (nameOf(pool, a) < nameOf(pool, b) ? -1 : 1)),
    }
    return withLine(memory, keepLine(this.#slots))
  }

  readonly #clock: Clock = { now: () => this.#now, after: () => () => {} }

  #see({ views, now, around }: Seen): void {
    this.views.see(views)
    this.#now = now
    this.#around = around
    this.wrong = ''
    this.called.length = 0
  }

  #send(op: Op): Promise<Answer> {
    if (this.#aside) return Promise.resolve(this.#aside(op))
    return new Promise(resolve => {
      this.#open.add(this.#asked.push({ op, answer: resolve }) - 1)
    })
  }

  #learn(op: Op, answer: Answer): void {
    if (!op.slot.startsWith('AuditRecord/')) return
    // A writer that is not sure where the chain ends reads it anew, as one that has just started.
    if (answer === 'Lost') this.#records.clear()
    else if ('items' in answer) for (const number of answer.items) this.#records.add(number)
    else if ('object' in answer && answer.object !== 0) this.#records.add(answer.object)
  }

  /** Puts effects, transcripts and the chain back as they were, by the doors that they have. */
  async #recall(memory: Memory): Promise<void> {
    const { plot, pool } = this.#casting
    const uid = memory.runs[0]?.uid ?? 'uid-r'
    this.#aside = op => {
      if (op.verb === 'list') return { items: memory.records }
      const record = memory.records.find(number => `AuditRecord/${nameOf(pool, number)}` === op.slot)
      if (record !== undefined) return { object: record }
      const turn = memory.turns.find(({ metadata }) => `AgentTurn/${metadata.name}` === op.slot)
      return { object: pool.put(turn) }
    }
    const first = pool.get<AuditRecord>(memory.records[0] ?? 0)
    if (first) {
      const [key = ''] = keysOf(first.metadata.annotations)
      // Recorded already: the writer reads the chain to find that out, and writes nothing.
      await this.#audit.append(PROJECT, [{ key, entry: { action: 'RunStarted' } } as NewEntry])
      for (const number of memory.records) this.#records.add(number)
    }
    for (const turn of memory.turns)
      await this.#turns.find(
        { metadata: { name: RUN, namespace: PROJECT, uid: turn.spec.runRef.uid } } as AgentRun,
        turn.spec.turn,
      )
    for (const { call, state, outcome } of memory.flights) {
      this.#effects.fence(uid, call)
      if (state === 'Fenced') continue
      this.#effects.start(
        uid,
        call,
        () => (outcome ? Promise.resolve(outcome) : NEVER),
        () => {},
      )
    }
    const { model } = memory
    if (model) {
      const answered = () =>
        Promise.resolve({ ok: true, answer: answerOf(plot, model.turn), durationSeconds: 0 } as const)
      this.#effects.ask(
        uid,
        model.turn,
        () => (model.answered ? answered() : NEVER),
        () => {},
      )
    }
    await quiet()
    this.#aside = undefined
  }

  #toolbox(): Toolbox {
    const listOne = async (): Promise<Listing> => {
      this.#listedChanged = this.#around.changed
      return { toolset: 'shop', ok: true, tools: [this.#around.changed ? CHANGED : DEFINITION] }
    }
    return {
      list: async () => [await listOne()],
      listOne,
      call: (_agent, _toolset, { idempotencyKey }) => {
        const id = idempotencyKey.slice(-'1.0'.length)
        this.called.push(id)
        if (!this.#around.trusted) this.wrong = `call ${id} is made while the policies are not seen to refuse`
        if (this.#listedChanged && this.#casting.plot.gated)
          this.wrong = `call ${id} is made although its tool was seen to be another one`
        return NEVER
      },
      forget: () => {},
      close: () => Promise.resolve(),
    }
  }
}

const nameOf = (pool: Pool, number: number): string => pool.get<AuditRecord>(number)?.metadata.name ?? ''

const none = <T extends KubeObject>(): Cache<T> => ({
  find: () => undefined,
  byIndex: () => [],
  wrote: () => {},
  deleted: () => {},
})
