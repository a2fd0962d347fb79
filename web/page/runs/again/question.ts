/** The operator's mark at the end of a text that it cut. */
const CUT = / … \(cut; \d+ bytes\)$/

/**
 * Whether an agent's last words ask for an answer: a sentence of their last paragraph ends in a question mark, in any
 * script. A guess, and no more hangs on it than where the box for an answer stands.
 */
export function readsLikeQuestion(output: string): boolean {
  const said = output.replace(CUT, '').trimEnd()
  const last = said.split(/\n\s*\n/).at(-1) ?? ''
  return /[?？؟՞](?=[\s"'”’»)\]*_]|$)/.test(last)
}
