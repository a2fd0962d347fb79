import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { ProviderCall } from '../types.ts'
import { isPlainObject, unusable } from './plain.ts'
import { echoName, type ToolNames } from './tool-names.ts'

/** How many calls of one answer are made; the others are refused. */
export const MAX_CALLS = 32
/** How many calls of one answer are kept at all, refused ones included: as many as an AgentTurn holds. */
export const MAX_KEPT_CALLS = 64
const MAX_ID_LENGTH = 512
const MAX_NAME_LENGTH = 256

/** A part of a provider's answer (`LanguageModelV4Content`), as far as it is read. */
export interface AnswerPart {
  readonly type: string
  readonly providerExecuted?: boolean | undefined
}

/** A tool call among them; `input` is JSON text as the model wrote it. */
interface CallPart extends AnswerPart {
  readonly type: 'tool-call'
  readonly toolCallId: string
  readonly toolName: string
  readonly input: string
}

export interface ReadAnswer<Part> {
  readonly calls: readonly ProviderCall[]
  /** The answer with exactly one part for each of the calls, under its id, with a name and input that may be sent back. */
  readonly content: Part[]
}

/**
 * Reads the calls out of an answer before the ai package does: that looks calls up by their ids, so that of two calls
 * with one id the second would get the arguments of the first. Parts that claim to have been executed by the provider
 * are left out: we ask no provider to execute anything.
 *
 * `number` says which answer of the conversation it is: made-up ids differ from those of earlier answers.
 */
export function readAnswer<Part extends AnswerPart>(
  content: readonly Part[],
  names: ToolNames,
  answer: { readonly number: number; readonly cutOff: boolean },
): ReadAnswer<Part> {
  const total = content.filter(isCall).length
  const calls: ProviderCall[] = []
  const ids = new Set<string>()
  const kept: Part[] = []
  let seen = 0
  for (const part of content) {
    if (part.providerExecuted === true || part.type === 'tool-result') continue
    if (!isCall(part)) {
      kept.push(part)
      continue
    }
    seen++
    if (calls.length === MAX_KEPT_CALLS) continue
    const providerCallID = uniqueID(part.toolCallId, ids, `call_${answer.number}_${calls.length}`)
    const full = names.toFull(part.toolName)
    const input = readInput(part, full, names, { index: calls.length, total })
    // The end of an answer that hit its limit may be missing, even where what is there is valid JSON.
    const cutOff = answer.cutOff && seen === total && input.ok
    calls.push({
      providerCallID,
      tool: full ?? madeUpName(part.toolName),
      input: cutOff ? { ok: false, error: CUT_OFF } : input,
    })
    kept.push({
      ...part,
      toolCallId: providerCallID,
      toolName: full === undefined ? echoName(part.toolName) : names.toWire(full),
      // Providers refuse a conversation with a call whose arguments are not an object.
      input: input.ok ? part.input : '{}',
    })
  }
  return { calls, content: kept }
}

function isCall<Part extends AnswerPart>(part: Part): part is Part & CallPart {
  return part.type === 'tool-call' && part.providerExecuted !== true
}

const CUT_OFF =
  'Your answer was cut off at the limit of its length, so this call may be incomplete and was not made. Say it again, shorter.'

function uniqueID(given: string, taken: Set<string>, otherwise: string): string {
  const usable = given !== '' && given.length <= MAX_ID_LENGTH && given.isWellFormed()
  const base = usable ? given : otherwise
  let id = base
  for (let i = 2; taken.has(id); i++) id = `${base}_${i}`
  taken.add(id)
  return id
}

const madeUpName = (name: string): string =>
  name.toWellFormed().slice(0, MAX_NAME_LENGTH).toWellFormed() || 'unnamed'

function readInput(
  part: CallPart,
  full: string | undefined,
  names: ToolNames,
  place: { readonly index: number; readonly total: number },
): ProviderCall['input'] {
  const refuse = (error: string): ProviderCall['input'] => ({ ok: false, error })
  if (place.index >= MAX_CALLS) {
    return refuse(
      `You asked for ${place.total} calls at once; only the first ${MAX_CALLS} are made. Ask again for the others.`,
    )
  }
  if (full === undefined) {
    const near = names.nearest(part.toolName)
    return refuse(
      `There is no tool of this name. ${near === undefined ? 'Use the names that you were given.' : `Did you mean ${near}?`}`,
    )
  }
  const parsed = parse(part.input)
  if (parsed === undefined) return refuse('The arguments are not valid JSON. Send one JSON object.')
  if (!isPlainObject(parsed.value)) return refuse('The arguments must be one JSON object.')
  switch (unusable(parsed.value)) {
    case 'TooDeep':
      return refuse('The arguments are nested too deeply. Send a flatter object.')
    case 'Prototype':
      return refuse(
        'The arguments have a property that many programs misread (__proto__ or constructor). Leave it out.',
      )
    default:
      return { ok: true, params: parsed.value as JsonObject }
  }
}

/** Models that have nothing to say send nothing at all. */
function parse(text: string): { readonly value: unknown } | undefined {
  if (text.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
