// Builders for tests of keys.
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { API_VERSION } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { hashOf } from './key.ts'

export const now = Date.parse('2026-11-22T10:00:00Z')

/** A time so many seconds from `now`. */
export const inSeconds = (seconds: number): string => new Date(now + seconds * 1000).toISOString()

/** A key of carol's in shop, as the API server gives it. */
export const aKey = (
  name: string,
  spec: Partial<APIKey['spec']> = {},
  metadata: Partial<APIKey['metadata']> = {},
): APIKey => ({
  metadata: {
    name,
    namespace: 'countersign-system',
    uid: `uid-of-${name}`,
    resourceVersion: '7',
    creationTimestamp: inSeconds(-60),
    ...metadata,
  },
  spec: {
    project: 'shop',
    user: 'carol@acme.com',
    name: 'nightly job',
    hash: hashOf('secret'),
    expiresAt: inSeconds(3600),
    readOnly: false,
    ...spec,
  },
})

/** What makes a key another one's. */
export const madeWith = (name: string, uid = `uid-of-${name}`): Partial<APIKey['metadata']> => ({
  ownerReferences: [{ apiVersion: API_VERSION, kind: 'APIKey', name, uid }],
})

/** The Project shop, with these members. */
export const aProject = (
  members: Project['spec']['members'] = [
    { user: 'alice@acme.com', role: 'Owner' },
    { user: 'carol@acme.com', role: 'Member' },
  ],
  metadata: Partial<Project['metadata']> = {},
): Project => ({ metadata: { name: 'project', namespace: 'shop', ...metadata }, spec: { members } })
