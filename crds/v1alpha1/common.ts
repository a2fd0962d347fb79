import { z } from 'zod'
import { listMap } from './cel.ts'

/** A Kubernetes object name that is also a label value: what run, agent and Secret references hold. */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)

/** `{name}`: a reference to an object of this kind in the same namespace. */
export const refTo = (kind: string) =>
  z
    .object({ name: objectName.describe(`Name of the ${kind}, in the same namespace.`) })
    .meta({ 'x-kubernetes-map-type': 'atomic' })

/** One key of a Secret of the same namespace. */
export const secretKeyRef = z.object({
  name: objectName.describe('Name of the Secret, in the same namespace.'),
  key: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/)
    .describe('Key in the Secret whose value is used.'),
})

/** `sha256:` and 64 hex digits. */
export const sha256 = z
  .string()
  .max(71)
  .regex(/^sha256:[0-9a-f]{64}$/)

/** RFC 3339 time as the API server parses it. */
export const time = z.string().max(40).meta({ format: 'date-time' })

/** Any JSON object: kept by the API server as it is. */
export const jsonObject = z.record(z.string(), z.json()).meta({ override: 'json-object' })

/** Any JSON value: kept by the API server as it is. */
export const jsonValue = z.json().meta({ override: 'json-value' })

/** The name of a person or group as the API server authenticates it. */
export const principal = z.string().min(1).max(256)

/**
 * An https or http URL. No user or password in it (that is what Secrets are for), and no braces in its host: a
 * parameter that the model chose must not choose where a call goes.
 */
export const httpURL = z
  .string()
  .min(8)
  .max(2048)
  .regex(/^https?:\/\/[^\s/?#@{}]+([/?#]\S*)?$/)

/** A Kubernetes condition. `type` is the key of the list it stands in. */
export const condition = z.object({
  type: z.string().min(1).max(64).describe('What the condition is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('The metadata.generation that the condition was computed from.'),
  lastTransitionTime: time.describe('When status last changed.'),
  reason: z.string().min(1).max(128).describe('Why, as one CamelCase word.'),
  message: z.string().max(4096).describe('Why, for people.'),
})
export type Condition = z.infer<typeof condition>

/** A list of conditions, one of each type. */
export const conditions = z.array(condition).max(16).meta(listMap('type'))

/** JSON as it stands in params, contexts and schemas. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }
export type JsonObject = { [key: string]: JsonValue }
