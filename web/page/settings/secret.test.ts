import { expect, test } from 'vitest'
import { secretCommand } from './secret.ts'

test('a command is only made of what Kubernetes takes for a name: it is pasted into a shell', () => {
  const url = { name: 'chat', key: 'url' }
  for (const name of ['', 'My Secret', 'a;b', '$(x)', 'a\nEND', '-a']) {
    expect(secretCommand('shop', { urlSecretRef: { ...url, name } })).toBeUndefined()
    expect(
      secretCommand('shop', { urlSecretRef: url, signingKeySecretRef: { ...url, name } }),
    ).toBeUndefined()
  }
  expect(secretCommand('shop', { urlSecretRef: { name: 'chat', key: 'a b' } })).toBeUndefined()
})

test('a signing key in another Secret is made there', () => {
  const command = secretCommand('shop', {
    urlSecretRef: { name: 'chat', key: 'url' },
    signingKeySecretRef: { name: 'signing', key: 'key' },
  })
  expect(command?.match(/^ {2}name: .*$/gm)).toEqual(['  name: chat', '  name: signing'])
})
