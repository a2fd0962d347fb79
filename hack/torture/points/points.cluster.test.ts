import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cluster } from '../../testing.ts'
import { type Ground, groundOn } from '../ground.ts'
import { DEATHS } from './points.ts'
import { runPoints } from './run.ts'

let ground: Ground
beforeAll(async () => {
  ground = await groundOn(cluster())
})
afterAll(async () => {
  await ground?.leave()
})

describe('an operator that is killed at a write or an effect', () => {
  it('leaves nothing that is lost, made twice or not recorded: before and after each of them, three times', async () => {
    const { runs, faults } = await runPoints({ ground, rounds: 3, lanes: 3, progress: () => {} })
    expect(faults).toEqual([])
    expect(runs).toBe(3 * DEATHS.length)
  }, 900_000)
})
