const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const
export type Paint = (style: keyof typeof CODES, text: string) => string

/** Colours where they are wanted; the text as it is where not. */
export const painter = (enabled: boolean): Paint =>
  enabled ? (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m` : (_, text) => text

/** Whether to use colours: on a terminal, unless NO_COLOR is set or the terminal is a dumb one. */
export const wantsColour = (env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean =>
  terminal && !env.NO_COLOR && env.TERM !== 'dumb'
