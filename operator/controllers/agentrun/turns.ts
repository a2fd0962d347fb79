import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, AgentTurnSpec, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import { API_VERSION } from '../../../crds/v1alpha1/meta.ts'
import { agentTurns } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/errors.ts'
import { cutText } from '../../policy/json.ts'
import { cutToStored } from '../../stored-size.ts'
import { callSteps } from './status.ts'

/** The transcripts of runs: read when they are needed, kept for the runs that are at work. */
export interface Turns {
  /** Turn `n` of this very run; undefined where there is none. */
  find(run: AgentRun, n: number): Promise<AgentTurn | undefined>
  /** Turns 1 to `n`. Throws where one is missing. */
  all(run: AgentRun, n: number): Promise<AgentTurn[]>
  /** Stores a turn; where this run has stored it before, what stands there counts. Resolves with whether it was this call. */
  create(run: AgentRun, spec: AgentTurnSpec): Promise<boolean>
  /** Adds results. */
  addResults(run: AgentRun, turn: AgentTurn, results: readonly TurnResult[]): Promise<AgentTurn>
  forget(runUID: string): void
}

/** Stored bytes that the results of one turn may take together, each an equal share. */
const RESULTS_BYTES = 640 * 1024
/** As the schema has it. Tools' answers come cut at 64 KiB. */
const RESULT_LENGTH = 66_000

/** How many runs are kept; one that is not is read again. */
const KEPT_RUNS = 256

export const turnName = (run: string, n: number): string => `${run}-t${n}`

export const createTurns = (client: Client): Turns => {
  /** By run UID, least recently used first. */
  const kept = new Map<string, Map<number, AgentTurn>>()

  const turnsOf = (runUID: string): Map<number, AgentTurn> => {
    const turns = kept.get(runUID) ?? new Map<number, AgentTurn>()
    kept.delete(runUID)
    kept.set(runUID, turns)
    const oldest = kept.size > KEPT_RUNS ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
    return turns
  }

  const keep = (run: AgentRun, turn: AgentTurn): AgentTurn => {
    turnsOf(uidOf(run)).set(turn.spec.turn, turn)
    return turn
  }

  const find = async (run: AgentRun, n: number): Promise<AgentTurn | undefined> => {
    const known = turnsOf(uidOf(run)).get(n)
    if (known) return known
    const found = await client.find(agentTurns, refOf(run, n))
    // Left behind by an earlier run of the same name.
    if (!found || found.spec.runRef.uid !== uidOf(run)) return undefined
    return keep(run, found)
  }

  const create = async (run: AgentRun, spec: AgentTurnSpec): Promise<boolean> => {
    const turn: AgentTurn = {
      apiVersion: API_VERSION,
      kind: 'AgentTurn',
      metadata: {
        name: turnName(run.metadata.name, spec.turn),
        namespace: run.metadata.namespace ?? '',
        ownerReferences: [
          {
            apiVersion: API_VERSION,
            kind: 'AgentRun',
            name: run.metadata.name,
            uid: uidOf(run),
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec,
    }
    try {
      keep(run, await client.create(agentTurns, turn))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const standing = await find(run, spec.turn)
      if (standing) return false
      const foreign = await client.find(agentTurns, refOf(run, spec.turn))
      if (foreign) await client.delete(agentTurns, refOf(run, spec.turn), { uid: foreign.metadata.uid ?? '' })
      keep(run, await client.create(agentTurns, turn))
    }
    return true
  }

  const addResults = async (
    run: AgentRun,
    turn: AgentTurn,
    results: readonly TurnResult[],
  ): Promise<AgentTurn> => {
    const before = turn.status?.results ?? []
    const limit = Math.floor(RESULTS_BYTES / Math.max(1, turn.spec.calls.length))
    const added = results
      .filter(({ id }) => !before.some(result => result.id === id))
      .map(result => ({
        ...result,
        text: cutToStored(cutText(result.text.toWellFormed(), RESULT_LENGTH), limit),
      }))
    // Of a transcript that is gone (`lostTurn`) nothing is kept.
    if (added.length === 0 || turn.metadata.uid === undefined) return turn
    const all = [...before, ...added]
    try {
      return keep(
        run,
        await client.replace(
          agentTurns,
          { ...turn, status: { results: all, complete: all.length === turn.spec.calls.length } },
          { subresource: 'status', urgency: 'Low' },
        ),
      )
    } catch (error) {
      // Written by somebody else meanwhile, or gone: read it again next time.
      if (isConflict(error) || isNotFound(error)) turnsOf(uidOf(run)).delete(turn.spec.turn)
      throw error
    }
  }

  return {
    find,
    create,
    addResults,
    all: (run, n) =>
      Promise.all(
        Array.from({ length: n }, async (_, index) => {
          const turn = await find(run, index + 1)
          if (!turn) throw new Error(`turn ${index + 1} of run ${run.metadata.name} is missing`)
          return turn
        }),
      ),
    forget: runUID => {
      kept.delete(runUID)
    },
  }
}

/**
 * What is left of a turn whose transcript is gone before its run (a namespace or a run that is deleted with all it
 * owns): its calls as the trace shows them, enough to record how each ended. It has no UID, and nothing is stored of it.
 */
export const lostTurn = (run: AgentRun, n: number): AgentTurn => ({
  metadata: { name: turnName(run.metadata.name, n), namespace: run.metadata.namespace ?? '' },
  spec: {
    runRef: { name: run.metadata.name, uid: uidOf(run) },
    turn: n,
    agentGeneration: run.status?.agentGeneration ?? 0,
    at: run.status?.startedAt ?? '',
    durationSeconds: 0,
    finishReason: 'lost',
    calls: callSteps(run.status?.steps ?? [], n).map(({ id = '', tool = '', params }) => ({
      id,
      providerCallID: '',
      tool,
      ...(params === undefined ? {} : { params }),
    })),
    messages: [],
  },
})

const uidOf = (run: AgentRun): string => run.metadata.uid ?? ''

const refOf = (run: AgentRun, n: number) => ({
  namespace: run.metadata.namespace ?? '',
  name: turnName(run.metadata.name, n),
})
