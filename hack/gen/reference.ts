import type { Kind } from '../../crds/v1alpha1/kinds.ts'
export const reference = (kinds: readonly Kind[]): string => kinds.map(k => k.resource.kind).join('\n')
