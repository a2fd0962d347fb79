import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { anAgent, aRun, callIDs } from './cast.ts'
import { around, byPeople, byTime, outside } from './events.ts'
import { type Input, Machine, type Stand } from './machine.ts'
import { EMPTY_MEMORY, type Memory } from './memory.ts'
import { Pool } from './pool.ts'
import type { Look } from './process.ts'
import type { Edge, Scenario } from './scenario.ts'
import { type Answer, cachedSlots, type Op, Rules, type Server, timeOf } from './server.ts'
import { type Operator, prune, type State } from './state.ts'
import { inWords, isWrite } from './words.ts'

const NAMES = ['A', 'B']

/** One scenario: its first state, and what can happen in each. */
export class World {
  readonly scenario: Scenario
  readonly pool = new Pool()
  readonly rules: Rules
  readonly machines: readonly Machine[]
  readonly #cached: number
  /** What there is to look at. */
  readonly #looks: readonly Look[]
  readonly #empty: number

  constructor(scenario: Scenario) {
    this.scenario = scenario
    const { plot, sabotage = {}, policies = true, limited = false } = scenario
    const agent = this.pool.get(this.pool.put(anAgent(plot))) as ReturnType<typeof anAgent>
    this.rules = new Rules({ pool: this.pool, calls: plot.calls, agent: this.pool.put(agent), policies })
    this.#cached = cachedSlots(plot.calls)
    this.#looks = [undefined, ...this.rules.names.slice(1, this.#cached).map(slot => slot.split('/')[1])]
    this.#empty = this.pool.put(EMPTY_MEMORY)
    this.machines = NAMES.slice(0, scenario.operators).map(
      executor =>
        new Machine({ pool: this.pool, plot, agent, executor, recorders: new Map(), sabotage, limited }),
    )
  }

  /** The run was just created, and every operator has just started. */
  first(): State {
    const names = this.rules.names
    return this.restarted({
      server: {
        slots: names.map((_, slot) => [slot === 0 ? this.pool.put(aRun()) : 0]),
        writes: names.map((_, slot) => (slot === 0 ? 1 : 0)),
        records: [],
        clock: 0,
      },
      operators: [],
      left: 0,
      active: -1,
      called: callIDs(this.scenario.plot).map(() => 0),
      changed: false,
      wrong: '',
    })
  }

