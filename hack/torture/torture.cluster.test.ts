import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { torture } from './torture.ts'

describe('a minute in which everything fails', () => {
  it('leaves every run as it was promised, its calls made once or not at all, and the record whole', async () => {
    const seed = randomInt(2 ** 31)
    const { runs, trouble, faults } = await torture({ seconds: 60, seed, progress: () => {} })
    expect(faults, `npm run torture -- --minutes 1 --seed ${seed}`).toEqual([])
    // Else nothing was tried.
    expect(runs.size).toBeGreaterThan(0)
    expect(trouble.size).toBeGreaterThan(0)
  }, 600_000)
})
