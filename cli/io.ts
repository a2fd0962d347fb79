import type { Interface } from 'node:readline'

/** What a command may touch of the process that it runs in; handed in, so that tests can stand in for it. */
export interface Io {
  out(text: string): void
  err(text: string): void
  /** A person sits at both ends: stdin and stdout are a terminal. */
  readonly interactive: boolean
  readonly stdoutIsTerminal: boolean
  /** The terminal's size in characters; 80 by 24 where it does not say. */
  size(): { readonly columns: number; readonly rows: number }
  readonly colour: boolean
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A line editor on stdin and stdout; the caller closes it. */
  lines(): Interface
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly stopped: AbortSignal
}
