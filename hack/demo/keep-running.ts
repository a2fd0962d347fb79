import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessGroup, ProcessSpec, SupervisedProcess } from '../process.ts'

/** A process that is started again when it dies, as a cluster would. */
export interface KeptProcess {
  readonly pid: number
  /** Resolves with the pid of the next one, once it is ready. */
  next(): Promise<number>
  kill(signal: NodeJS.Signals): void
}

/** Milliseconds between two tries to start what does not start. */
const BACK_OFF_MS = 1000

/**
 * Starts a process, and starts it again whenever it dies until `stopping` is aborted. `onRestart` is told when the
 * next one is ready, `onFailure` when it could not be started; then it is tried again.
 */
export const keepRunning = async (
  group: ProcessGroup,
  spec: ProcessSpec,
  options: {
    readonly stopping: AbortSignal
    readonly onRestart: () => void
    readonly onFailure: (message: string) => void
  },
): Promise<KeptProcess> => {
  const { stopping } = options
  let current: SupervisedProcess = await group.start(spec)
  let waiting: ((pid: number) => void)[] = []

  const restart = async (): Promise<void> => {
    while (!stopping.aborted) {
      try {
        current = await group.start(spec)
        for (const resolve of waiting) resolve(current.pid)
        waiting = []
        options.onRestart()
        return
      } catch (error) {
        if (stopping.aborted) return
        options.onFailure(error instanceof Error ? error.message : String(error))
        await delay(BACK_OFF_MS, undefined, { signal: stopping }).catch(() => {})
      }
    }
  }
  const watch = async (): Promise<void> => {
    while (!stopping.aborted) {
      await current.exited
      await restart()
    }
  }
  void watch()

  return {
    get pid() {
      return current.pid
    },
    next: () => new Promise(resolve => waiting.push(resolve)),
    kill: signal => current.kill(signal),
  }
}
