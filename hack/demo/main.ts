// `npm run demo`: the whole of Countersign on this machine. `-- --auto` plays the story and checks it.

import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { writeReadyFile } from './ready-file.ts'
import { type DemoSmtp, parseSmtp } from './smtp.ts'
import { type Stack, startStack } from './stack.ts'
import { playStory } from './story.ts'
import { welcome } from './welcome.ts'

const USAGE = `Usage: npm run demo -- [flags]
  --auto                 play the story unattended and check each outcome; the exit code says whether all came true
  --ready-file FILE      write addresses, tokens and pids to FILE as soon as everything answers, and whenever a pid changes
  --use-current-cluster  use the cluster of the current context instead of one of its own
  --smtp URL             send mail to smtp://host:port (user:password@ before the host, smtps:// for TLS) instead of
                         into the demo's own mailbox`

const readFlags = () => {
  try {
    return parseArgs({
      options: {
        auto: { type: 'boolean' },
        'ready-file': { type: 'string' },
        'use-current-cluster': { type: 'boolean' },
        smtp: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : 'bad flags'}\n\n${USAGE}`)
    process.exit(2)
  }
}

const flags = readFlags()
if (flags.help) {
  console.log(USAGE)
  process.exit(0)
}
const readSmtp = (text: string): DemoSmtp => {
  try {
    return parseSmtp(text)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : 'bad --smtp'}\n\n${USAGE}`)
    process.exit(2)
  }
}
const smtp = flags.smtp === undefined ? undefined : readSmtp(flags.smtp)

const begun = performance.now()
const progress = (line: string) => {
  console.log(`[${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s] ${line}`)
}

const readyFile = flags['ready-file']
// What a demo that was killed left behind names processes that are gone.
if (readyFile) rmSync(readyFile, { force: true })

let stack: Stack | undefined
const interrupted = new AbortController()
let stopped: Promise<void> | undefined
let playing: Promise<boolean> | undefined
/** Stops everything and exits; the first code counts. */
const stop = (code: number): Promise<void> => {
  // Gone before what it names is: nobody reads addresses that answer no more.
  if (readyFile) rmSync(readyFile, { force: true })
  stopped ??= (stack?.stop() ?? Promise.resolve()).finally(() => process.exit(code))
  return stopped
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return
    interrupted.abort()
    console.log('\nStopping everything that was started ...')
    // What the story is just doing ends with it, or within two seconds is left to fail by itself.
    void Promise.race([playing, delay(2000)]).then(() => stop(flags.auto ? 130 : 0))
  })
}

try {
  stack = await startStack({
    useCurrentCluster: flags['use-current-cluster'] ?? false,
    smtp,
    progress,
    onMail: ({ to, subject, file }) => {
      if (!flags.auto) progress(`Mail to ${to.join(', ')}, ${JSON.stringify(subject)}: ${file}`)
    },
    onRestart: name => {
      if (!flags.auto) progress(`${name} died and runs again`)
      if (stack && readyFile && !interrupted.signal.aborted) writeReadyFile(readyFile, stack)
    },
  })
  if (readyFile) writeReadyFile(readyFile, stack)
  if (flags.auto) {
    playing = playStory(stack, interrupted.signal)
    const cameTrue = await playing
    await stop(interrupted.signal.aborted ? 130 : cameTrue ? 0 : 1)
  } else {
    console.log(welcome(stack))
    // The processes of the stack keep nothing here alive; Ctrl-C ends this.
    setInterval(() => {}, 2 ** 30)
  }
} catch (error) {
  if (!stopped) console.error(error instanceof Error ? error.message : error)
  await stop(1)
}
