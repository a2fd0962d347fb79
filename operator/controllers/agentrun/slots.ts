/** How much may be under way at once, in this process: questions to models and calls of tools. */
export interface SlotLimits {
  /** Of one project, both together. */
  readonly perProject: number
  /** By name, the projects that may have more or fewer than that. */
  readonly projects?: ReadonlyMap<string, number>
  /** Questions to one model. */
  readonly perModel: number
  /** Calls of the tools of one server. */
  readonly perToolset: number
}

/** What has room for so much at once. */
export type LimitKind = 'project' | 'model' | 'toolset'

/**
 * How many have a slot of that kind, and how many wait for one. Each slot is one of a project as well. Whoever waits is
 * counted wherever there is no room: under its project, under its model or tool server, or under both.
 */
export type SlotCounts = Readonly<Record<LimitKind, { readonly held: number; readonly waiting: number }>>

/** Something that a run wants to begin in the outside world. */
export interface Work {
  readonly runUID: string
  /** `model`, or the id of a call. */
  readonly id: string
  readonly project: string
  /** Which model or tool server it is for, and how much of it may be under way at once. */
  readonly server: string
  readonly limit: number
  /** A question, or a call of a tool, which people may have approved: it comes first where both wait for room of a project. */
  readonly kind: 'model' | 'toolset'
  /** Has the run looked at again. */
  readonly wake: () => void
}

/**
 * Who may begin what. Nothing is refused: what finds no room stands in line, and its run is woken when it is its turn. In
 * the line for a model or a tool server projects take turns, and of one project the oldest comes first; a project that has
 * all that it may have is passed over, and a line that does not move holds up no other line.
 */
export interface Slots {
  /**
   * Takes a slot, or stands in line for it: false. Who has one may ask again; who asks for another server than before
   * gives up its place.
   */
  take(work: Work): boolean
  /** The work is over, or will not be begun. */
  give(runUID: string, id: string): void
  /**
   * A look at a run is over: what was not asked for in it is not stood in line for any more, and a slot that was not made
   * use of is given back. @param underWay whether this work was begun
   */
  looked(runUID: string, underWay: (id: string) => boolean): void
  counts(): SlotCounts
  /** Who has a slot (`Granted`: kept for a run that was woken), then who stands in line, in its order. */
  places(): readonly Place[]
}

/** Where some work stands. */
export interface Place {
  readonly work: Work
  readonly state: 'Waiting' | 'Granted' | 'Taken'
}

interface Entry extends Place {
  state: Place['state']
  /** In the look that goes on, or since the last one. */
  asked: boolean
}

const NONE = { held: 0, waiting: 0 } as const

/** Slots without a limit. */
export const unlimited: Slots = {
  take: () => true,
  give: () => {},
  looked: () => {},
  counts: () => ({ project: NONE, model: NONE, toolset: NONE }),
  places: () => [],
}

