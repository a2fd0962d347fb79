/** What a condition may read. */
export type Root = 'param' | 'context'

/** An accessor: where in the params or the context a condition reads. */
export interface AccessPath {
  readonly root: Root
  /** Names of properties and indexes of lists, outermost first. Empty: the root itself (only to the right of `in`). */
  readonly steps: readonly (string | number)[]
  /** Canonical text: `param.items[0]["unit-price"]`. */
  readonly text: string
}

/** `is` and `is not` are `==` and `!=` by the time they stand in the tree. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

/** The tree of a condition. `start` and `end` delimit its text in the source. */
export type Node = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly path: AccessPath }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'not'; readonly operand: Node }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Node[] }
  | { readonly kind: 'compare'; readonly op: Comparison; readonly left: Node; readonly right: Node }
)

const PLAIN_NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/

/** Canonical text of one step of a path: `.name`, `["other name"]` or `[0]`. */
export function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`
  return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}

/** An accessor with its canonical text. */
export function accessPath(root: Root, steps: readonly (string | number)[]): AccessPath {
  return { root, steps, text: root + steps.map(stepText).join('') }
}
