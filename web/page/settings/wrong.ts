import { Refused } from '../api/client.ts'
import type { Draft } from './draft.ts'

type FieldError = Refused['errors'][number]

/** What a person has not filled in yet. Everything else the gateway says: it knows what it takes. */
export function wrongIn({ routes, webhooks }: Draft): readonly FieldError[] {
  const names = webhooks.map(({ value }) => value.name)
  return [
    ...routes.flatMap(({ value: { agents, members } }, at) => [
      ...(agents.length > 0
        ? []
        : [error(`routes.${at}.agents`, 'Name an agent, or take * for every agent.')]),
      ...(members.length > 0 ? [] : [error(`routes.${at}.members`, 'Choose who is told.')]),
    ]),
    ...webhooks.flatMap(({ value: { name, urlSecretRef, signingKeySecretRef: signing } }, at) => {
      const place = `webhooks.${at}`
      const empty = [
        ...(name === '' ? [error(`${place}.name`, 'Give it a name.')] : []),
        ...(urlSecretRef.name === ''
          ? [error(`${place}.urlSecretRef.name`, 'Name the Secret that holds its URL.')]
          : []),
        ...(urlSecretRef.key === ''
          ? [error(`${place}.urlSecretRef.key`, 'Name the key in the Secret.')]
          : []),
        ...(signing !== undefined && signing.name === ''
          ? [error(`${place}.signingKeySecretRef.name`, 'Name the Secret, or leave both empty.')]
          : []),
        ...(signing !== undefined && signing.key === ''
          ? [error(`${place}.signingKeySecretRef.key`, 'Name the key, or leave both empty.')]
          : []),
      ]
      const twice = name !== '' && names.indexOf(name) !== at
      return twice ? [...empty, error(`${place}.name`, `Another webhook is called ${name}.`)] : empty
    }),
  ]
}

const error = (path: string, message: string): FieldError => ({ path, message })

/** What is wrong with a field, or with something in it, for people; undefined where nothing is known to be. */
export function errorAt(trouble: Error | undefined, path: string): string | undefined {
  if (!(trouble instanceof Refused)) return undefined
  const found = trouble.errors.filter(({ path: at }) => at === path || at.startsWith(`${path}.`))
  return found.length === 0 ? undefined : found.map(({ path: at, message }) => words(at, message)).join(' ')
}

/** The gateway speaks of patterns; people want to know what to write. */
function words(path: string, message: string): string {
  if (/SecretRef\.name$/.test(path) && message.includes('pattern')) {
    return 'A Secret is named with small letters, digits, “-” and “.”.'
  }
  if (/SecretRef\.key$/.test(path) && message.includes('pattern')) {
    return 'A key is named with letters, digits, “-”, “_” and “.”.'
  }
  return message
}

/** What is wrong with no field of the form. */
export const elsewhere = (trouble: Error): boolean =>
  !(trouble instanceof Refused) || !trouble.errors.some(({ path }) => /^(routes|webhooks)\.\d/.test(path))
