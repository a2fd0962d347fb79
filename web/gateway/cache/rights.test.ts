import { describe, expect, test } from 'vitest'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { Store } from '../../../kube/store.ts'
import { Rights, rightsAreChanging } from './rights.ts'

const project = (version: string, generation: number, status?: object, namespace = 'shop'): Project =>
  ({
    metadata: { name: 'project', namespace, uid: namespace, resourceVersion: version, generation },
    spec: { members: [] },
    status,
  }) as unknown as Project

function rights() {
  const store = new Store<Project>()
  const told: string[] = []
  const made = new Rights(store, namespace => told.push(`forget ${namespace}`))
  return { store, told, rights: made }
}

describe('the rights in a namespace', () => {
  test.each([
    ['no Project', undefined, false],
    ['no operator that writes its status', project('1', 3), false],
    ['a status that describes it', project('1', 3, { observedGeneration: 3 }), false],
    ['a status that describes an earlier one', project('1', 3, { observedGeneration: 2 }), true],
    ['a status that describes none yet', project('1', 1, { conditions: [] }), true],
  ])('should be taken as they are said to be, or as changing: %s', (_, found, changing) => {
    expect(rightsAreChanging(found)).toBe(changing)
  })

  test('should be asked anew after each change of the Project, before anybody is told of it', () => {
    const { store, told, rights: made } = rights()
    made.onChange('shop', () => told.push('tell'))
    store.replace({ items: [project('1', 1, { observedGeneration: 1 })], resourceVersion: '1' })
    store.apply({ type: 'MODIFIED', object: project('2', 2, { observedGeneration: 1 }) })
    expect(made.isChanging('shop')).toBe(true)
    store.apply({ type: 'MODIFIED', object: project('3', 2, { observedGeneration: 2 }) })
    expect(made.isChanging('shop')).toBe(false)
    store.apply({ type: 'DELETED', object: project('4', 2) })
    expect(told).toEqual([
      'forget shop',
      'tell',
      'forget shop',
      'tell',
      'forget shop',
      'tell',
      'forget shop',
      'tell',
    ])
  })

  test('should be of no concern to other namespaces, nor to whoever left', () => {
    const { store, told, rights: made } = rights()
    const leave = made.onChange('shop', () => told.push('tell'))
    store.apply({ type: 'ADDED', object: project('1', 1, undefined, 'bank') })
    leave()
    store.apply({ type: 'ADDED', object: project('2', 1) })
    expect(told).toEqual(['forget bank', 'forget shop'])
  })
})
