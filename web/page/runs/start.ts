/** The context that was written: none, the JSON of an object, or what is wrong with it. */
export type GivenContext = { readonly context: string | undefined } | { readonly wrong: string }

/** Reads a run's context. It is sent letter by letter: of what would not survive the gateway says so. */
export function contextOf(text: string): GivenContext {
  if (text.trim() === '') return { context: undefined }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { context: text.trim() }
    return { wrong: 'The context must be a JSON object, such as {"customer_id": "C-7"}.' }
  } catch (error) {
    return { wrong: `The context is not JSON: ${(error as Error).message}.` }
  }
}

/** The body that starts a run; `context` is JSON. */
export const bodyOf = (agent: string, input: string, context: string | undefined): string =>
  `{"agent":${JSON.stringify(agent)},"input":${JSON.stringify(input)}${context === undefined ? '' : `,"context":${context}`}}`

/**
 * The Idempotency-Key of a form: the same as long as the same is sent, so that sending it again finds the run that it
 * started; another once something else is sent, which is another run.
 */
export class KeyFor {
  #body: string | undefined
  #key = ''

  of(body: string): string {
    if (body !== this.#body) {
      this.#body = body
      const random = crypto.getRandomValues(new Uint8Array(16))
      this.#key = [...random].map(byte => byte.toString(16).padStart(2, '0')).join('')
    }
    return this.#key
  }
}
