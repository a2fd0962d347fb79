import { go, type Place, placeOf, urlOf } from '../../router.ts'

/** The run whose drawer is open: `?run=NAME` over any page, or `/runs/NAME`. */
export const openRun = (place: Place): string | undefined =>
  place.run ?? (place.section === 'runs' ? place.name : undefined)

/** The page that the drawer stands over. */
export function beneath(place: Place): Place {
  const { run, name, ...list } = place
  return run === undefined ? list : { ...list, ...(name === undefined ? {} : { name }) }
}

/** Another run's drawer over the same page. */
export const placeOfRun = (place: Place, name: string): Place =>
  place.run === undefined && place.section === 'runs' ? { ...place, name } : { ...place, run: name }

interface Entry {
  readonly key: string
  readonly url: string | null
}

/** What we use of the browser's Navigation API, where it has one. */
interface Navigation {
  readonly currentEntry: { readonly index: number } | null
  entries(): readonly Entry[]
  traverseTo(key: string): { readonly finished: Promise<unknown> }
}

/**
 * Closes the drawer: back to where it was opened from, so that going back afterwards does not open it again. Where it was
 * opened by its own address, to the page beneath.
 */
export function leave(place: Place): void {
  const { navigation } = globalThis as { navigation?: Navigation }
  const wanted = urlOf(beneath(place))
  const from = openedFrom(
    navigation?.entries().map(({ url }) => url) ?? [],
    navigation?.currentEntry?.index ?? 0,
    wanted,
  )
  const entry = from === undefined ? undefined : navigation?.entries()[from]
  if (navigation === undefined || entry === undefined) {
    go(beneath(place))
    return
  }
  navigation.traverseTo(entry.key).finished.catch(() => go(beneath(place)))
}

/** The place in the browser's history before the drawer was opened over `wanted`; undefined where it is another page. */
export function openedFrom(
  urls: readonly (string | null)[],
  current: number,
  wanted: string,
): number | undefined {
  for (let at = current - 1; at >= 0; at--) {
    const place = placeOf(urls[at] ?? '')
    if (openRun(place) === undefined) return urlOf(place) === wanted ? at : undefined
  }
  return undefined
}