/** Slots with a limit of each project, and of whatever the work is for. */
export const createSlots = ({ perProject, projects }: Pick<SlotLimits, 'perProject' | 'projects'>): Slots => {
  /** By run, then by work. */
  const entries = new Map<string, Map<string, Entry>>()
  /** By server, then by project: who stands in line, oldest first. The first project is the next to be served. */
  const lines = new Map<string, Map<string, Set<Entry>>>()
  const used = { project: new Map<string, number>(), server: new Map<string, number>() }
  const held = { model: 0, toolset: 0 }

  const serverHasRoom = ({ server, limit }: Work): boolean => (used.server.get(server) ?? 0) < limit
  const projectHasRoom = (project: string): boolean =>
    (used.project.get(project) ?? 0) < (projects?.get(project) ?? perProject)
  const hasRoom = (work: Work): boolean => serverHasRoom(work) && projectHasRoom(work.project)

  const count = ({ project, server, kind }: Work, by: 1 | -1): void => {
    held[kind] += by
    for (const [map, key] of [
      [used.project, project],
      [used.server, server],
    ] as const) {
      const now = (map.get(key) ?? 0) + by
      if (now === 0) map.delete(key)
      else map.set(key, now)
    }
  }

  const stand = (entry: Entry): void => {
    const { server, project } = entry.work
    const line = lines.get(server) ?? new Map<string, Set<Entry>>()
    const group = line.get(project) ?? new Set<Entry>()
    lines.set(server, line.set(project, group.add(entry)))
  }

  const leave = (entry: Entry): void => {
    const { server, project } = entry.work
    const line = lines.get(server)
    const group = line?.get(project)
    if (!group?.delete(entry)) return
    if (group.size === 0) line?.delete(project)
    if (line?.size === 0) lines.delete(server)
  }

  /** The next of a line that has room; its project goes to the end of the line. */
  const nextOf = (line: Map<string, Set<Entry>>): Entry | undefined => {
    for (const [project, group] of line) {
      const [first] = group
      if (!first || !hasRoom(first.work)) continue
      line.delete(project)
      line.set(project, group)
      return first
    }
    return undefined
  }

  /** All of a line want the same. */
  const kindOf = (line: Map<string, Set<Entry>>): Work['kind'] | undefined => {
    const [group] = line.values()
    const [sample] = group ?? []
    return sample?.work.kind
  }

  /** Lines take turns too, calls before questions: else the oldest line had all the room of a project. */
  const nextOfAll = (): Entry | undefined => {
    for (const kind of ['toolset', 'model'] as const) {
      for (const [server, line] of lines) {
        if (kindOf(line) !== kind) continue
        const next = nextOf(line)
        if (!next) continue
        lines.delete(server)
        lines.set(server, line)
        return next
      }
    }
    return undefined
  }

  const serve = (): void => {
    for (let next = nextOfAll(); next !== undefined; next = nextOfAll()) {
      leave(next)
      next.state = 'Granted'
      count(next.work, 1)
      next.work.wake()
    }
  }

  const remove = (entry: Entry): void => {
    const { runUID, id } = entry.work
    const own = entries.get(runUID)
    own?.delete(id)
    if (own?.size === 0) entries.delete(runUID)
    if (entry.state === 'Waiting') leave(entry)
    else {
      count(entry.work, -1)
      serve()
    }
  }

  return {
    take: work => {
      const known = entries.get(work.runUID)?.get(work.id)
      if (known && known.state !== 'Taken' && known.work.server !== work.server) remove(known)
      else if (known) {
        known.asked = true
        if (known.state === 'Waiting') return false
        known.state = 'Taken'
        return true
      }
      const entry: Entry = { work, state: 'Waiting', asked: true }
      const own = entries.get(work.runUID) ?? new Map<string, Entry>()
      entries.set(work.runUID, own.set(work.id, entry))
      // Where there is room nobody stands in line for it: they are served as soon as there is.
      if (!hasRoom(work)) {
        stand(entry)
        return false
      }
      entry.state = 'Taken'
      count(work, 1)
      return true
    },
    give: (runUID, id) => {
      const entry = entries.get(runUID)?.get(id)
      if (entry) remove(entry)
    },
    looked: (runUID, underWay) => {
      for (const entry of [...(entries.get(runUID)?.values() ?? [])]) {
        const idle = entry.state === 'Taken' ? !underWay(entry.work.id) : !entry.asked
        entry.asked = false
        if (idle) remove(entry)
      }
    },
    counts: () => {
      const waiting = { project: 0, model: 0, toolset: 0 }
      for (const line of lines.values())
        for (const [project, group] of line) {
          const [first] = group
          if (!first) continue
          if (!projectHasRoom(project)) waiting.project += group.size
          if (!serverHasRoom(first.work)) waiting[first.work.kind] += group.size
        }
      return {
        project: { held: held.model + held.toolset, waiting: waiting.project },
        model: { held: held.model, waiting: waiting.model },
        toolset: { held: held.toolset, waiting: waiting.toolset },
      }
    },
    places: () => [
      ...[...entries.values()].flatMap(own => [...own.values()].filter(({ state }) => state !== 'Waiting')),
      ...[...lines.values()].flatMap(line => [...line.values()].flatMap(group => [...group])),
    ],
  }
}
