import { signature } from '../signature.ts'
import { GENERIC_SCHEMA, type GenericPayload } from './payload-schema.ts'

/**
 * A payload with its headers: those of CloudEvents 1.0 (HTTP binding, binary mode: the body is the event's data) and of
 * Standard Webhooks 1.0. @param now milliseconds: when it is sent
 */
export function genericRequest(payload: GenericPayload, keys: readonly Buffer[], now: number) {
  const body = JSON.stringify(payload)
  const timestamp = Math.floor(now / 1000)
  const { project } = payload.data
  const attributes = {
    specversion: '1.0',
    id: payload.id,
    source: `/projects/${project}`,
    type: payload.type,
    subject: 'approval' in payload.data ? payload.data.approval.name : project,
    time: payload.timestamp,
    dataschema: GENERIC_SCHEMA,
  }
  return {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerValue(value)]),
      ),
      'webhook-id': payload.id,
      'webhook-timestamp': String(timestamp),
      ...(keys.length === 0 ? {} : { 'webhook-signature': signature(keys, payload.id, timestamp, body) }),
    },
    body,
  }
}

/** A value of an attribute as section 3.1.3.2 of the HTTP binding wants it in a header. */
export const headerValue = (value: string): string =>
  value
    .toWellFormed()
    .replace(/[^\x21-\x7e]|["%]/gu, character =>
      [...Buffer.from(character, 'utf8')]
        .map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    )
