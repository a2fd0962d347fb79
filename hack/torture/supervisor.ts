import { type OperatorProcess, spawnOperator } from '../../operator/testing/process.ts'

/** Keeps one operator running, as a Deployment would, whatever ends it. */
export interface Supervisor {
  /** Ends of the process, by what ended it. */
  readonly ends: ReadonlyMap<string, number>
  /** `kill -9`; the next one is started at once. Nothing, where none runs at the moment. */
  kill(): void
  /** Stands still for so long, wherever it is. */
  pause(ms: number): Promise<void>
  /** Ends it for good, as a Deployment that is taken away would. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly namespace: string
  /** Path of the kubeconfig that the operator is given. */
  readonly kubeconfig: string
  /** Told at each end, before the next one starts. */
  readonly onEnd: () => void
}

const LEASE_SECONDS = 6

/** Starts the first operator; resolves when it leads. */
export const supervise = async (options: SupervisorOptions): Promise<Supervisor> => {
  const ends = new Map<string, number>()
  let living: OperatorProcess | undefined
  let stopping = false
  const flags = ['--impersonation=off', `--lease-seconds=${LEASE_SECONDS}`]
  const start = () => spawnOperator(options.namespace, options.kubeconfig, flags, { untilLeading: false })
  const ended = async (first: OperatorProcess): Promise<void> => {
    let operator = first
    for (;;) {
      living = operator
      const how = (await operator.ended) ?? 'exit'
      living = undefined
      if (stopping) return
      ends.set(how, (ends.get(how) ?? 0) + 1)
      options.onEnd()
      operator = await again()
      if (stopping) {
        await operator.kill()
        return
      }
    }
  }
  /** Also one that finds no API server ends, and is started again. */
  const again = async (): Promise<OperatorProcess> => {
    for (;;) {
      try {
        return await start()
      } catch (error) {
        if (stopping) throw error
        ends.set('start', (ends.get('start') ?? 0) + 1)
      }
    }
  }
  const over = ended(await again())
  over.catch(() => undefined)
  return {
    ends,
    kill: () => {
      void living?.kill()
    },
    pause: async ms => {
      const { pid } = living ?? {}
      if (pid === undefined) return
      process.kill(pid, 'SIGSTOP')
      await new Promise(resolve => setTimeout(resolve, ms))
      // It may have been killed meanwhile.
      if (living?.pid === pid) process.kill(pid, 'SIGCONT')
    },
    stop: async () => {
      stopping = true
      await living?.stop()
      await over.catch(() => undefined)
    },
  }
}
