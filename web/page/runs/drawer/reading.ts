import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Api } from '../../api/client.ts'
import type { Approval, Run } from '../../api/types.ts'
import { useHere, useLoaded, useSnapshot } from '../../live/hooks.ts'
import { batches, readNames } from '../../live/reading.ts'

/** A run with the requests of its calls. */
export interface Read {
  readonly run: Run
  /** By name. */
  readonly requests: ReadonlyMap<string, Approval>
  /** Why some requests could not be read. */
  readonly missing: Error | undefined
}

export interface RunNow {
  readonly read: Read | undefined
  /** Why it could not be read (again). */
  readonly error: Error | undefined
  /** Takes in what an answer said of a request, before the run is read again. */
  learn(request: Approval): void
  again(): void
}

/** A run as it is, read again whenever something happens to it. */
export function useRun(name: string): RunNow {
  const { api, project } = useHere()
  const [asked, setAsked] = useState(0)
  const heard = useEvents(name)
  const settled = useRef(new Settled())
  const [learned, setLearned] = useState<ReadonlyMap<string, Approval>>(new Map())
  const { value, error } = useLoaded(
    signal => readRun(api, project, name, settled.current, signal),
    name,
    heard + asked,
  )
  const read = useMemo(
    () => value && { ...value, requests: latest(value.requests, learned) },
    [value, learned],
  )
  const learn = useCallback((request: Approval) => {
    setLearned(known => new Map(known).set(request.name, request))
    setAsked(count => count + 1)
  }, [])
  const again = useCallback(() => setAsked(count => count + 1), [])
  return { read, error, learn, again }
}

/** Counts what happens to one run and its requests. */
function useEvents(run: string): number {
  const { feed } = useHere()
  const [count, setCount] = useState(0)
  useEffect(
    () =>
      feed.onEvent(event => {
        if (event.type === 'Reset' || ('run' in event && event.run === run)) setCount(before => before + 1)
      }),
    [feed, run],
  )
  // What happened before the stream was open was not heard.
  const live = useSnapshot().connection.state === 'Live'
  useEffect(() => {
    if (live) setCount(before => before + 1)
  }, [live])
  return count
}

/** Requests that have left Pending never change again: they are read once. */
class Settled {
  #run = ''
  #requests = new Map<string, Approval>()

  /** Of another run of the same name nothing is known. */
  of(uid: string): Map<string, Approval> {
    if (uid !== this.#run) this.#requests = new Map()
    this.#run = uid
    return this.#requests
  }
}

async function readRun(
  api: Api,
  project: string,
  name: string,
  settled: Settled,
  signal: AbortSignal,
): Promise<Read> {
  const run = await api.get<Run>(`/projects/${project}/runs/${name}`, {}, signal)
  const known = settled.of(run.uid)
  const requests = new Map(known)
  const wanted = run.steps.flatMap(({ approvalRequest }) =>
    approvalRequest === undefined || known.has(approvalRequest) ? [] : [approvalRequest],
  )
  try {
    for (const batch of batches(wanted)) {
      for (const request of await readNames(api, project, batch, signal)) {
        requests.set(request.name, request)
        if (request.phase !== 'Pending') known.set(request.name, request)
      }
    }
  } catch (error) {
    if (signal.aborted) throw error
    return { run, requests, missing: error as Error }
  }
  return { run, requests, missing: undefined }
}

/** Of two readings of one request the one that is further. */
function latest(
  read: ReadonlyMap<string, Approval>,
  learned: ReadonlyMap<string, Approval>,
): ReadonlyMap<string, Approval> {
  const requests = new Map(read)
  for (const [name, request] of learned) {
    const known = read.get(name)
    if (known === undefined || known.uid !== request.uid || known.phase !== 'Pending') continue
    if (request.phase !== 'Pending' || request.decisions.length > known.decisions.length) {
      requests.set(name, request)
    }
  }
  return requests
}

/** The runs that go on with this one's conversation, newest first; undefined until they have been read. */
export function useLater(run: string): readonly Run[] | undefined {
  const { api, project, feed } = useHere()
  const [count, setCount] = useState(0)
  const known = useRef(new Set<string>())
  const { value, error } = useLoaded(
    async signal => {
      const query = { continueFrom: run, limit: 20 }
      return (await api.get<{ items: readonly Run[] }>(`/projects/${project}/runs`, query, signal)).items
    },
    run,
    count,
  )
  useEffect(() => {
    known.current = new Set(value?.map(({ name }) => name))
  }, [value])
  useEffect(
    () =>
      feed.onEvent(event => {
        const began = event.type === 'RunChanged' && event.phase === 'Pending'
        const ours = 'run' in event && known.current.has(event.run)
        if (event.type === 'Reset' || began || ours) setCount(before => before + 1)
      }),
    [feed],
  )
  return value ?? (error === undefined ? undefined : [])
}
