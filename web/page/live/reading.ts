import type { Api } from '../api/client.ts'
import type { Approval, Page } from '../api/types.ts'

/** The gateway takes so many names at once, and no longer an address. */
const maxNames = 100
const maxLength = 6000

/** Cuts names into lists that one address can hold. */
export function batches(names: Iterable<string>): string[][] {
  const found: string[][] = []
  let length = 0
  for (const name of names) {
    const last = found.at(-1)
    length += name.length + 3
    if (last !== undefined && last.length < maxNames && length <= maxLength) last.push(name)
    else {
      found.push([name])
      length = name.length + 3
    }
  }
  return found
}

/** Reads all that waits, a page at a time; `progress` hears how many there are so far. */
export async function readPending(
  api: Api,
  project: string,
  signal: AbortSignal,
  progress: (count: number) => void,
): Promise<Map<string, Approval>> {
  const found = new Map<string, Approval>()
  let next: string | undefined
  do {
    const query = { phase: 'Pending', limit: 500, continue: next }
    const page = await api.get<Page<Approval>>(`/projects/${project}/approvals`, query, signal)
    for (const item of page.items) found.set(item.name, item)
    next = page.continue
    progress(found.size)
  } while (next !== undefined)
  return found
}

/** Reads these; one that is not in the answer is not there, or not yet. */
export async function readNames(
  api: Api,
  project: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Approval[]> {
  const query = { names: names.join(',') }
  return (await api.get<Page<Approval>>(`/projects/${project}/approvals`, query, signal)).items
}
