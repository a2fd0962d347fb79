import type { Approval } from '../../api/types.ts'
import { wordsOf } from '../../json/leaves.ts'

// A request never changes what it asks for: its words are put together once.
const known = new WeakMap<object, string>()

function wordsIn({ name, run, agent, tool, message, requestedBy, params }: Approval): string {
  // Each reading of a request brings new params, so the words are kept by them.
  let words = known.get(params)
  if (words === undefined) {
    const own = [name, run, agent, tool, message ?? '', requestedBy ?? ''].join('\n').toLowerCase()
    words = `${own}\n${wordsOf(params)}`
    known.set(params, words)
  }
  return words
}

/** Those in which every word of `typed` stands: in agent, tool, run, message or parameters. */
export function filtered(waiting: readonly Approval[], typed: string): readonly Approval[] {
  const terms = typed.toLowerCase().split(/\s+/).filter(Boolean)
  if (terms.length === 0) return waiting
  return waiting.filter(approval => {
    const words = wordsIn(approval)
    return terms.every(term => words.includes(term))
  })
}
