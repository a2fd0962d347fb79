import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { z } from 'zod'
import { agentSpec } from '../../crds/v1alpha1/agent.ts'
import { agentRunSpec } from '../../crds/v1alpha1/agentrun.ts'
import { API_VERSION } from '../../crds/v1alpha1/meta.ts'
import { projectSpec } from '../../crds/v1alpha1/project.ts'
import { compileCondition } from '../../operator/policy/conditions/compile.ts'
import { PEOPLE } from './cluster.ts'

const examples = join(import.meta.dirname, '../../examples')

interface Example {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: Readonly<Record<string, unknown>>
}

const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter(name =>
  name.endsWith('.yaml'),
)

const documents: [string, Example][] = files.flatMap(file =>
  parseAllDocuments(readFileSync(join(examples, file), 'utf8')).map((document): [string, Example] => {
    expect(document.errors, file).toEqual([])
    const example = document.toJS() as Example
    return [`${file} (${example.kind} ${example.metadata.name})`, example]
  }),
)

const specs: Readonly<Record<string, z.ZodType>> = {
  Agent: agentSpec,
  AgentRun: agentRunSpec,
  Project: projectSpec,
}

describe('the example manifests', () => {
  it('are there', () => {
    expect(documents.map(([, { kind }]) => kind)).toEqual(expect.arrayContaining(Object.keys(specs)))
  })

  it.each(documents)('%s is valid, and has no field that the API does not know', (_, example) => {
    expect(example.apiVersion).toBe(API_VERSION)
    expect(example.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    const parsed = specs[example.kind]?.safeParse(example.spec)
    expect(parsed?.error?.issues).toBeUndefined()
    // zod drops what it does not know: then the example is more than what came out of it.
    expect(parsed?.data).toMatchObject(example.spec)
  })

  it.each(documents.filter(([, { kind }]) => kind === 'Agent'))(
    '%s has conditions that compile',
    (_, { spec }) => {
      const { approval } = agentSpec.parse(spec)
      for (const { when } of approval?.tools ?? []) {
        if (when !== undefined) expect(compileCondition(when)).toMatchObject({ ok: true })
      }
    },
  )

  it('make the people of the demo what it says they are', () => {
    const [, project] = documents.find(([, { kind }]) => kind === 'Project') ?? []
    const roles = projectSpec.parse(project?.spec).members.map(({ user, role }) => [user, role])
    expect(roles).toEqual(Object.entries(PEOPLE).filter(([, role]) => role !== null))
  })

  it.each(documents.filter(([, { kind }]) => kind === 'AgentRun'))(
    '%s runs an agent that is there',
    (_, { spec }) => {
      const agents = documents
        .filter(([, { kind }]) => kind === 'Agent')
        .map(([, { metadata }]) => metadata.name)
      expect(agents).toContain(agentRunSpec.parse(spec).agentRef.name)
    },
  )
})
