// `npm run bench`: what the product costs, as ratios within one run, since machines are noisy.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Stack, startStack } from '../demo/stack.ts'
import { burst } from './burst.ts'
import { conditions } from './conditions.ts'
import { expiry } from './expiry.ts'
import { fairness } from './fairness.ts'
import { gates } from './gates.ts'
import { hangingMail } from './hanging-mail.ts'
import type { Figure, Measurement } from './measurement.ts'
import { pending } from './pending.ts'
import { plotGrowth } from './plot.ts'
import { resume } from './resume.ts'
import { startSilence } from './silence.ts'
import { turns } from './turns.ts'

const LEVELS = [100, 1000, 10_000]
const measurements = (levels: readonly number[]): readonly Measurement[] => [
  conditions,
  resume,
  burst,
  gates,
  hangingMail,
  turns,
  fairness,
  expiry,
  pending(levels),
]
const NAMES = measurements(LEVELS)
  .map(({ name }) => name)
  .join(', ')

const USAGE = `Usage: npm run bench -- [flags]
  --only NAME   one measurement: ${NAMES}
  --pending N   how many wait at most (default 10000, on the way 100 and 1000)
  --json FILE   write the figures to FILE as well, by name
  --svg FILE    write a plot of what grows with the number that wait to FILE`

const readFlags = () => {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        pending: { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const most = Number(values.pending ?? LEVELS.at(-1))
    if (!Number.isInteger(most) || most < 50) throw new Error('--pending wants a number from 50')
    const levels = [...LEVELS.filter(level => level < most), most]
    const chosen = measurements(levels).filter(
      ({ name }) => values.only === undefined || name === values.only,
    )
    if (chosen.length === 0)
      throw new Error(`--only wants one of ${NAMES}, not ${JSON.stringify(values.only)}`)
    return { ...values, chosen }
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

const progress = (line: string) => console.error(line)
const silence = await startSilence()
let stack: Stack | undefined
let stopping: Promise<void> | undefined
const stop = (): Promise<void> => {
  stopping ??= (stack?.stop() ?? Promise.resolve()).finally(() => silence.stop())
  return stopping
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stop().then(() => process.exit(130)))

try {
  const smtp = { url: `smtp://127.0.0.1:${silence.port}`, host: '127.0.0.1', port: silence.port }
  stack = await startStack({ smtp, progress })
  const figures: Figure[] = []
  for (const measurement of flags.chosen) {
    progress(`Measuring: ${measurement.name}`)
    figures.push(...(await measurement.run(stack, progress)))
  }
  const width = Math.max(...figures.map(({ name }) => name.length))
  for (const { name, value, unit, what } of figures) {
    console.log(`${name.padEnd(width)}  ${value.toFixed(2).padStart(9)} ${unit.padEnd(3)} ${what}`)
  }
  if (flags.json) {
    const named = Object.fromEntries(figures.map(({ name, value }) => [name, value]))
    writeFileSync(flags.json, `${JSON.stringify(named, null, 2)}\n`)
  }
  const plot = plotGrowth(figures)
  if (flags.svg && plot !== undefined) writeFileSync(flags.svg, plot)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stop()
}
