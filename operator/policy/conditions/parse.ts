import { parseByJsep } from './jsep.ts'
import { respell } from './respell.ts'
import type { Node } from './syntax.ts'
import { Refusal, tokenize } from './tokens.ts'
import { misread, toNode } from './tree.ts'

// A condition is read by jsep, between two strict steps of our own. Precedence is Python's, loosest first:
//
//   or ||   and &&   not !   == != < <= > >= in, not in, is, is not
//
//   tokenize   the characters: refuses every one that means nothing here, and knows the place of each token
//   respell    the order of the tokens: refuses what jsep would forgive, and writes them as jsep's operators and names
//   jsep       the structure
//   toNode     the tree as ours, held against the tokens; refuses what can be read in two ways

/** Parses a condition. Throws `Refusal`. Its length is bounded by the caller. */
export function parse(source: string): Node {
  const tokens = tokenize(source)
  const text = respell(tokens)
  try {
    return toNode(parseByJsep(text), tokens, source)
  } catch (error) {
    // After respell jsep has nothing to refuse: whatever it throws, or hands on that is no tree, is a misreading too.
    throw error instanceof Refusal ? error : misread(0)
  }
}
