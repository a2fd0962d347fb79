import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, AgentTurnSpec, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import { API_VERSION } from '../../../crds/v1alpha1/meta.ts'
import { agentTurns } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/errors.ts'
import { cutText } from '../../policy/json.ts'
import { cutToStored, storedBytes } from '../../stored-size.ts'
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

/** Stored bytes of all transcripts that are kept together; what is not kept is read again. */
const KEPT_BYTES = 24 * 1024 * 1024

export const turnName = (run: string, n: number): string => `${run}-t${n}`

/** A transcript that is kept, and the stored bytes that it takes. */
interface Kept {
  readonly turn: AgentTurn
  readonly bytes: number
}

/** @param keptBytes stored bytes of all transcripts that are kept together */
export const createTurns = (client: Client, keptBytes = KEPT_BYTES): Turns => {
  /** By run UID, least recently used first; of each run by number. */
  const kept = new Map<string, Map<number, Kept>>()
  let total = 0

  const drop = (runUID: string, n?: number): void => {
    const turns = kept.get(runUID)
    for (const [number, { bytes }] of turns ?? []) {
      if (n !== undefined && n !== number) continue
      total -= bytes
      turns?.delete(number)
    }
    if (turns?.size === 0) kept.delete(runUID)
  }

  const known = (runUID: string, n: number): AgentTurn | undefined => {
    const turns = kept.get(runUID)
    if (!turns) return undefined
    kept.delete(runUID)
    kept.set(runUID, turns)
    return turns.get(n)?.turn
  }

  const keep = (run: AgentRun, turn: AgentTurn): AgentTurn => {
    const runUID = uidOf(run)
    drop(runUID, turn.spec.turn)
    const turns = kept.get(runUID) ?? new Map<number, Kept>()
    const bytes = storedBytes(turn)
    kept.delete(runUID)
    kept.set(runUID, turns.set(turn.spec.turn, { turn, bytes }))
    total += bytes
    // Of the run itself, too, where it alone takes more: its oldest turns.
    for (const [uid, of] of kept) {
      for (const [number] of of) {
        if (total <= keptBytes || (uid === runUID && number === turn.spec.turn)) return turn
        drop(uid, number)
      }
    }
    return turn
  }

  const find = async (run: AgentRun, n: number): Promise<AgentTurn | undefined> => {
    const here = known(uidOf(run), n)
    if (here) return here
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
      if (isConflict(error) || isNotFound(error)) drop(uidOf(run), turn.spec.turn)
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
    forget: runUID => drop(runUID),
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
