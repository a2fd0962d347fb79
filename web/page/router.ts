import { useSyncExternalStore } from 'react'

export const sections = ['approvals', 'runs', 'agents', 'audit', 'keys'] as const
export type Section = (typeof sections)[number]

/** Where one is: `/projects/shop/approvals/NAME?run=NAME` or `?settings`. */
export interface Place {
  readonly project?: string
  readonly section: Section
  readonly name?: string
  /** What the address names in place of a section. */
  readonly unknown?: string
  /** The run whose drawer is open over the page. */
  readonly run?: string
  /** Whether the notification settings are open over the page. */
  readonly settings?: boolean
  /** What the section's list is filtered by, so that a view can be shared. Absent in `go`: as it is in that section. */
  readonly query?: Query
}

export type Query = Readonly<Record<string, string>>

export function placeOf(url: string): Place {
  const { pathname, searchParams } = new URL(url, 'http://page')
  const [first, project, section, name] = pathname.split('/').filter(Boolean).map(decoded)
  const run = searchParams.get('run')
  const query = [...searchParams].filter(
    ([key, value]) => key !== 'run' && key !== 'settings' && value !== '',
  )
  return {
    ...(first === 'projects' && project !== undefined ? { project } : {}),
    section: sections.find(known => known === section) ?? 'approvals',
    ...(section === undefined || sections.some(known => known === section) ? {} : { unknown: section }),
    ...(name === undefined ? {} : { name }),
    ...(run === null ? {} : { run }),
    ...(searchParams.has('settings') ? { settings: true } : {}),
    ...(query.length === 0 ? {} : { query: Object.fromEntries(query) }),
  }
}

/** An address that somebody mistyped is no reason to fail. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function urlOf({ project, section, name, run, settings, query = {} }: Place): string {
  if (project === undefined) return '/'
  const path = ['', 'projects', project, section, ...(name === undefined ? [] : [name])]
  const pairs = Object.entries(query).filter(([, value]) => value !== '')
  const said = [
    ...(run === undefined ? [] : [`run=${encodeURIComponent(run)}`]),
    ...(settings && run === undefined ? ['settings'] : []),
    ...(pairs.length === 0 ? [] : [String(new URLSearchParams(pairs))]),
  ]
  return path.map(encodeURIComponent).join('/') + (said.length === 0 ? '' : `?${said.join('&')}`)
}

export function go(place: Place, how: 'push' | 'replace' = 'push'): void {
  const before = placeOf(location.href)
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', urlOf({ ...filtersHere(place), ...place }))
  dispatchEvent(new PopStateEvent('popstate'))
  // Another page begins at its top; and a request is shown at the top of its page.
  const chosen = place.section === 'approvals' && place.name !== undefined && place.name !== before.name
  if (how === 'push' && (place.section !== before.section || chosen)) scrollTo({ top: 0 })
}

/** Who opens a run or chooses a request over a filtered list finds it filtered afterwards. */
function filtersHere({ project, section }: Place): Pick<Place, 'query'> {
  const here = placeOf(location.href)
  return here.project === project && here.section === section && here.query ? { query: here.query } : {}
}

const subscribe = (listener: () => void) => {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(subscribe, () => location.pathname + location.search))
}
