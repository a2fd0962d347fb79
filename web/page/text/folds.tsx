import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react'

/** Counts the parts that are folded, and opens them all. */
class FoldStore {
  #folded = 0
  #all = false
  readonly #listeners = new Set<() => void>()

  readonly folded = (): number => this.#folded
  readonly all = (): boolean => this.#all

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(): () => void {
    this.#change(1)
    return () => this.#change(-1)
  }

  readonly openAll = (): void => {
    this.#all = true
    this.#tell()
  }

  #change(by: number): void {
    this.#folded += by
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

const FoldContext = createContext<FoldStore | undefined>(undefined)
/** What is not counted anywhere: a row of a table, a reason. */
const uncounted = new FoldStore()

/** Counts what is folded beneath it, so that whoever decides is told what they have not seen. */
export function Folds({ children }: { children: ReactNode }) {
  const store = useMemo(() => new FoldStore(), [])
  return <FoldContext value={store}>{children}</FoldContext>
}

/** How many parts are folded, and how to open them all. */
export function useFolds(): { readonly folded: number; openAll(): void } {
  const store = useContext(FoldContext) ?? uncounted
  const folded = useSyncExternalStore(store.subscribe, store.folded)
  return { folded, openAll: store.openAll }
}

/** Says that a part is folded while it is; returns whether all are to be open. */
export function useFolded(folded: boolean): boolean {
  const store = useContext(FoldContext) ?? uncounted
  const all = useSyncExternalStore(store.subscribe, store.all)
  useEffect(() => (folded && store !== uncounted ? store.add() : undefined), [folded, store])
  return all
}
