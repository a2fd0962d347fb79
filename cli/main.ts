import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { CommandEnvironment } from './command.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { wantsColour } from './text/paint.ts'

/** Runs a plugin in this process: its arguments, terminal, environment and clock. */
export async function main(
  command: (argv: readonly string[], environment: CommandEnvironment) => Promise<ExitCode>,
): Promise<void> {
  // `kubectl approvals | head` closes the pipe early, which is nobody's error.
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
  process.exitCode = await command(process.argv.slice(2), { io: processIo(), env: process.env })
}

function processIo(): Io {
  const stop = new AbortController()
  const { stdin, stdout, stderr, env } = process
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    interactive: Boolean(stdin.isTTY && stdout.isTTY),
    stdoutIsTerminal: Boolean(stdout.isTTY),
    // A terminal without a size reports zeros.
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    colour: wantsColour(env, Boolean(stdout.isTTY)),
    now: Date.now,
    sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch(() => {}),
    lines: () => createInterface({ input: stdin, output: stdout }),
    get stopped() {
      // Only who asks for it takes Ctrl-C over; elsewhere it ends the process at once, as usual.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      return stop.signal
    },
  }
}
