/** Tells a person what takes so long. */
export interface Progress {
  /** A new step begins; it ends when the next one does. */
  step(text: string): void
  /** How far the step is; shown where it can be overwritten. */
  detail(text: string): void
  /** A line that stays. */
  note(text: string): void
  /** Nothing more to come. */
  end(): void
}

/** A duration in words, such as `3 min 20 s`. */
export function inWords(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/**
 * Progress on `stream`. On a terminal the line of the step shows the time and the detail as they change;
 * elsewhere there is one line a step.
 */
export function showProgress(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number } = process.stderr,
  monotonicMs: () => number = () => performance.now(),
): Progress {
  const live = stream.isTTY === true
  let current = ''
  let detail = ''
  let began = 0
  const write = (text: string): void => void stream.write(text)
  const line = (): string => {
    const text = `${current}: ${inWords((monotonicMs() - began) / 1000)}${detail && `, ${detail}`}`
    return text.slice(0, (stream.columns ?? 80) - 1)
  }
  const draw = (): void => write(`\r\u001b[K${line()}`)
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    clearInterval(timer)
    if (live && current) write(`\r\u001b[K${line()}\n`)
    current = ''
  }
  return {
    step(text) {
      end()
      current = text
      detail = ''
      began = monotonicMs()
      if (!live) return write(`${text} ...\n`)
      timer = setInterval(draw, 500).unref()
      draw()
    },
    detail(text) {
      detail = text
    },
    note(text) {
      if (live && current) write('\r\u001b[K')
      write(`${text}\n`)
    },
    end,
  }
}
