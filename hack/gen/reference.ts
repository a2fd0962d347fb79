import type { Rule } from '../../crds/v1alpha1/cel.ts'
import type { Kind } from '../../crds/v1alpha1/kinds.ts'
import { GROUP, VERSION } from '../../crds/v1alpha1/meta.ts'
import { rootSchema } from './crd.ts'
import type { Schema } from './structural.ts'

/** The API reference as Markdown: for each kind its fields, its rules and how it is listed. */
export const reference = (kinds: readonly Kind[]): string =>
  `${[
    '<!-- Generated from crds/v1alpha1 by `npm run gen`. Do not edit. -->',
    '# API reference',
    `Every kind is of the group \`${GROUP}\`, version \`${VERSION}\`, and stands in a namespace. \`kubectl get countersign\` lists them all, and \`kubectl explain <kind>.<field>\` says in a terminal what this page says. A field with a star is required. Bounds are kept by the API server: a number in brackets after a string is the length in characters that it may have, after a list the number of entries.`,
    kinds.map(({ resource: { kind } }) => `- [${kind}](#${kind.toLowerCase()})`).join('\n'),
    ...kinds.flatMap(section),
  ].join('\n\n')}\n`

function section(kind: Kind): readonly string[] {
  const { resource, shortNames, selectableFields = [] } = kind
  const schema = rootSchema(kind)
  const { spec, status } = schema.properties ?? {}
  return [
    `## ${resource.kind}`,
    kind.description,
    [
      `- Resource: \`${resource.plural}\`, short \`${shortNames.join('`, `')}\``,
      `- \`kubectl get\` shows: ${kind.columns.map(column => (column.wide ? `${column.name} (wide)` : column.name)).join(', ')}`,
      ...(selectableFields.length > 0
        ? [`- \`--field-selector\` takes: ${selectableFields.map(path => `\`${path.slice(1)}\``).join(', ')}`]
        : []),
    ].join('\n'),
    ...(spec ? fields('spec', spec) : []),
    ...(status ? fields('status', status) : []),
    ...ruleList(schema),
  ]
}

function fields(name: string, schema: Schema): readonly string[] {
  return [
    `### ${name}`,
    schema.description ?? '',
    ['| Field | Type | Default | Description |', '|---|---|---|---|', ...rows(schema, name)].join('\n'),
  ]
}

const rows = (parent: Schema, path: string): readonly string[] =>
  Object.entries(parent.properties ?? {}).flatMap(([name, schema]) => {
    const here = `${path}.${name}`
    const star = parent.required?.includes(name) ? '\\*' : ''
    const row = `| \`${here}\`${star} | ${typeOf(schema)} | ${defaultOf(schema)} | ${cell(schema.description ?? '')} |`
    return [row, ...rows(schema, here), ...(schema.items ? rows(schema.items, `${here}[]`) : [])]
  })

/** Type and bounds, in words. */
function typeOf(schema: Schema): string {
  const { type, format, enum: values, items, minimum, maximum, minItems, maxItems, maxLength } = schema
  if (values) return values.map(value => `\`${value}\``).join(', ')
  switch (type) {
    case undefined:
      return 'any JSON'
    case 'object':
      return schema.properties ? 'object' : 'any JSON object'
    case 'array':
      return `list${within(minItems, maxItems)} of ${items ? typeOf(items) : 'anything'}`
    case 'string':
      return format === 'date-time' ? 'time (RFC 3339)' : `string${within(undefined, maxLength)}`
    default:
      return `${type}${within(minimum, maximum)}`
  }
}

function within(least: number | undefined, most: number | undefined): string {
  const bounded = most === Number.MAX_SAFE_INTEGER ? undefined : most
  if (least !== undefined && bounded !== undefined) return ` (${least} to ${bounded})`
  if (bounded !== undefined) return ` (at most ${bounded})`
  return least === undefined ? '' : ` (at least ${least})`
}

const defaultOf = ({ default: value }: Schema): string =>
  value === undefined ? '' : `\`${JSON.stringify(value)}\``

/** Text that may stand in a cell of a table. */
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*')

function ruleList(schema: Schema): readonly string[] {
  const found = rulesIn(schema, '')
  if (found.length === 0) return []
  const lines = found.map(({ path, rule }) => `- ${path === '' ? '' : `\`${path}\`: `}${cell(rule.message)}.`)
  return ['### Rules', 'Kept by the API server on every write, whoever writes.', lines.join('\n')]
}

function rulesIn(schema: Schema, path: string): readonly { path: string; rule: Rule }[] {
  const own = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
  const below = (name: string) => (path === '' ? name : `${path}.${name}`)
  return [
    ...own.map(rule => ({ path: `${path}${rule.fieldPath ?? ''}`.replace(/^\./, ''), rule })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rulesIn(child, below(name))),
    ...(schema.items ? rulesIn(schema.items, `${path}[]`) : []),
  ]
}