  /** The same, with operators that have just started and everything left that may go wrong. */
  restarted({ server, called, changed, wrong }: State): State {
    const { disturbances: left } = this.scenario
    const operators = this.machines.map(() => this.#fresh(server))
    return prune({ server, called, changed, wrong, operators, left, active: -1 }, this.#cached)
  }

  /** What stands in another world of the same plot, as the first state of this one. */
  adopt(other: World, { server, called }: State): State {
    const copy = (number: number) => this.pool.put(other.pool.get<object>(number))
    const slots = server.slots.map(versions => [copy(versions.at(-1) ?? 0)])
    return this.restarted({
      ...this.first(),
      called,
      server: { ...server, slots, records: server.records.map(copy) },
    })
  }

  /** Whether the first answer of the model is stored. */
  hasTurn(server: Server): boolean {
    return this.rules.current(server, this.#cached) !== undefined
  }

  run(server: Server): AgentRun | undefined {
    return this.rules.current<AgentRun>(server, 0)
  }

  requests(server: Server): (ApprovalRequest | undefined)[] {
    return callIDs(this.scenario.plot).map((_, index) =>
      this.rules.current<ApprovalRequest>(server, 1 + index),
    )
  }

  memory(operator: Operator): Memory {
    return this.pool.get<Memory>(operator.memory) as Memory
  }

  /** Everything that can happen next. */
  async next(state: State): Promise<Edge[]> {
    const edges: Edge[] = [...byPeople(this, state), ...byTime(this, state)]
    for (const index of state.operators.keys()) {
      if (!this.#maySymmetrically(state, index)) continue
      const turn = takeTurn(state, index)
      if (turn) edges.push(...(await this.#operator(turn, index)))
    }
    return edges.map(edge => ({ ...edge, to: prune(edge.to, this.#cached) }))
  }

  /** As long as both are the same, A goes first. */
  #maySymmetrically(state: State, index: number): boolean {
    if (index === 0 || state.left < this.scenario.disturbances) return true
    const untouched = ({ memory, stand }: Operator) => memory === this.#empty && stand === 0
    return !state.operators.every(untouched)
  }

  #fresh(server: Server): Operator {
    const at = server.slots.slice(0, this.#cached).map(versions => versions.length - 1)
    return { at, lags: false, memory: this.#empty, stand: 0, trusted: true, draining: false }
  }

  async #operator(state: State, index: number): Promise<Edge[]> {
    const operator = state.operators[index] as Operator
    const name = NAMES[index]
    const edges: Edge[] = []
    if (operator.stand === 0) {
      for (const { label, memory, fair } of outside(this.memory(operator), this.scenario)) {
        const to = this.#with(state, index, { ...operator, memory: this.pool.put(memory) })
        edges.push({ label: `${name} ${label}`, to, fair })
      }
      for (const at of this.#looks) {
        const label = `${name} looks at ${at ?? 'the run'}`
        for (const to of await this.#begin(state, index, at)) {
          // A call is judged where it is made, before anything else is written.
          if (to.operators[index]?.stand === 0 || to.called !== state.called) {
            if (isNews(to, state, index)) edges.push({ label, to, fair: true })
          } else {
            // It could as well have begun later, with the same old caches: it begins with its first request.
            for (const edge of await this.#answers(to, index))
              edges.push({ ...edge, label: `${label}, ${edge.label}` })
          }
        }
      }
    } else {
      for (const edge of await this.#answers(state, index))
        edges.push({ ...edge, label: `${name} ${edge.label}` })
    }
    if (state.left > 0 && (operator.stand !== 0 || operator.memory !== this.#empty)) {
      const left = state.left - 1
      const to = this.#with({ ...state, left }, index, this.#fresh(state.server))
      edges.push({ label: `${name} crashes and starts again`, to, fair: false })
    }
    const idle = operator.stand === 0 && this.memory(operator).flights.length === 0
    for (const { label, left, to, fair } of around(operator, this.scenario, state.left, idle)) {
      const after = to ?? this.#fresh(state.server)
      edges.push({ label: `${name} ${label}`, to: this.#change({ ...state, left }, index, after), fair })
    }
    return edges
  }

  /** A look as it begins now, or as it began just before the clock went on. */
  async #begin(state: State, index: number, at: Look): Promise<State[]> {
    const { clock } = state.server
    const began = await this.#input(state, index, { look: { at } }, clock)
    if (clock === 0 || state.left === 0) return began
    const before = { ...state, left: state.left - 1 }
    return [...began, ...(await this.#input(before, index, { look: { at } }, clock - 1))]
  }

  /** What can become of each request that an operator waits for. */
  async #answers(state: State, index: number): Promise<Edge[]> {
    const operator = state.operators[index] as Operator
    const edges: Edge[] = []
    const give = async (from: State, asked: number, wrote: boolean, answer: Answer): Promise<State[]> =>
      this.#input(from, index, { wrote, answered: { index: asked, answer } }, from.server.clock)
    for (const { index: asked, op } of (this.machines[index] as Machine).stand(operator.stand).pending) {
      const { server, answer } = this.rules.apply(state.server, op)
      for (const to of await give({ ...state, server }, asked, isWrite(op), answer))
        edges.push({ label: inWords(op, answer), to, fair: true })
      if (state.left === 0 || !isWrite(op)) continue
      const left = state.left - 1
      for (const after of new Set([server, state.server])) {
        const what = after === state.server ? 'and it never arrives' : 'and the answer is lost'
        for (const to of await give({ ...state, left, server: after }, asked, true, 'Lost'))
          edges.push({ label: `${inWords(op, undefined)}, ${what}`, to, fair: false })
      }
    }
    return edges
  }

  /**
   * Gives an operator an input, with every version that its caches may hold at that moment, and lets it go on to its
   * next request that is a step of its own.
   */
  async #input(
    state: State,
    index: number,
    what: Pick<Input, 'look' | 'answered' | 'wrote'>,
    clock: number,
  ): Promise<State[]> {
    const operator = state.operators[index] as Operator
    const machine = this.machines[index] as Machine
    const from = operator.stand === 0 ? { memory: operator.memory } : { stand: operator.stand }
    const { slots } = state.server
    const now = timeOf(clock + this.scenario.ahead)
    const { trusted, draining } = operator
    const around = { trusted, draining, changed: state.changed }
    const ways: State[] = []
    const tried = new Set<string>()
    const newest = slots.slice(0, this.#cached).map(versions => versions.length - 1)
    const toTry = state.left > 0 || operator.lags ? [operator.at, newest] : [newest]
    for (let seen = toTry.pop(); seen; seen = toTry.pop()) {
      if (tried.has(seen.join())) continue
      tried.add(seen.join())
      const at = seen
      const views = at.map((version, slot) => slots[slot]?.[version] ?? 0)
      const stand = await machine.next(from, { ...what, views, now, around })
      const behind = stand.read.filter(slot => (at[slot] ?? 0) < (newest[slot] ?? 0))
      for (const slot of behind)
        toTry.push(at.map((version, other) => (other === slot ? version + 1 : version)))
      const lags = operator.lags || behind.length > 0
      const left = lags && !operator.lags ? state.left - 1 : state.left
      const raised = at.map((version, slot) => {
        const known = stand.read.includes(slot) ? version : (operator.at[slot] ?? 0)
        return stand.wrote.includes(slot)
          ? Math.max(known, slots[slot]?.lastIndexOf(stand.views[slot] ?? 0) ?? 0)
          : known
      })
      const next = this.#with({ ...state, left, wrong: stand.wrong }, index, {
        ...operator,
        at: raised,
        lags: lags && stand.after === undefined,
        memory: stand.after ?? operator.memory,
        stand: stand.after === undefined ? stand.number : 0,
      })
      ways.push(...(await this.#goOn(this.#calls(next, stand), index, stand, clock)))
    }
    return ways
  }

  /** Reads that may as well happen at once are answered at once. */
  async #goOn(state: State, index: number, stand: Stand, clock: number): Promise<State[]> {
    const read =
      stand.after === undefined ? stand.pending.find(({ op }) => this.#isIdle(op, stand)) : undefined
    if (!read) return [state]
    const { answer } = this.rules.apply(state.server, read.op)
    return this.#input(state, index, { answered: { index: read.index, answer } }, clock)
  }

  /**
   * Reads of the audit log (a create that finds its place taken reads on), of the agent (which nobody changes here),
   * and whatever a look reads before it writes: it could as well have begun later, with the same old caches.
   */
  #isIdle(op: Op, stand: Stand): boolean {
    if (isWrite(op)) return false
    const { slot } = op
    if (slot.startsWith('Agent/') || slot.startsWith('AuditRecord/')) return true
    return !stand.inputs.some(({ wrote }) => wrote)
  }

  #calls(state: State, stand: Stand): State {
    let after = state
    for (const id of stand.called) {
      const call = callIDs(this.scenario.plot).indexOf(id)
      after = { ...after, called: after.called.map((times, one) => (one === call ? times + 1 : times)) }
    }
    return after
  }

  #with(state: State, index: number, operator: Operator): State {
    return { ...this.#change(state, index, operator), active: operator.stand === 0 ? -1 : index }
  }

  #change(state: State, index: number, operator: Operator): State {
    return { ...state, operators: state.operators.map((one, other) => (other === index ? operator : one)) }
  }
}

/** The state in which an operator goes on; undefined where another one would have to be paused too often. */
const takeTurn = (state: State, index: number): State | undefined => {
  const { active, left } = state
  if (active === -1 || active === index) return state
  return left === 0 ? undefined : { ...state, left: left - 1, active: -1 }
}

/** A look that changes nothing but how new a cache is changes nothing: what can follow could follow before. */
const isNews = (to: State, from: State, index: number): boolean => {
  const [after, before] = [to.operators[index] as Operator, from.operators[index] as Operator]
  return after.stand !== 0 || after.memory !== before.memory || to.server !== from.server
}
