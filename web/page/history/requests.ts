import { useCallback, useEffect, useRef, useState } from 'react'
import type { Approval, AuditEntry, Page } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'

const AT_ONCE = 100

/** The request that an entry tells of, if it is still there. */
export type RequestOf = (entry: AuditEntry) => Approval | undefined

/**
 * The requests that entries tell of, as far as they are still there: they go with their runs, the log stays. Each is
 * read once, as what is settled does not change.
 */
export function useRequests(entries: readonly AuditEntry[] | undefined): RequestOf {
  const { api, project } = useHere()
  const asked = useRef(new Set<string>())
  const [known, setKnown] = useState<ReadonlyMap<string, Approval>>(new Map())
  useEffect(() => {
    const all = (entries ?? []).flatMap(({ approvalRequest: name }) => (name === undefined ? [] : [name]))
    const names = [...new Set(all)].filter(name => !asked.current.has(name))
    for (const name of names) asked.current.add(name)
    for (let from = 0; from < names.length; from += AT_ONCE) {
      const some = names.slice(from, from + AT_ONCE)
      api
        .get<Page<Approval>>(`/projects/${project}/approvals`, { names: some.join(','), limit: AT_ONCE })
        .then(
          ({ items }) => setKnown(old => new Map([...old, ...items.map(item => [item.name, item] as const)])),
          // What they would add is left out; it is asked for again with the next page.
          () => {
            for (const name of some) asked.current.delete(name)
          },
        )
    }
  }, [api, project, entries])
  return useCallback(
    ({ approvalRequest = '', callDigest }) => {
      const request = known.get(approvalRequest)
      // Another run may have had this name, and so another call its request.
      return request !== undefined && request.callDigest === callDigest ? request : undefined
    },
    [known],
  )
}

/** How long a request waited for its settlement, in milliseconds, where that is known. */
export function waitedFor(entry: AuditEntry, request: Approval | undefined): number | undefined {
  if (request === undefined) return undefined
  return Math.max(0, Date.parse(request.decidedAt ?? entry.time) - Date.parse(request.requestedAt))
}
