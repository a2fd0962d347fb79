/**
 * One `x-kubernetes-validations` entry: what the API server itself checks on every write, whoever writes.
 * The server refuses with 422 and `<field>: <reason>: <message>`.
 */
export interface Rule {
  /** CEL; `self` is the value that the rule stands at, `oldSelf` what it was before (then it runs on updates only). */
  readonly rule: string
  /** What is wrong and what to do instead. */
  readonly message: string
  /** Default: FieldValueInvalid. (FieldValueDuplicate is left out: with it the server does not send the message.) */
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired'
  /** The field to blame, from where the rule stands: `.baseURL`. */
  readonly fieldPath?: string
}

/** For `.meta(...)` of a schema: these rules hold for its values. */
export const rules = (...list: readonly Rule[]): { 'x-kubernetes-validations': readonly Rule[] } => ({
  'x-kubernetes-validations': list,
})

/** The value cannot be changed once it is there. */
export const immutable = (message: string): Rule => ({
  rule: 'self == oldSelf',
  message,
  reason: 'FieldValueForbidden',
})

/** CEL: none of these fields was set, unset or changed. (`self.?x == oldSelf.?x` would say the same in a form whose cost the API server cannot bound.) */
export const unchanged = (fields: {
  readonly required?: readonly string[]
  readonly optional?: readonly string[]
}): string =>
  [
    ...(fields.required ?? []).map(field => `self.${field} == oldSelf.${field}`),
    ...(fields.optional ?? []).map(
      field =>
        `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
    ),
  ].join(' && ')

/** For `.meta(...)` of a list: one entry for each `key`, so that two writers who add entries do not collide. */
export const listMap = (key: string) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
})
