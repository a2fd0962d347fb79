import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogue, type ProblemCode } from '../problems/catalogue.ts'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'

const docs = readFileSync(join(import.meta.dirname, '../../../docs/rest.md'), 'utf8')

let running: ScriptedGateway
// biome-ignore lint/suspicious/noExplicitAny: a document is read, not used
let document: any

beforeAll(async () => {
  running = await scriptedGateway()
  document = (await running.gateway.as(undefined).get('/openapi.json')).body
})
afterAll(() => running.close())

/** Every object inside a JSON value, with where it stands. */
function* objectsIn(value: unknown, path = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>]
  for (const [key, inner] of Object.entries(value)) yield* objectsIn(inner, `${path}/${key}`)
}

describe('the OpenAPI document', () => {
  test('should be served to whoever asks, without credentials', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.security).toEqual([{ bearer: [] }, { session: [] }])
  })

  test('should describe every route of the contract', () => {
    const routes = Object.entries(document.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map(method => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
    )
    expect(routes.sort()).toEqual([
      'DELETE /projects/{ns}/apikeys/{id}',
      'DELETE /session',
      'GET /me',
      'GET /projects',
      'GET /projects/{ns}',
      'GET /projects/{ns}/agents',
      'GET /projects/{ns}/apikeys',
      'GET /projects/{ns}/approvals',
      'GET /projects/{ns}/approvals/{name}',
      'GET /projects/{ns}/audit',
      'GET /projects/{ns}/events',
      'GET /projects/{ns}/inbox',
      'GET /projects/{ns}/notifications',
      'GET /projects/{ns}/notifications/preview',
      'GET /projects/{ns}/runs',
      'GET /projects/{ns}/runs/{name}',
      'GET /session',
      'POST /projects/{ns}/apikeys',
      'POST /projects/{ns}/approvals/decide',
      'POST /projects/{ns}/approvals/{name}/approve',
      'POST /projects/{ns}/approvals/{name}/reject',
      'POST /projects/{ns}/inbox/seen',
      'POST /projects/{ns}/notifications/preview',
      'POST /projects/{ns}/notifications/test',
      'POST /projects/{ns}/runs',
      'POST /projects/{ns}/runs/{name}/cancel',
      'POST /session',
      'PUT /projects/{ns}/notifications',
    ])
  })

  test('should lead every reference to a schema that is there, and hold nothing of Kubernetes or zod', () => {
    for (const [path, object] of objectsIn(document)) {
      const target = object.$ref
      if (typeof target === 'string') {
        expect(target, path).toMatch(/^#\/components\/schemas\//)
        expect(document.components.schemas, path).toHaveProperty(target.split('/').at(-1) ?? '')
      }
      const strange = Object.keys(object).filter(key => /^(x-kubernetes|override$|\$defs$|\$id$|~)/.test(key))
      expect(strange, path).toEqual([])
    }
  })

  test('should say what every operation is for, and give each an id of its own', () => {
    const operations = Object.values(document.paths).flatMap(item => Object.values(item as object))
    for (const operation of operations) expect(operation.summary).toMatch(/^[A-Z]/)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  })

  test('should say that a rejection needs a reason, and that no body holds anything else', () => {
    const { RejectRequest, ApproveRequest, Approval } = document.components.schemas
    expect(RejectRequest).toMatchObject({ required: ['reason'], additionalProperties: false })
    expect(Object.keys(ApproveRequest.properties)).toEqual(['reason', 'callDigest'])
    expect(Approval.properties.params).toMatchObject({ type: 'object' })
    expect(Approval.required).toEqual(expect.arrayContaining(['name', 'expiresAt', 'phase', 'decisions']))
  })

  test('should show defaults and bounds of a query', () => {
    const { parameters } = document.paths['/api/v1/projects/{ns}/approvals'].get
    const limit = parameters.find(({ name }: { name: string }) => name === 'limit')
    expect(limit).toMatchObject({
      in: 'query',
      required: false,
      schema: { minimum: 1, maximum: 500, default: 100 },
    })
  })
})

describe('docs/rest.md', () => {
  test('should name every route', () => {
    for (const [path, operations] of Object.entries(document.paths as Record<string, object>)) {
      for (const method of Object.keys(operations)) {
        expect(docs).toContain(`\`${method.toUpperCase()} ${path}\``)
      }
    }
  })

  test.each(Object.keys(catalogue) as ProblemCode[])('should have the row of %s', code => {
    const { status, title, retryable } = catalogue[code]
    expect(docs).toContain(`| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`)
  })

  test('should have no row of a problem that does not exist', () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| \d{3} \|/gm)].map(([, code]) => code)
    expect(rows.sort()).toEqual(Object.keys(catalogue).sort())
  })
})
