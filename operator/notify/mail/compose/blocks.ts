/** A piece of a mail. Texts are as they are: whoever writes them out makes them visible and escapes them. */
export type Block =
  | { readonly kind: 'Title' | 'Heading' | 'Words' | 'Small'; readonly text: string }
  /** Where to go. */
  | { readonly kind: 'Link'; readonly label: string; readonly url: string }
  | { readonly kind: 'Facts'; readonly rows: readonly (readonly [label: string, value: string])[] }
  /** Lines that stand as they are: parameters, commands. */
  | { readonly kind: 'Code'; readonly lines: readonly string[] }
  /** What somebody else wrote: in the plain text each line is marked, so that it cannot pass for ours. */
  | { readonly kind: 'Quote'; readonly lines: readonly string[] }
  | { readonly kind: 'List'; readonly items: readonly Item[] }

/** A request in a list. */
export interface Item {
  readonly head: string
  readonly detail: string
  readonly url: string | undefined
}
