// `npm run torture`: everything around a mixed load fails for some minutes; then a check from outside whether what was
// promised was kept.

import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { repository, run } from '../checks.ts'
import { startControlPlane } from '../controlplane/controlplane.ts'
import { installApi } from '../manifests.ts'
import { groundOn } from './ground.ts'
import { runPoints } from './points/run.ts'
import { torture } from './torture.ts'

const USAGE = `Usage: npm run torture -- [flags]
  --minutes N   let everything fail for N minutes over a mixed load (default 10), then check every run
  --seed S      the load, blows and faults of requests of the run that printed this seed (default: others each time)
  --log FILE    write each thing that went wrong to FILE, with its time (ms), a line of JSON each
  --points      instead: kill the operator before and after every write and effect in the life of a run
  --rounds N    with --points: runs that die at each of them (default 100)
  --model       instead: check the real controllers in every order of events, deeper than \`npm test\` does`

interface Flags {
  readonly minutes: number
  readonly seed: number
  readonly rounds: number
  readonly log: string | undefined
  readonly what: 'faults' | 'points' | 'model' | 'help'
}

const readFlags = (): Flags => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      log: { type: 'string' },
      points: { type: 'boolean' },
      rounds: { type: 'string' },
      model: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const number = (name: 'minutes' | 'seed' | 'rounds', otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name])
    if (!(value >= 0) || (name !== 'minutes' && !Number.isInteger(value)))
      throw new Error(`--${name} wants a number, not ${JSON.stringify(values[name])}`)
    return value
  }
  return {
    minutes: number('minutes', 10),
    seed: number('seed', randomInt(2 ** 31)),
    rounds: number('rounds', 100),
    log: values.log,
    what: values.help ? 'help' : values.points ? 'points' : values.model ? 'model' : 'faults',
  }
}

const flags = (() => {
  try {
    return readFlags()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : 'bad flags'}\n\n${USAGE}`)
    process.exit(2)
  }
})()

const progress = (line: string) => console.error(line)
const table = (title: string, counts: ReadonlyMap<string, number>) => {
  console.log(title)
  for (const [name, times] of [...counts].sort()) console.log(`  ${String(times).padStart(6)}  ${name}`)
}
const conclude = (faults: readonly string[]) => {
  for (const fault of faults) console.log(`FAULT  ${fault}`)
  console.log(faults.length === 0 ? 'Everything that was promised was kept.' : `${faults.length} faults`)
  if (faults.length > 0) process.exitCode = 1
}

const points = async () => {
  const plane = await startControlPlane({
    prepare: ({ kubectl, adminKubeconfig }) => installApi({ kubectl, kubeconfig: adminKubeconfig }),
  })
  const ground = await groundOn({ kubectl: plane.kubectl, kubeconfig: plane.adminKubeconfig })
  try {
    const { deaths, runs, faults } = await runPoints({ ground, rounds: flags.rounds, lanes: 3, progress })
    console.log(`${deaths} operators were killed over ${runs} runs`)
    conclude(faults)
  } finally {
    await ground.leave()
    await plane.stop()
  }
}

const byChance = async () => {
  const { minutes, seed } = flags
  console.log(`Seed ${seed}`)
  const { runs, trouble, faults, log } = await torture({ seconds: minutes * 60, seed, progress })
  if (flags.log !== undefined) writeFileSync(flags.log, log.map(one => `${JSON.stringify(one)}\n`).join(''))
  table('What went wrong on the way:', trouble)
  table('Runs:', runs)
  conclude(faults)
  if (faults.length > 0) console.log(`Again: npm run torture -- --minutes ${minutes} --seed ${seed}`)
}

switch (flags.what) {
  case 'help':
    console.log(USAGE)
    break
  case 'points':
    await points()
    break
  case 'model':
    process.exitCode = await run(
      process.execPath,
      [`${repository}/node_modules/vitest/vitest.mjs`, 'run', '--project=unit', 'operator/model-check'],
      { MODEL_CHECK: 'deep' },
    )
    break
  default:
    await byChance()
}
