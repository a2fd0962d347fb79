/** Changes of a moment are read together. */
const TOGETHER_MS = 120
const LONGEST_REST_MS = 2000

/**
 * Reads at once, and again whenever it is told to: one reading at a time, with a rest in between that is longer where
 * reading takes long. A failure is told, and the next call of `again` tries once more.
 */
export function rereader<T>(
  read: (signal: AbortSignal) => Promise<T>,
  found: (value: T) => void,
  failed: (error: Error) => void,
): { again(): void; stop(): void } {
  const end = new AbortController()
  let reading = false
  let due = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = async () => {
    timer = undefined
    due = false
    reading = true
    const begun = performance.now()
    try {
      const value = await read(end.signal)
      if (!end.signal.aborted) found(value)
    } catch (error) {
      if (!end.signal.aborted) failed(error as Error)
    }
    reading = false
    if (due) plan(3 * (performance.now() - begun))
  }
  const plan = (rest: number) => {
    if (end.signal.aborted) return
    timer ??= setTimeout(run, Math.min(LONGEST_REST_MS, Math.max(TOGETHER_MS, rest)))
  }
  void run()
  return {
    again: () => {
      due = true
      if (!reading) plan(0)
    },
    stop: () => {
      end.abort()
      clearTimeout(timer)
    },
  }
}
