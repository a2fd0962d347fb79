import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react'

/** Counts the parts that are folded, and opens them all. */
class FoldStore {
  #folded = 0
  #all = false
  readonly #whoCount = new Set<() => void>()
  readonly #whoOpen = new Set<() => void>()

  readonly folded = (): number => this.#folded
  readonly all = (): boolean => this.#all

  /** Tells how many are folded, whenever that is another number. */
  readonly onCount = (listener: () => void): (() => void) => {
    this.#whoCount.add(listener)
    return () => this.#whoCount.delete(listener)
  }

  /** Tells the parts to open. */
  readonly onOpen = (listener: () => void): (() => void) => {
    this.#whoOpen.add(listener)
    return () => this.#whoOpen.delete(listener)
  }

  add(): () => void {
    this.#change(1)
    return () => this.#change(-1)
  }

  readonly openAll = (): void => {
    this.#all = true
    for (const listener of this.#whoOpen) listener()
  }

  #change(by: number): void {
    this.#folded += by
    for (const listener of this.#whoCount) listener()
  }
}

const FoldContext = createContext<FoldStore | undefined>(undefined)
/** What is not counted anywhere: a row of a table, a reason. */
const uncounted = new FoldStore()
const never = () => () => {}

/** Counts what is folded beneath it, so that whoever decides is told what they have not seen. */
export function Folds({ children }: { children: ReactNode }) {
  const store = useMemo(() => new FoldStore(), [])
  return <FoldContext value={store}>{children}</FoldContext>
}

/** How many parts are folded, and how to open them all. */
export function useFolds(): { readonly folded: number; openAll(): void } {
  const store = useContext(FoldContext) ?? uncounted
  const folded = useSyncExternalStore(store.onCount, store.folded)
  return { folded, openAll: store.openAll }
}

/** Says that a part is folded while it is; returns whether all are to be open. */
export function useFolded(folded: boolean): boolean {
  const store = useContext(FoldContext) ?? uncounted
  // Thousands of values are never folded: they need not listen.
  const all = useSyncExternalStore(folded ? store.onOpen : never, store.all)
  useEffect(() => (folded && store !== uncounted ? store.add() : undefined), [folded, store])
  return all
}
