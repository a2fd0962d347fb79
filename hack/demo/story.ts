import { readFileSync } from 'node:fs'
import type { Stack } from './stack.ts'
import { cannotBeEvaluated, decidedSingly } from './story/gated.ts'
import { largeRefund, operatorKilled, smallRefund } from './story/granted.ts'
import { recordTellsItAll } from './story/record.ts'
import {
  forgottenEnds,
  forgottenStarts,
  rejectedAndAdapts,
  rejectedAndFails,
  withoutRight,
} from './story/refused.ts'
import { createStage } from './story/stage.ts'
import { createTeller } from './story/teller.ts'

/** In this order: the first request takes 30 seconds to time out, and the last scene tells of all the others. */
const SCENES = [
  forgottenStarts,
  smallRefund,
  largeRefund,
  withoutRight,
  rejectedAndFails,
  rejectedAndAdapts,
  cannotBeEvaluated,
  decidedSingly,
  forgottenEnds,
  operatorKilled,
  recordTellsItAll,
]

const PROLOGUE = `
An AI agent manages the orders of a shop. It may pay back up to 1,000 EUR by itself; more than that, and
every cancellation, a person must countersign before it happens. The people: alice (Owner), bob (Admin, who
starts runs), carol (Member) and mallory (nobody). Lines with "$" are typed into a shell, lines with ">"
are sent to the REST API under /api/v1/projects/shop, and what stands below them is what came back.`

/**
 * Plays the story, with the real kubectl and plugins and the REST API, and checks each outcome against what the
 * cluster and the order tools say. Ends at the first that differs, or silently when it is `interrupted`; resolves to
 * whether all came true.
 */
export const playStory = async (stack: Stack, interrupted: AbortSignal): Promise<boolean> => {
  const teller = createTeller(line => console.log(line))
  console.log(PROLOGUE)
  try {
    const stage = createStage(stack, teller, interrupted)
    for (const play of SCENES) await play(stage)
    const { scenes, checks } = teller.counts()
    console.log(`\nThe whole story came true: ${checks} checks in ${scenes} scenes.`)
    return true
  } catch (error) {
    if (interrupted.aborted) return false
    teller.broke(error)
    const logOf = (name: 'operator' | 'gateway') => readFileSync(stack.log(name), 'utf8')
    console.log(`\nThe story ends here. Logs of operator and gateway:\n`)
    console.log(`${lastLines(logOf('operator'))}\n\n${lastLines(logOf('gateway'))}`)
    return false
  }
}

const lastLines = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .slice(-15)
    .map(line => `  ${line.slice(0, 300)}`)
    .join('\n')
