import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import type { ProviderCall } from '../types.ts'
import { isPlainObject, TooDeep, toPlainJSON } from './plain.ts'
import { echoName, type ToolNames } from './tool-names.ts'

/** How many calls of one answer are made; the others are refused. */
export const MAX_CALLS = 32
/** How many calls of one answer are kept at all, refused ones included: as many as an AgentTurn holds. */
export const MAX_KEPT_CALLS = 64
const MAX_ID_LENGTH = 512
const MAX_NAME_LENGTH = 256

/** A tool call as the ai package reports it (`TypedToolCall`), as far as it is read. */
export interface RawCall {
  readonly toolCallId: string
  readonly toolName: string
  readonly input: unknown
  readonly invalid?: boolean | undefined
}

export interface ReadAnswer {
  readonly calls: readonly ProviderCall[]
  readonly messages: JsonValue[]
}

/**
 * Puts the calls of an answer and its messages in step: every call keeps exactly one place in the messages, under one
 * id that no other call of the answer has, with an object as input and a name that may be sent back. Tool results that
 * the ai package adds for invalid calls are left out (each call gets its one result from us), and so is whatever
 * claims to have been executed by the provider: we ask no provider to execute anything.
 */
export function readAnswer(
  messages: readonly unknown[],
  rawCalls: readonly RawCall[],
  names: ToolNames,
  answer: { readonly number: number; readonly finishReason: string },
): ReadAnswer {
  const calls: ProviderCall[] = []
  const ids = new Set<string>()
  const total = rawCalls.length
  // Calls and their parts come in the same order, which tells calls with the same id apart.
  let next = 0

  const takePart = (part: JsonObject): JsonObject | undefined => {
    if (part.type !== 'tool-call') return part
    const raw = rawCalls[next++]
    if (raw === undefined || calls.length === MAX_KEPT_CALLS) return undefined
    const providerCallID = uniqueID(raw.toolCallId, ids, `call_${answer.number}_${calls.length}`)
    const call = readCall(raw, providerCallID, names, calls.length, total)
    const cutOff = answer.finishReason === 'length' && next === total
    calls.push(cutOff && call.input.ok ? { ...call, input: { ok: false, error: CUT_OFF } } : call)
    const full = names.toFull(raw.toolName)
    return {
      ...part,
      toolCallId: providerCallID,
      toolName: full === undefined ? echoName(raw.toolName) : names.toWire(full),
      input: isPlainObject(part.input) ? part.input : {},
    }
  }

  const kept: JsonValue[] = []
  for (const message of messages) {
    if (!isPlainObject(message) || message.role !== 'assistant') continue
    const { content } = message
    if (!Array.isArray(content)) {
      kept.push(toPlainJSON(message))
      continue
    }
    const parts: JsonValue[] = []
    for (const part of content) {
      if (!isPlainObject(part) || part.providerExecuted === true || part.type === 'tool-result') continue
      const taken = takePart(part)
      if (taken !== undefined) parts.push(toPlainPart(taken))
    }
    if (parts.length > 0) kept.push(toPlainJSON({ ...message, content: parts }))
  }
  return { calls, messages: kept }
}

const CUT_OFF =
  'Your answer was cut off at the limit of its length, so this call may be incomplete and was not made. Say it again, shorter.'

/** A part as plain JSON; the arguments of a call that are nested too deeply are left out (the call is refused). */
function toPlainPart(part: JsonObject): JsonValue {
  try {
    return toPlainJSON(part)
  } catch (error) {
    if (!(error instanceof TooDeep) || part.type !== 'tool-call') throw error
    return toPlainJSON({ ...part, input: {} })
  }
}

function uniqueID(given: string, taken: Set<string>, otherwise: string): string {
  const usable = given !== '' && given.length <= MAX_ID_LENGTH && given.isWellFormed()
  let id = usable ? given : otherwise
  for (let i = 2; taken.has(id); i++) id = `${usable ? given : otherwise}_${i}`
  taken.add(id)
  return id
}

function readCall(
  raw: RawCall,
  providerCallID: string,
  names: ToolNames,
  index: number,
  total: number,
): ProviderCall {
  const full = names.toFull(raw.toolName)
  const tool = full ?? (raw.toolName.toWellFormed().slice(0, MAX_NAME_LENGTH).toWellFormed() || 'unnamed')
  const refuse = (error: string): ProviderCall => ({ providerCallID, tool, input: { ok: false, error } })
  if (index >= MAX_CALLS) {
    return refuse(
      `You asked for ${total} calls at once; only the first ${MAX_CALLS} are made. Ask again for the others.`,
    )
  }
  if (full === undefined) return refuse(`There is no tool of this name. ${ofCase(raw.toolName, names)}`)
  if (typeof raw.input === 'string') return refuse('The arguments are not valid JSON. Send one JSON object.')
  if (!isPlainObject(raw.input)) return refuse('The arguments must be one JSON object.')
  if (raw.invalid) return refuse('The arguments could not be read. Send one JSON object.')
  try {
    toPlainJSON(raw.input)
  } catch {
    return refuse('The arguments are nested too deeply. Send a flatter object.')
  }
  return { providerCallID, tool, input: { ok: true, params: raw.input } }
}

function ofCase(name: string, names: ToolNames): string {
  const near = names.nearest(name)
  return near === undefined ? 'Use the names that you were given.' : `Did you mean ${near}?`
}
