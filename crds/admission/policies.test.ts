import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { forbiddenWrites } from '../../operator/canary/writes.ts'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly failurePolicy?: string
    readonly policyName?: string
    readonly validationActions?: readonly string[]
    readonly validations?: readonly {
      readonly expression: string
      readonly message?: string
      readonly reason?: string
    }[]
    readonly matchResources?: unknown
  }
}

const manifests = readdirSync(import.meta.dirname)
  .filter(name => name.endsWith('.yaml'))
  .flatMap(name => parseAllDocuments(readFileSync(join(import.meta.dirname, name), 'utf8')))
  .map(document => document.toJS() as Manifest)
const policies = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')

describe.each(policies.map(policy => [policy.metadata.name, policy] as const))('%s', (name, policy) => {
  it('refuses when it cannot be evaluated', () => {
    expect(policy.spec.failurePolicy).toBe('Fail')
  })

  it('answers 403 with a message, whatever it refuses', () => {
    expect(policy.spec.validations?.length).toBeGreaterThan(0)
    for (const { reason, message } of policy.spec.validations ?? []) {
      expect(reason).toBe('Forbidden')
      expect(message).toMatch(/\w/)
    }
  })

  it('is bound once, everywhere, to deny', () => {
    const bindings = manifests.filter(({ spec }) => spec.policyName === name)
    expect(bindings).toMatchObject([
      { kind: 'ValidatingAdmissionPolicyBinding', spec: { validationActions: ['Deny'] } },
    ])
    expect(bindings[0]?.spec.matchResources).toBeUndefined()
  })

  it('is tried by the canary', () => {
    expect(forbiddenWrites.map(write => write.policy)).toContain(name)
  })
})

it('the canary tries no policy that there is not', () => {
  const names = policies.map(({ metadata }) => metadata.name)
  for (const { policy } of forbiddenWrites) expect(names).toContain(policy)
})
