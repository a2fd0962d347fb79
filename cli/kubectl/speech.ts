// kubectl's standard error carries two voices. Its own sentences are held back, to be said in plainer words. What
// credential plugins say (`To sign in, open ... and enter the code ...`, `Password: `) must reach the person at once:
// they wait for an answer. So must the API server's warnings.
const VERDICT =
  /^(error:|Error from server|Error in configuration|invalid namespace |The connection to the server|Unable to connect to the server|The .+ is invalid:)/
const LOG = /^[EWIF]\d{4} |^Warning: (resource|verb) /

/** How long an unfinished line may stand before it counts as a prompt. */
const PROMPT_MS = 150

export interface Speech {
  hear(chunk: string): void
  /** The held sentences, at the end. */
  end(): string
}

/** Tells the two apart, line by line, passing the other voice on to `say`. */
export function createSpeech(say: (text: string) => void): Speech {
  const held: string[] = []
  let line = ''
  // kubectl's verdict comes last and may have several lines, so all that follows belongs to it.
  let verdict = false
  let promptShown = false
  let timer: NodeJS.Timeout | undefined

  const isOurs = (text: string): boolean => verdict || VERDICT.test(text) || LOG.test(text)

  const settle = (text: string): void => {
    if (!promptShown && isOurs(text)) {
      verdict ||= VERDICT.test(text)
      held.push(text)
    } else say(text)
    promptShown = false
  }

  const showPrompt = (): void => {
    if (isOurs(line)) return
    say(line)
    line = ''
    promptShown = true
  }

  return {
    hear(chunk) {
      clearTimeout(timer)
      const parts = (line + chunk).split(/(?<=\n)/)
      line = parts.at(-1)?.endsWith('\n') ? '' : (parts.pop() ?? '')
      for (const part of parts) settle(part)
      if (line !== '') timer = setTimeout(showPrompt, PROMPT_MS)
    },
    end() {
      clearTimeout(timer)
      if (line !== '') settle(line)
      return held.join('')
    },
  }
}
