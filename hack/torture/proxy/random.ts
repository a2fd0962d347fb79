/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of them. @param random in [0, 1) */
export const pick = <T>(random: () => number, from: readonly [T, ...T[]]): T =>
  from[Math.floor(random() * from.length)] ?? from[0]

/**
 * A generator for each thing that has a name, so that what happens to one does not depend on what came before it: the same
 * for the same seed, name and how often the name was asked for already.
 */
export const randomByName = (seed: number): ((name: string) => () => number) => {
  const asked = new Map<string, number>()
  return name => {
    const times = (asked.get(name) ?? 0) + 1
    asked.set(name, times)
    return randomFrom(hashOf(`${seed} ${times} ${name}`))
  }
}

/** FNV-1a, 32 bits. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
