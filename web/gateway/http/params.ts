import { z } from 'zod'
import { objectName } from '../../../crds/v1alpha1/common.ts'

/** A namespace, as Kubernetes names them. */
export const namespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)

/** `{ns}` of a path. */
export const projectParams = z.object({ ns: namespaceName.describe('The project: its namespace.') })

/** `{ns}` and `{name}` of a path. */
export const objectParams = projectParams.extend({ name: objectName.describe('Name of the object.') })
