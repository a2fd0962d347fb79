/** The world is not as the story says. */
export class Differs extends Error {
  readonly expected: unknown
  readonly found: unknown

  constructor(what: string, expected: unknown, found: unknown) {
    super(what)
    this.name = 'Differs'
    this.expected = expected
    this.found = found
  }
}

/** Prints the story. */
export interface Teller {
  scene(title: string): void
  /** A sentence or two of the story, wrapped. */
  says(text: string): void
  /** Somebody typed a command. */
  typed(who: string, command: string): void
  /** What the command printed. */
  printed(text: string): void
  sent(who: string, request: string, body: unknown): void
  /** The answer; `show`: only these of its members, where it is long. */
  answered(status: number, body: Readonly<Record<string, unknown>>, show?: readonly string[]): void
  /** Something was checked and is so. */
  holds(what: string): void
  /** How the story broke off. */
  broke(error: unknown): void
  /** How many scenes were told and how many things were checked. */
  counts(): { readonly scenes: number; readonly checks: number }
}

const WIDTH = 100
const MARGIN = '    '

export const createTeller = (out: (line: string) => void): Teller => {
  let scenes = 0
  let checks = 0
  let lastWasBlank = false
  const print = (line: string) => {
    lastWasBlank = line === ''
    out(line)
  }
  const gap = () => {
    if (!lastWasBlank) print('')
  }
  const indented = (text: string) => {
    for (const line of text.trimEnd().split('\n')) print(line === '' ? '' : `${MARGIN}${line}`)
  }
  return {
    scene: title => {
      scenes += 1
      gap()
      print(`${scenes}. ${title}`)
      gap()
    },
    says: text => {
      gap()
      for (const line of wrapped(text)) print(line)
      gap()
    },
    typed: (who, command) => {
      gap()
      print(`${MARGIN}${firstName(who)}$ ${command}`)
    },
    printed: text => {
      if (text.trim() !== '') indented(text)
      gap()
    },
    sent: (who, request, body) => {
      gap()
      print(`${MARGIN}${firstName(who)}> ${request}${body === undefined ? '' : `  ${JSON.stringify(body)}`}`)
    },
    answered: (status, body, show) => {
      const shown = show ? Object.fromEntries(show.map(key => [key, body[key]])) : body
      indented(`${status} ${JSON.stringify(shown)}`)
      gap()
    },
    holds: what => {
      checks += 1
      print(`  ✓ ${what}`)
    },
    broke: error => {
      if (error instanceof Differs) {
        print(`  ✗ ${error.message}\n\n    expected: ${shownValue(error.expected)}`)
        print(`    found:    ${shownValue(error.found)}`)
      } else {
        print(`  ✗ ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    counts: () => ({ scenes, checks }),
  }
}

const firstName = (who: string): string => who.split('@')[0] ?? who

const shownValue = (value: unknown): string =>
  value instanceof Error
    ? value.message
    : (JSON.stringify(value, null, 2) ?? 'nothing').replaceAll('\n', '\n    ')

const wrapped = (text: string): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
