import { useSyncExternalStore } from 'react'

export const sections = ['approvals', 'runs', 'agents', 'audit', 'keys'] as const
export type Section = (typeof sections)[number]

/** Where one is: `/projects/shop/approvals/NAME?run=NAME` or `?settings`. */
export interface Place {
  readonly project?: string
  readonly section: Section
  readonly name?: string
  /** The run whose drawer is open over the page. */
  readonly run?: string
  /** Whether the notification settings are open over the page. */
  readonly settings?: boolean
}

export function placeOf(url: string): Place {
  const { pathname, searchParams } = new URL(url, 'http://page')
  const [first, project, section, name] = pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const run = searchParams.get('run')
  return {
    ...(first === 'projects' && project !== undefined ? { project } : {}),
    section: sections.find(known => known === section) ?? 'approvals',
    ...(name === undefined ? {} : { name }),
    ...(run === null ? {} : { run }),
    ...(searchParams.has('settings') ? { settings: true } : {}),
  }
}

export function urlOf({ project, section, name, run, settings }: Place): string {
  if (project === undefined) return '/'
  const path = ['', 'projects', project, section, ...(name === undefined ? [] : [name])]
  const over = run !== undefined ? `?run=${encodeURIComponent(run)}` : settings ? '?settings' : ''
  return path.map(encodeURIComponent).join('/') + over
}

export function go(place: Place, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', urlOf(place))
  dispatchEvent(new PopStateEvent('popstate'))
}

const subscribe = (listener: () => void) => {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(subscribe, () => location.pathname + location.search))
}
