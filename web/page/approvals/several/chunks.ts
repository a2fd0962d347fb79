/** The gateway takes so many decisions at once, and so large a body. */
const MOST = 100
const BYTES = 200 * 1024

export interface Wish {
  readonly name: string
  readonly verdict: 'Approve' | 'Reject'
  readonly callDigest: string
  readonly reason?: string
}

/** Cuts decisions into what the gateway takes at once. */
export function chunksOf(wishes: readonly Wish[]): Wish[][] {
  const found: Wish[][] = []
  let bytes = 0
  for (const wish of wishes) {
    const size = new TextEncoder().encode(JSON.stringify(wish)).length + 1
    const last = found.at(-1)
    if (last === undefined || last.length === MOST || bytes + size > BYTES) {
      found.push([wish])
      bytes = size
    } else {
      last.push(wish)
      bytes += size
    }
  }
  return found
}
