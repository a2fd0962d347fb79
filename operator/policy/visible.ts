// Every character that a screen would act on, hide, or draw in another order than it stands: controls, format
// characters (bidi overrides, zero-width ones, tags), line and paragraph separators, lone surrogates, the
// default-ignorable rest (fillers, variation selectors), and every space that is not the space.
const DECEIVES = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`

// A character is one unit or two; texts may consist of such characters alone.
const escaped = (character: string): string =>
  NAMED[character] ??
  unit(character.charCodeAt(0)) + (character.length === 1 ? '' : unit(character.charCodeAt(1)))

/**
 * `text` with every character that could deceive a reader written as an escape (`\u202e`, `\n`): what a reviewer sees
 * is what is there. One line in, one line out. Text from agents, models and other people passes through here before
 * it reaches a terminal, a mail or a chat.
 */
export const visible = (text: string): string => text.replace(DECEIVES, escaped)

/** As `visible`, line by line: for prose that may have several lines. */
export const visibleLines = (text: string): string[] => text.split(/\r?\n/).map(visible)
