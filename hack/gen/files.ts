import { stringify } from 'yaml'
import { kinds } from '../../crds/v1alpha1/kinds.ts'
import { GROUP } from '../../crds/v1alpha1/meta.ts'
import { customResourceDefinition } from './crd.ts'
import { notificationSchema } from './notification.ts'
import { reference } from './reference.ts'
import { rightsPage } from './rights.ts'
import { stateMachinesPage } from './state-machines.ts'

export interface GeneratedFile {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly content: string
}

/** Where everything that is not generated is out of place. */
export const MANIFESTS = 'crds/manifests'

/** Every file that `npm run gen` writes. Equal schemas give equal bytes. */
export const generatedFiles = (): readonly GeneratedFile[] => [
  ...kinds.map(kind => ({
    path: `${MANIFESTS}/${GROUP}_${kind.resource.plural}.yaml`,
    content: `# Generated from crds/v1alpha1 by \`npm run gen\`. Do not edit.\n${toYaml(customResourceDefinition(kind))}`,
  })),
  { path: 'docs/reference.md', content: reference(kinds) },
  { path: 'docs/rights.md', content: rightsPage() },
  { path: 'docs/state-machines.md', content: stateMachinesPage() },
  { path: 'docs/notification.v1.schema.json', content: notificationSchema() },
]

/** kubectl reads YAML 1.1, in which a bare `on`, `1970-01-01` or `0x1` is no string: quote what that would misread. */
const toYaml = (value: unknown): string =>
  stringify(value, { schema: 'yaml-1.1', version: '1.1', lineWidth: 110, aliasDuplicateObjects: false })
