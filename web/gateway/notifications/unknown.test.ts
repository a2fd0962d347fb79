import { expect, test } from 'vitest'
import { notifications } from '../../../crds/v1alpha1/project.ts'
import { unknownMembers } from './unknown.ts'

const unknown = (sent: unknown) => unknownMembers(sent, notifications.parse(sent)).map(({ path }) => path)

test('what the schema does not know should be named, however deep', () => {
  const webhook = { name: 'a', urlSecretRef: { name: 's', key: 'k', nmae: 'x' } }
  expect(unknown({ emial: {}, email: { enabled: true, to: 'x' }, webhooks: [webhook] })).toEqual([
    'emial',
    'email.to',
    'webhooks.0.urlSecretRef.nmae',
  ])
})

test('what the schema knows should pass, also where it fills in defaults', () => {
  expect(unknown({})).toEqual([])
  expect(unknown({ email: {}, routes: [{ agents: ['*'], members: ['a'] }] })).toEqual([])
  expect(unknown(JSON.parse('{"__proto__": {"a": 1}}'))).toEqual(['__proto__'])
})
