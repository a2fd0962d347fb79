import { expect, test } from 'vitest'
import { keyOf, namespaceOfKey, refOf } from './keys.ts'

test.each([
  [{ namespace: 'shop', name: 'a' }, 'shop/a', 'shop'],
  [{ name: 'a' }, 'a', ''],
])('%j has the key %s and comes back', (ref, key, namespace) => {
  expect(keyOf(ref)).toBe(key)
  expect(refOf(key)).toEqual(ref)
  expect(namespaceOfKey(key)).toBe(namespace)
})
