import { describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { checkAgent, coversAgent, refusalOf, wholeScope } from './scope.ts'

const narrow = { project: 'shop', readOnly: true, agents: ['order-manager'] }

describe('the scope of a credential', () => {
  test.each([
    ['GET', 'shop', undefined],
    ['HEAD', 'shop', undefined],
    ['GET', undefined, undefined],
    ['GET', 'bank', 'project shop'],
    ['POST', 'bank', 'project shop'],
    ['POST', 'shop', 'only reads'],
    ['PUT', 'shop', 'only reads'],
    ['PATCH', 'shop', 'only reads'],
    ['DELETE', 'shop', 'only reads'],
    ['POST', undefined, 'only reads'],
    ['QUERY', 'shop', 'only reads'],
  ])('should hold %s of the project %s to it', (method, project, refusal) => {
    const found = refusalOf(narrow, { method, project })
    expect(found?.statusCode).toBe(refusal === undefined ? undefined : 403)
    expect(found?.message ?? '').toContain(refusal ?? '')
  })

  test('should refuse nothing where it is whole', () => {
    expect(refusalOf(wholeScope, { method: 'DELETE', project: 'bank' })).toBeUndefined()
    expect(coversAgent(wholeScope, undefined)).toBe(true)
    expect(() => checkAgent(wholeScope, 'any', approvalRequests, 'a')).not.toThrow()
  })

  test('should hide what is of other agents, or of none, as what does not exist', () => {
    expect(coversAgent(narrow, 'order-manager')).toBe(true)
    expect(coversAgent({ ...narrow, agents: [] }, 'order-manager')).toBe(false)
    for (const agent of ['other', undefined]) {
      expect(() => checkAgent(narrow, agent, approvalRequests, 'a-1-0')).toThrow(
        'approvalrequests.countersign.dev "a-1-0" not found.',
      )
    }
  })
})
