import { createContext, useContext } from 'react'
import type { Approval } from '../../api/types.ts'

/** Hears of what was decided in a timeline: the request as it is now, and what to say of it. */
export type Decided = (approval: Approval, words: string) => void

export const DecidedContext = createContext<Decided>(() => {})

export const useDecided = (): Decided => useContext(DecidedContext)
