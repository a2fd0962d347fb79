import { GROUP } from '../../../crds/v1alpha1/meta.ts'

/** Whether somebody may do something to a kind of ours. */
export interface AccessQuestion {
  readonly verb: string
  /** Plural: `approvalrequests`. */
  readonly resource: string
  readonly subresource?: string
  /** Absent: in all namespaces. */
  readonly namespace?: string
  /** Absent: whatever its name. */
  readonly name?: string
}

/** The question as reviews of authorization.k8s.io take it. */
export const resourceAttributes = (question: AccessQuestion) => ({ ...question, group: GROUP })

/** What tells one question from another. No part can hold a space. */
export const keyOfQuestion = ({ verb, resource, subresource, namespace, name }: AccessQuestion): string =>
  [verb, resource, subresource ?? '', namespace ?? '', name ?? ''].join(' ')
