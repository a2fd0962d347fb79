import type { AgentRun, AgentRunStatus } from '../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn } from '../../crds/v1alpha1/agentturn.ts'
import type { FiredGate } from '../../crds/v1alpha1/gate.ts'
import type { ToolDefinition, ToolOutcome } from '../agent/types.ts'
import type { NewEntry } from '../audit/entry.ts'
import type { RunMemories } from '../controllers/agentrun/controller.ts'
import type { Listed, RunMemory } from '../controllers/agentrun/scope.ts'
import type { KeptPlace } from './line.ts'

/** What a process is doing about a call, as far as it is not `None`. */
export interface KeptFlight {
  readonly call: string
  readonly state: 'Fenced' | 'Calling' | 'Done'
  readonly outcome?: ToolOutcome
}

/** All that an operator remembers between two looks, as plain data. What the process holds is made of it again. */
export interface Memory {
  readonly runs: readonly KeptRun[]
  readonly flights: readonly KeptFlight[]
  readonly model?: { readonly turn: number; readonly answered: boolean }
  /** The transcripts that it keeps. */
  readonly turns: readonly AgentTurn[]
  /** Numbers of the audit records that its writer knows: the first ones of the chain. */
  readonly records: readonly number[]
  /** Who has its one slot, and who stands in line, if anybody does; where slots are limited. */
  readonly line?: readonly KeptPlace[]
}

/** A memory with another line. */
export const withLine = ({ line: _before, ...memory }: Memory, line: readonly KeptPlace[]): Memory =>
  line.length === 0 ? memory : { ...memory, line }

/** A process that has just started. */
export const EMPTY_MEMORY: Memory = { runs: [], flights: [], turns: [], records: [] }

interface KeptRun {
  readonly key: string
  readonly uid: string
  readonly run: AgentRun
  readonly memory: {
    readonly startRecorded: boolean
    readonly answered?: number
    readonly tools: readonly (readonly [string, ToolDefinition])[]
    readonly toolsOf?: string
    readonly listed?: Listed
    readonly gates: readonly (readonly [string, FiredGate[]])[]
    readonly end?: AgentRunStatus
    readonly modelAttempts: number
    readonly retryAt: number
    readonly toolsetAwaySince?: number
    readonly calling: readonly string[]
    readonly unrecorded?: string
    readonly retried: readonly string[]
    readonly requests: readonly (readonly [string, string])[]
    readonly secretsKnown: boolean
    readonly secrets: readonly (string | number)[]
  }
}

/** How calls under way are recorded should their run be gone; functions, so kept beside the data. */
export type Recorders = Map<string, (outcome: string) => NewEntry>

/** The memory of the run controller as plain data. */
export const keepRuns = (known: RunMemories, recorders: Recorders): KeptRun[] =>
  [...known].flatMap(([key, runs]) =>
    [...runs].map(([uid, { run, memory }]) => {
      for (const [call, recorder] of memory.calling) recorders.set(`${uid}/${call}`, recorder)
      const { answered, toolsOf, listed, end, inLineSince: _, toolsetAwaySince, unrecorded, ...rest } = memory
      return {
        key,
        uid,
        run: partRead(run),
        memory: {
          ...rest,
          tools: [...memory.tools],
          gates: [...memory.gates],
          calling: [...memory.calling.keys()],
          retried: [...memory.retried],
          requests: [...memory.requests],
          secrets: [...memory.secrets],
          ...(answered === undefined ? {} : { answered }),
          ...(toolsOf === undefined ? {} : { toolsOf }),
          ...(listed === undefined ? {} : { listed }),
          ...(end === undefined ? {} : { end }),
          ...(toolsetAwaySince === undefined ? {} : { toolsetAwaySince }),
          ...(unrecorded === undefined ? {} : { unrecorded }),
        },
      }
    }),
  )

/** What the controller reads of a run that it remembers (`recordGone`): the rest would only make equal states differ. */
const partRead = ({ metadata, spec, status }: AgentRun): AgentRun =>
  ({
    metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    spec,
    status: status && { agentGeneration: status.agentGeneration, failure: status.failure },
  }) as AgentRun

/** The reverse of `keepRuns`. */
export const recallRuns = (kept: readonly KeptRun[], recorders: Recorders): RunMemories => {
  const known: RunMemories = new Map()
  for (const { key, uid, run, memory } of kept) {
    const runs = known.get(key) ?? new Map()
    known.set(key, runs)
    const { tools, gates, calling, retried, requests, secrets, ...rest } = memory
    const recalled: RunMemory = {
      answered: undefined,
      toolsOf: undefined,
      listed: undefined,
      end: undefined,
      inLineSince: undefined,
      toolsetAwaySince: undefined,
      unrecorded: undefined,
      ...rest,
      tools: new Map(tools),
      gates: new Map(gates),
      calling: new Map(
        calling.map(call => {
          const recorder = recorders.get(`${uid}/${call}`)
          if (!recorder) throw new Error(`nobody knows how call ${call} is recorded`)
          return [call, recorder]
        }),
      ),
      retried: new Set(retried),
      requests: new Map(requests),
      secrets: new Set(secrets),
    }
    runs.set(uid, { run, memory: recalled })
  }
  return known
}
