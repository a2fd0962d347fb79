import type { RouteOptions } from 'fastify'
import { z } from 'zod'
import type { App } from '../http/app.ts'
import { catalogue } from '../problems/catalogue.ts'
import { cookieName } from '../sessions/cookie.ts'
import { components } from './components.ts'
import { problemDocument } from './problem.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** What the route does, in the OpenAPI document. */
    summary?: string
    /** Left out of the OpenAPI document. */
    hide?: boolean
    /** Needs no credentials. */
    open?: boolean
    /** `data:` of the Server-Sent Events that the route answers with. */
    events?: z.ZodType
  }
}

type Json = Record<string, unknown>

/** Serves `/openapi.json`: OpenAPI 3.1 of every route that is added to `app` after this call. */
export function serveOpenAPI(app: App): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', route => {
    if (route.schema && !route.schema.hide && route.method !== 'HEAD') routes.push(route)
  })
  let document: Json | undefined
  app.get('/openapi.json', { schema: { hide: true } }, async () => {
    document ??= openAPI(routes)
    return document
  })
}

/** The document that describes these routes. */
export function openAPI(routes: readonly RouteOptions[]): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    const methods = [route.method].flat().filter(method => method !== 'HEAD')
    for (const method of methods) paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version: 'v1alpha1',
      description: 'Calls of AI agents that wait for people, and the decisions on them.',
    },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token that the API server accepts, or an API key (csk_...).',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: 'The session of a browser, as POST /api/v1/session sets it.',
        },
      },
      schemas: named(),
    },
  }
}

function operation({ schema = {}, url, method }: RouteOptions): Json {
  const { params, querystring, headers, body, response, events, summary, open } = schema
  const [status = '200', answer] = Object.entries((response ?? {}) as Record<string, z.ZodType>)[0] ?? []
  const parameters = [
    ...parametersOf(params, 'path'),
    ...parametersOf(querystring, 'query'),
    ...parametersOf(headers, 'header'),
  ]
  return {
    summary,
    ...(open === true && { security: [] }),
    operationId: operationId(String(method), url),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: requestBody(body as z.ZodType) }),
    responses: {
      ...(answer && {
        [status]: {
          description: 'Done.',
          ...(status !== '204' && { content: json('application/json', answer) }),
        },
      }),
      ...(events && { 200: { description: 'Events.', content: json('text/event-stream', events) } }),
      default: {
        description: `A problem: ${Object.keys(catalogue).join(', ')}.`,
        content: json('application/problem+json', problemDocument),
      },
    },
  }
}

const requestBody = (schema: z.ZodType): Json => ({
  required: converted(schema).required !== undefined,
  content: json('application/json', schema),
})

const operationId = (method: string, url: string): string =>
  method.toLowerCase() +
  url
    .replace('/api/v1', '')
    .split(/[/:]+/)
    .filter(part => part !== '')
    .map(part => part[0]?.toUpperCase() + part.slice(1))
    .join('')

const json = (type: string, schema: z.ZodType): Json => ({ [type]: { schema: reference(schema) } })

function parametersOf(schema: unknown, place: 'path' | 'query' | 'header'): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = converted(schema as z.ZodType) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || (required.includes(name) && rest.default === undefined),
    ...(description !== undefined && { description }),
    schema: rest,
  }))
}

/** A named schema by its name, any other as it is. */
function reference(schema: z.ZodType): Json {
  const id = components.get(schema)?.id
  return id === undefined ? converted(schema) : { $ref: `#/components/schemas/${id}` }
}

const options = {
  io: 'input',
  reused: 'inline',
  override: ({ jsonSchema }: { jsonSchema: Json }) => {
    // Schemas of the kinds carry what the API server checks; here it means nothing.
    const { override } = jsonSchema
    for (const key of Object.keys(jsonSchema)) {
      if (key.startsWith('x-kubernetes-') || key === 'override') delete jsonSchema[key]
    }
    if (override === undefined) return
    const { description } = jsonSchema
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key]
    if (override === 'json-object') jsonSchema.type = 'object'
    if (description !== undefined) jsonSchema.description = description
  },
} as const

const converted = (schema: z.ZodType): Json => withoutMeta(z.toJSONSchema(schema, options) as Json)

const named = (): Json => {
  const { schemas } = z.toJSONSchema(components, { ...options, uri: id => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutMeta(schema as Json)]))
}

const withoutMeta = ({ $schema: _schema, $id: _id, $defs: _defs, ...rest }: Json): Json => rest
