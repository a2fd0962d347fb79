import { useEffect, useRef } from 'react'
import type { Approval } from '../api/types.ts'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'

/** The request of the address: from those that wait, or read by its name where it does not wait (any more). */
export function useChosen(name: string | undefined): {
  readonly shown: Approval | undefined
  readonly error: Error | undefined
} {
  const { api, project } = useHere()
  const { pending, changes } = useSnapshot()
  const known = pending?.find(item => item.name === name)
  const path = `/projects/${project}/approvals/${name}`
  const elsewhere = name !== undefined && pending !== undefined && known === undefined
  const other = useLoaded<Approval | undefined>(
    signal => (elsewhere ? api.get(path, {}, signal) : Promise.resolve(undefined)),
    `${name} ${elsewhere}`,
    elsewhere ? changes : 0,
  )
  // What was shown stays until it has been read again.
  const last = useRef<Approval>(undefined)
  const shown = known ?? other.value ?? (last.current?.name === name ? last.current : undefined)
  useEffect(() => {
    if (shown !== undefined) last.current = shown
  })
  return { shown, error: elsewhere ? other.error : undefined }
}
