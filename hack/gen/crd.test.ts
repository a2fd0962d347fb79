import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { jsonObject, jsonValue } from '../../crds/v1alpha1/common.ts'
import { agentRunKind, kinds } from '../../crds/v1alpha1/kinds.ts'
import { customResourceDefinition, rootSchema } from './crd.ts'
import { explained } from './explained.ts'
import { generatedFiles } from './files.ts'
import { structural } from './structural.ts'

describe('a schema', () => {
  it('keeps any JSON where its marker says so, and no trace of the definitions that zod makes for it', () => {
    const schema = z.object({
      params: jsonObject.describe('P.'),
      messages: z.array(jsonValue).max(2).describe('M.'),
    })
    expect(structural(schema)).toEqual({
      type: 'object',
      required: ['params', 'messages'],
      properties: {
        params: {
          type: 'object',
          description: 'P.',
          'x-kubernetes-map-type': 'atomic',
          'x-kubernetes-preserve-unknown-fields': true,
        },
        messages: {
          type: 'array',
          description: 'M.',
          maxItems: 2,
          items: { 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    })
  })

  it('does not require what has a default', () => {
    const schema = z.object({ a: z.int().min(1).max(9).default(3), b: z.boolean() })
    expect(structural(schema).required).toEqual(['b'])
    expect(structural(schema).properties?.a?.default).toBe(3)
  })

  it('says defaults, ranges and long enums in its descriptions, for kubectl explain', () => {
    const schema = z.object({
      seconds: z.int().min(30).max(60).default(45).describe('How long.'),
      list: z.array(z.boolean()).max(1).default([]).describe('Which.'),
      count: z.int().min(0).describe('How many.'),
      verb: z.enum(['A', 'B', 'C', 'D', 'E']).describe('Which of A to E.'),
      said: z.enum(['A', 'B', 'C', 'D', 'E']).describe('A, B, C, D or E.'),
    })
    const { properties } = explained(structural(schema))
    expect(properties?.seconds?.description).toBe('How long. Default: 45. From 30 to 60.')
    expect(properties?.list?.description).toBe('Which.')
    expect(properties?.verb?.description).toBe('Which of A to E. One of A, B, C, D, E.')
    expect(properties?.said?.description).toBe('A, B, C, D or E.')
    expect(properties?.count?.description).toBe('How many.')
  })
})

describe.each(kinds.map(kind => [kind.resource.kind, kind] as const))('the definition of %s', (_, kind) => {
  const { spec } = customResourceDefinition(kind)
  const version = spec.versions[0]

  it('serves a status subresource, a short name, the category and the age', () => {
    expect(version?.subresources).toEqual({ status: {} })
    expect(spec.names.shortNames).not.toEqual([])
    expect(spec.names.categories).toEqual(['countersign'])
    expect(version?.additionalPrinterColumns.map(column => column.name)).toContain('Age')
  })

  it('selects by fields that exist, at most eight', () => {
    const fields = version?.selectableFields ?? []
    expect(fields.length).toBeLessThanOrEqual(8)
    for (const { jsonPath } of fields) {
      const steps = jsonPath.slice(1).split('.')
      const field = steps.reduce<ReturnType<typeof rootSchema> | undefined>(
        (schema, step) => schema?.properties?.[step],
        rootSchema(kind),
      )
      expect(field?.type, jsonPath).toMatch(/^(string|integer|boolean)$/)
    }
  })
})

describe('the generated files', () => {
  it('are the same every time', () => {
    expect(generatedFiles()).toEqual(generatedFiles())
  })

  it('are read by a parser of YAML 1.1 as what was meant', () => {
    const file = generatedFiles().find(({ path }) => path.endsWith('_agentruns.yaml'))
    const meant: unknown = JSON.parse(JSON.stringify(customResourceDefinition(agentRunKind)))
    expect(parse(file?.content ?? '', { version: '1.1' })).toEqual(meant)
  })

  it('say of each field what it is', () => {
    const reference = generatedFiles().find(({ path }) => path === 'docs/reference.md')?.content
    expect(reference).toContain(
      '| `spec.approval.timeoutSeconds` | integer (30 to 604800) | `3600` | Seconds that a request waits',
    )
    expect(reference).toContain('| `spec.agentRef.name`\\* | string (at most 253) |  | Name of the Agent')
  })
})
