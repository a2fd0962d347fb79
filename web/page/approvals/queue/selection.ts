import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Approval } from '../../api/types.ts'

export interface Selection {
  /** By UID, as each is now. */
  readonly selected: ReadonlyMap<string, Approval>
  /** Selects or lets go; with `among`, all between the last one and this. */
  toggle(approval: Approval, among?: readonly Approval[]): void
  add(approvals: readonly Approval[]): void
  remove(uids: Iterable<string>): void
  clear(): void
}

/** Which requests somebody has selected; one that does not wait any more is told to `onLost` and let go. */
export function useSelection(
  pending: readonly Approval[] | undefined,
  onLost: (names: readonly string[]) => void,
): Selection {
  const [selected, setSelected] = useState<ReadonlyMap<string, Approval>>(new Map())
  const last = useRef<string>(undefined)
  const change = useCallback((edit: (map: Map<string, Approval>) => void) => {
    setSelected(old => {
      const next = new Map(old)
      edit(next)
      return next
    })
  }, [])
  const toggle = useCallback(
    (approval: Approval, among?: readonly Approval[]) => {
      const from = among?.findIndex(({ uid }) => uid === last.current) ?? -1
      const to = among?.findIndex(({ uid }) => uid === approval.uid) ?? -1
      last.current = approval.uid
      change(map => {
        if (among !== undefined && from !== -1 && to !== -1) {
          for (const one of among.slice(Math.min(from, to), Math.max(from, to) + 1)) map.set(one.uid, one)
        } else if (!map.delete(approval.uid)) map.set(approval.uid, approval)
      })
    },
    [change],
  )
  const add = useCallback(
    (approvals: readonly Approval[]) => change(map => approvals.forEach(one => void map.set(one.uid, one))),
    [change],
  )
  const remove = useCallback(
    (uids: Iterable<string>) => change(map => [...uids].forEach(uid => void map.delete(uid))),
    [change],
  )
  const clear = useCallback(() => setSelected(new Map()), [])

  useEffect(() => {
    if (selected.size === 0 || pending === undefined) return
    const now = new Map(pending.map(approval => [approval.uid, approval]))
    const lost = [...selected.values()].filter(({ uid }) => !now.has(uid))
    const changed = [...selected.values()].some(one => now.has(one.uid) && now.get(one.uid) !== one)
    if (lost.length > 0) onLost(lost.map(({ name }) => name))
    if (lost.length > 0 || changed) {
      setSelected(
        new Map([...selected.keys()].flatMap(uid => [[uid, now.get(uid)]] as const).filter(isThere)),
      )
    }
  }, [pending, selected, onLost])
  return useMemo(() => ({ selected, toggle, add, remove, clear }), [selected, toggle, add, remove, clear])
}

const isThere = (entry: readonly [string, Approval | undefined]): entry is readonly [string, Approval] =>
  entry[1] !== undefined
