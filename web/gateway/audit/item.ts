import type { z } from 'zod'
import { auditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { component } from '../openapi/components.ts'

/** An entry of the audit log, with the name of the AuditRecord that holds it. */
export const auditItem = component(
  'AuditEntry',
  auditEntry.extend({ record: objectName.describe('Name of the AuditRecord that holds the entry.') }),
)
export type AuditItem = z.infer<typeof auditItem>
