import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { cutText } from '../../policy/json.ts'
import { OPERATOR } from '../approvalrequest/entries.ts'

/** What a key was made as, for people. Neither its hash nor anything that helps to guess it. */
const described = ({ metadata, spec }: APIKey): string =>
  [
    `name: ${spec.name}`,
    `user: ${spec.user}`,
    `expires: ${spec.expiresAt ?? 'never'}`,
    ...(spec.readOnly ? ['read only'] : []),
    ...(spec.agents ? [`agents: ${spec.agents.join(', ')}`] : []),
    ...(metadata.ownerReferences ?? []).map(({ name }) => `made with the key ${name}`),
  ].join('\n')

/** That a key was made: by its user, as nobody makes one for another. */
export const created = (key: APIKey): NewEntry => {
  const via = key.metadata.annotations?.[ANNOTATIONS.createdVia]
  return {
    key: auditKey('KeyCreated', key.metadata.uid ?? ''),
    entry: {
      action: 'KeyCreated',
      actor: key.spec.user,
      ...(via ? { via: cutText(via, 320) } : {}),
      object: { kind: 'APIKey', name: key.metadata.name, diff: described(key) },
    },
  }
}

/** That a key works no more, and why. */
export const revoked = (key: APIKey, why: string): NewEntry => {
  const by = key.metadata.annotations?.[ANNOTATIONS.revokedBy]
  const via = key.metadata.annotations?.[ANNOTATIONS.revokedVia]
  return {
    key: auditKey('KeyRevoked', key.metadata.uid ?? ''),
    entry: {
      action: 'KeyRevoked',
      actor: cutText(by ?? OPERATOR, 4096),
      ...(by && via ? { via: cutText(via, 320) } : {}),
      ...(by ? {} : { reason: cutText(why, 4096) }),
      object: { kind: 'APIKey', name: key.metadata.name, diff: described(key) },
    },
  }
}
