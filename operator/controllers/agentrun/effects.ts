import type { ModelAnswer, ToolOutcome } from '../../agent/types.ts'
import type { Flight } from './calls.ts'

/** An answer of the model, or why there is none. */
export type ModelOutcome =
  | { readonly ok: true; readonly answer: ModelAnswer; readonly durationSeconds: number }
  | { readonly ok: false; readonly error: unknown }

/** What this process asks a model for one run. */
export type ModelFlight =
  | { readonly state: 'None' }
  | { readonly state: 'Asking'; readonly turn: number; readonly abort: AbortController }
  | { readonly state: 'Done'; readonly turn: number; readonly outcome: ModelOutcome }

/**
 * Everything that this process is doing in the outside world, by run UID. Reconciling never waits for a model or
 * a tool: it starts the effect here, and the run's key is queued again when the effect is done. What is lost with
 * the process is found again from the API server: a question is asked anew, a call becomes Unknown.
 */
export interface Effects {
  model(runUID: string): ModelFlight
  ask(
    runUID: string,
    turn: number,
    work: (signal: AbortSignal) => Promise<ModelOutcome>,
    done: () => void,
  ): void
  forgetModel(runUID: string): void
  call(runUID: string, callID: string): Flight
  /**
   * Says that Executing is being written: where the trace comes to name this process, the call is its own to make. It
   * stays when the write fails, as that may have landed; it counts for nothing where the trace does not say so.
   */
  fence(runUID: string, callID: string): void
  /** Starts a fenced call, once. */
  start(runUID: string, callID: string, work: () => Promise<ToolOutcome>, done: () => void): void
  forgetCall(runUID: string, callID: string): void
  /** Forgets the fences of a run that ends, and says of which calls they were. */
  unfence(runUID: string): string[]
  /**
   * Forgets all calls of a run that has ended. One that is still being made (another operator has ended the run) is
   * waited for by `idle` all the same, but nobody takes its outcome.
   */
  forgetCalls(runUID: string): void
  /** Aborts every question to a model: asking again costs nothing but tokens. */
  abortModels(): void
  /** Resolves when every call that was begun has ended and its outcome has been taken. */
  idle(): Promise<void>
}

/** @param over told when something is over, or is not going to begin any more; `id` is `model`, or the id of a call */
export const createEffects = (over: (runUID: string, id: string) => void = () => {}): Effects => {
  const models = new Map<string, ModelFlight>()
  const calls = new Map<string, Map<string, Flight>>()
  /** Calls that are still being made and whose outcome nobody takes any more. */
  const unheard = new WeakSet<Flight>()
  let idleWaiters: (() => void)[] = []

  const flightsOf = (runUID: string): Map<string, Flight> => {
    const known = calls.get(runUID)
    if (known) return known
    const flights = new Map<string, Flight>()
    calls.set(runUID, flights)
    return flights
  }

  const wakeIdle = () => {
    if (calls.size > 0) return
    for (const resolve of idleWaiters) resolve()
    idleWaiters = []
  }

  const forgetCall = (runUID: string, callID: string) => {
    const flights = calls.get(runUID)
    flights?.delete(callID)
    if (flights?.size === 0) calls.delete(runUID)
    over(runUID, callID)
    wakeIdle()
  }

  return {
    model: runUID => models.get(runUID) ?? { state: 'None' },
    ask: (runUID, turn, work, done) => {
      const abort = new AbortController()
      models.set(runUID, { state: 'Asking', turn, abort })
      const settle = (outcome: ModelOutcome) => {
        const flight = models.get(runUID)
        // Forgotten meanwhile: the run ended, or somebody else goes on with it.
        if (flight?.state !== 'Asking' || flight.abort !== abort) return
        models.set(runUID, { state: 'Done', turn, outcome })
        over(runUID, 'model')
        done()
      }
      work(abort.signal).then(settle, (error: unknown) => settle({ ok: false, error }))
    },
    forgetModel: runUID => {
      const flight = models.get(runUID)
      models.delete(runUID)
      over(runUID, 'model')
      if (flight?.state === 'Asking') flight.abort.abort()
    },
    call: (runUID, callID) => calls.get(runUID)?.get(callID) ?? { state: 'None' },
    fence: (runUID, callID) => {
      const flights = flightsOf(runUID)
      const state = flights.get(callID)?.state ?? 'None'
      if (state === 'Calling' || state === 'Done') throw new Error(`call ${callID} was made already`)
      flights.set(callID, { state: 'Fenced' })
    },
    start: (runUID, callID, work, done) => {
      const flights = calls.get(runUID)
      if (flights?.get(callID)?.state !== 'Fenced') throw new Error(`call ${callID} was not fenced`)
      const calling: Flight = { state: 'Calling' }
      flights.set(callID, calling)
      const settle = (outcome: ToolOutcome) => {
        if (unheard.has(calling)) return forgetCall(runUID, callID)
        // Forgotten meanwhile: the trace says already how it ended.
        if (flights.get(callID) === calling) flights.set(callID, { state: 'Done', outcome })
        over(runUID, callID)
        done()
      }
      work().then(settle, () =>
        settle({
          kind: 'Error',
          text: 'The tool could not be called because of a fault in the operator. It may or may not have been executed.',
          sent: true,
        }),
      )
    },
    forgetCall,
    forgetCalls: runUID => {
      for (const [callID, flight] of [...(calls.get(runUID) ?? [])]) {
        if (flight.state === 'Calling') unheard.add(flight)
        else forgetCall(runUID, callID)
      }
    },
    unfence: runUID => {
      const flights = calls.get(runUID)
      const fenced = [...(flights ?? [])].flatMap(([id, { state }]) => (state === 'Fenced' ? [id] : []))
      for (const id of fenced) {
        flights?.delete(id)
        over(runUID, id)
      }
      if (flights?.size === 0) calls.delete(runUID)
      wakeIdle()
      return fenced
    },
    abortModels: () => {
      for (const [runUID, flight] of models) {
        if (flight.state !== 'Asking') continue
        models.delete(runUID)
        over(runUID, 'model')
        flight.abort.abort()
      }
    },
    idle: () =>
      calls.size > 0 ? new Promise<void>(resolve => idleWaiters.push(resolve)) : Promise.resolve(),
  }
}
