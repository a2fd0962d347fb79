import { createSlots, type Slots, type Work } from '../controllers/agentrun/slots.ts'

/*
 * One slot for two runs: the one that is explored, and another of the same project, of which nothing matters but that it
 * asks for the slot when it likes and gives it back in the end.
 */

/** Who has the slot or stands in line for it, as plain data. */
export interface KeptPlace extends Omit<Work, 'wake'> {
  readonly state: 'Waiting' | 'Granted' | 'Taken'
}

const OTHER: Work = {
  runUID: 'uid-other',
  id: 'model',
  kind: 'model',
  project: 'shop',
  server: 'model of another agent',
  limit: 1,
  wake: () => {},
}

/** The line, in its order: who has the slot comes first. */
export const keepLine = (slots: Slots): KeptPlace[] =>
  slots.places().map(({ work: { wake: _wake, ...work }, state }) => ({ ...work, state }))

/** The reverse of `keepLine`, between two looks. */
export const recallLine = (kept: readonly KeptPlace[]): Slots => {
  const slots = createSlots({ perProject: 1 })
  for (const { state, ...rest } of kept) {
    const work = { ...rest, wake: () => {} }
    if (state !== 'Granted') slots.take(work)
    else {
      // Whoever is granted something stood in line for it.
      const before = { ...OTHER, runUID: 'uid-before' }
      slots.take(before)
      slots.take(work)
      slots.give(before.runUID, before.id)
    }
  }
  for (const { runUID } of kept) slots.looked(runUID, () => true)
  return slots
}

/** A line after something was done to it. */
export const changeLine = (
  kept: readonly KeptPlace[],
  change: (slots: Slots) => void,
): readonly KeptPlace[] => {
  const slots = recallLine(kept)
  change(slots)
  return keepLine(slots)
}

/** What the other run may do now. It gives back what it has; nobody makes it ask. */
export const byOther = (
  kept: readonly KeptPlace[],
): { label: string; line: readonly KeptPlace[]; fair: boolean }[] => {
  const state = kept.find(({ runUID }) => runUID === OTHER.runUID)?.state
  const take = () => changeLine(kept, slots => slots.take(OTHER))
  const give = () => changeLine(kept, slots => slots.give(OTHER.runUID, OTHER.id))
  switch (state) {
    case undefined:
      return [{ label: 'is asked for a slot by another run', line: take(), fair: false }]
    case 'Granted':
      return [{ label: 'gives another run its turn', line: take(), fair: true }]
    case 'Taken':
      return [{ label: 'gets the slot of another run back', line: give(), fair: true }]
    case 'Waiting':
      return [{ label: 'hears that another run leaves the line', line: give(), fair: false }]
  }
}
