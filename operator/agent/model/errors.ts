import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { BodyTooLarge } from '../../egress/body.ts'
import {
  AddressRefused,
  describeNetworkError,
  findCause,
  networkCode,
  RedirectRefused,
} from '../../egress/egress.ts'
import { retryAfterSeconds } from '../../egress/retry-after.ts'
import { ModelError } from '../types.ts'
import { modelURL } from './provider.ts'

type Model = AgentSpec['model']

/** The parts of the ai package's APICallError that are read. Its other members hold bodies, headers and keys. */
interface CallError extends Error {
  readonly statusCode: number
  readonly responseHeaders?: Record<string, string>
  readonly data?: unknown
}

/**
 * Whatever calling a model threw, as one kind of error: what happened, to which model, and what to do. Nothing of
 * the request, the answer or the key is repeated; the original is not kept as `cause`, since it holds all of these.
 */
export function toModelError(error: unknown, model: Model, now: () => number): ModelError {
  if (error instanceof ModelError) return error
  const at = place(model)
  const is = <T extends Error>(type: abstract new (...args: never[]) => T) =>
    findCause(error, (each): each is T => each instanceof type)
  const refused = is(AddressRefused)
  if (refused) return permanent(`${at} is not called: ${refused.message}.`)
  const redirect = is(RedirectRefused)
  if (redirect) return permanent(`${at} ${redirect.message}. Set spec.model.baseURL to where it leads.`)
  const large = is(BodyTooLarge)
  if (large) return permanent(`${at} gave an answer of more than ${large.limit} bytes.`)
  const code = networkCode(error)
  if (code !== undefined && /^(E|UND_ERR|HPE_|CERT|DEPTH|SELF|UNABLE|ERR_TLS|ERR_SSL)/.test(code)) {
    return transient(`${at} could not be asked: ${describeNetworkError(error)}.`)
  }
  const call = findCause(
    error,
    (each): each is CallError => typeof (each as { statusCode?: unknown }).statusCode === 'number',
  )
  if (call) return fromStatus(call, model, at, now)
  return transient(
    `${at} gave an answer that is not one of the ${model.provider} API. Check spec.model.provider and baseURL.`,
  )
}

/** The request could not even be built, so trying again is no use. Names the kind of the fault, never what it quotes. */
export function notAsked(error: unknown, model: Model): ModelError {
  if (error instanceof ModelError) return error
  const fault = error instanceof Error ? error.name : typeof error
  return permanent(`${place(model)} could not be asked: the request could not be built (${fault}).`)
}

/** The model did not answer in time. */
export function timedOut(model: Model, timeoutMs: number): ModelError {
  return transient(`${place(model)} did not answer within ${timeoutMs / 1000} s.`)
}

/** The caller stopped the call. */
export function stopped(model: Model): ModelError {
  return transient(`The call of ${place(model, false)} was stopped.`)
}

/** The provider's filter ended the answer. */
export function filtered(model: Model): ModelError {
  return permanent(`${place(model)} gave no answer: the provider's content filter stopped it.`)
}

/** The model ended with an error and said nothing usable. */
export function brokeOff(model: Model): ModelError {
  return transient(`${place(model)} broke its answer off with an error.`)
}

function fromStatus(call: CallError, model: Model, at: string, now: () => number): ModelError {
  const status = call.statusCode
  const why = reasonOf(call.data)
  const http = `HTTP ${status}${why === undefined ? '' : `, ${why}`}`
  const key = model.apiKeySecretRef
  if (status >= 200 && status < 300) {
    return transient(
      `${at} gave an answer that is not one of the ${model.provider} API. Check spec.model.provider and baseURL.`,
    )
  }
  if (status === 401 || status === 403) {
    return permanent(
      key === undefined
        ? `${at} asks for an API key (${http}). Set spec.model.apiKeySecretRef.`
        : `${at} refused the API key (${http}). Check the key ${key.key} of the Secret ${key.name}.`,
    )
  }
  if (status === 404) {
    return permanent(`${at} is not known there (${http}). Check spec.model.name and baseURL.`)
  }
  const retryAfter = retryAfterSeconds(call.responseHeaders ?? {}, now)
  const options = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }
  if (status === 429) return new ModelError('Transient', `${at} is called too often (${http}).`, options)
  if (status === 408 || status === 409 || status === 425 || status >= 500) {
    return new ModelError('Transient', `${at} is out of order (${http}).`, options)
  }
  if (status === 413) return permanent(`${at} says that the conversation is too long (${http}).`)
  return permanent(`${at} refused the request (${http}).`)
}

/** The provider's own word for the error (`context_length_exceeded`), if it is plainly a word and no value. */
function reasonOf(data: unknown): string | undefined {
  const error = (data as { error?: { code?: unknown; type?: unknown; status?: unknown } } | undefined)?.error
  return [error?.code, error?.type, error?.status].find(
    (word): word is string =>
      typeof word === 'string' && /^[a-zA-Z]+(_[a-zA-Z]+){0,7}$/.test(word) && word.length <= 48,
  )
}

function place(model: Model, capital = true): string {
  const url = modelURL(model)
  // Origin and path alone: some people put a key into the query.
  const where = url === undefined ? model.provider : `${model.provider}, ${url.origin}${url.pathname}`
  return `${capital ? 'The' : 'the'} model ${model.name} (${where})`
}

const permanent = (message: string): ModelError => new ModelError('Permanent', message)
const transient = (message: string): ModelError => new ModelError('Transient', message)
