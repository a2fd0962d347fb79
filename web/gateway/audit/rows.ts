import { auditActions } from '../../../crds/v1alpha1/audit-actions.ts'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { isActor, mayBeSeveral } from './actor.ts'
import { Dictionary, hashOf, withRoom } from './columns.ts'
import { type AuditFilter, isTool } from './filter.ts'

/** Whether the entry of a row may be one that is asked for. */
export type RowTest = (row: number) => boolean

/**
 * What can be asked of entries, in 29 bytes each: when, what, who, about which. Agents, tools and people are few, and each
 * is kept once; of runs and requests, which are many, a hash is kept, so that what is found may be about another one.
 */
export class Rows {
  #length = 0
  #time = new Float64Array()
  #action = new Uint8Array()
  #actor = new Uint32Array()
  #agent = new Uint32Array()
  #tool = new Uint32Array()
  #run = new Uint32Array()
  #request = new Uint32Array()
  /** Behind a sign that tells whether they may be several: `+alice, bob`, `=alice`. */
  readonly #actors = new Dictionary()
  readonly #agents = new Dictionary()
  readonly #tools = new Dictionary()

  get length(): number {
    return this.#length
  }

  /** Without the dictionaries, which are small beside it. */
  get bytes(): number {
    const columns = [this.#time, this.#action, this.#actor, this.#agent, this.#tool, this.#run, this.#request]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  append(entry: AuditEntry): void {
    const { actor, action } = entry
    const row = this.#grow()
    this.#time[row] = Date.parse(entry.time)
    this.#action[row] = auditActions.indexOf(action)
    this.#actor[row] = this.#actors.number(actor && (mayBeSeveral(action) ? '+' : '=') + actor)
    this.#agent[row] = this.#agents.number(entry.agent)
    this.#tool[row] = this.#tools.number(entry.tool)
    this.#run[row] = hashOf(entry.run)
    this.#request[row] = hashOf(entry.approvalRequest)
  }

  /** Appends a row of others. */
  copy(from: Rows, at: number): void {
    const row = this.#grow()
    this.#time[row] = from.#time[at] ?? 0
    this.#action[row] = from.#action[at] ?? 0
    this.#actor[row] = this.#actors.number(from.#actors.text(from.#actor[at]))
    this.#agent[row] = this.#agents.number(from.#agents.text(from.#agent[at]))
    this.#tool[row] = this.#tools.number(from.#tools.text(from.#tool[at]))
    this.#run[row] = from.#run[at] ?? 0
    this.#request[row] = from.#request[at] ?? 0
  }

  /** `only`: entries of these agents; those of no agent are left out then. For the rows that there are now. */
  test(filter: AuditFilter, only: readonly string[] | undefined): RowTest {
    const { action, actor, agent, tool, run, approvalRequest, since, until } = filter
    const tests: RowTest[] = []
    const among = (column: Uint32Array | Uint8Array, mask: Uint8Array) =>
      tests.push(row => mask[column[row] ?? 0] === 1)
    const same = (column: Uint32Array, text: string) => {
      const hash = hashOf(text)
      tests.push(row => column[row] === hash)
    }
    // The narrowest first: the others are seldom asked then.
    if (approvalRequest !== undefined) same(this.#request, approvalRequest)
    if (run !== undefined) same(this.#run, run)
    if (actor !== undefined) {
      const isMeant = (text: string) => isActor(text.slice(1), text.startsWith('+'), actor)
      among(this.#actor, this.#actors.mask(isMeant))
    }
    if (tool !== undefined) {
      const isMeant = (text: string) => isTool(text, tool)
      among(this.#tool, this.#tools.mask(isMeant))
    }
    if (agent !== undefined || only !== undefined) {
      const isMeant = (text: string) =>
        (agent === undefined || text === agent) && (only === undefined || only.includes(text))
      among(this.#agent, this.#agents.mask(isMeant))
    }
    if (action !== undefined) {
      const mask = Uint8Array.from(auditActions, name => (action.includes(name) ? 1 : 0))
      among(this.#action, mask)
    }
    if (since !== undefined) tests.push(row => (this.#time[row] ?? 0) >= since)
    if (until !== undefined) tests.push(row => (this.#time[row] ?? 0) < until)
    return row => tests.every(test => test(row))
  }

  #grow(): number {
    const length = this.#length + 1
    this.#time = withRoom(this.#time, length)
    this.#action = withRoom(this.#action, length)
    this.#actor = withRoom(this.#actor, length)
    this.#agent = withRoom(this.#agent, length)
    this.#tool = withRoom(this.#tool, length)
    this.#run = withRoom(this.#run, length)
    this.#request = withRoom(this.#request, length)
    this.#length = length
    return length - 1
  }
}
