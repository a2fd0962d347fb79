import { type Actor, machines, persons, type Who } from '../../crds/admission/rights/actors.ts'
import { type Deed, type Form, updateForms } from '../../crds/admission/rights/deed.ts'
import { sections } from '../../crds/admission/rights/deeds.ts'
import { rules } from '../../crds/admission/rights/rules.ts'
import { type Outcome, outcome } from '../../crds/admission/rights/table.ts'

type Column = Actor & { readonly who: Who }

const prefix = 'countersign-'
const everyPatch = updateForms.filter(form => form !== 'PUT').join(', ')

/** The table of rights as Markdown: who may do what to each kind, over which path, and what refuses it otherwise. */
export const rightsPage = (): string =>
  `${[
    '<!-- Generated from crds/admission/rights by `npm run gen`. Do not edit. -->',
    '# Rights: everybody, every deed, every path',
    `${cellCount()} cells: each actor below tries each deed in each form. What should come of it is worked out from two lists written by hand, what roles grant (\`crds/admission/rights/roles.ts\`) and what policies refuse (\`rules.ts\`); a test asks a real API server every one of them, dry, whether it agrees. [who-may-decide.md](who-may-decide.md) says the same in words, [threat-model.md](threat-model.md) what is outside of it.`,
    '## How to read it',
    [
      '- **yes**: done.',
      '- **-**: no role grants it (403).',
      '- **schema**: refused to everybody, as such an object cannot be (422).',
      '- **conflict**: somebody else wrote the field, and an apply without force does not take it over (409).',
      `- any other word: the policy that refuses it, whatever roles grant (403), without its \`${prefix}\`. With several, the answer names one of them.`,
    ].join('\n'),
    `A row without a form in brackets is the same in each: ${forms('update')} to change; ${forms('create')} to create; ${forms('read')} to read; ${forms('delete')} to delete. "status:" is a write to the status subresource.`,
    ...sections.flatMap(({ title, deeds }) => [`## ${title}`, table(deeds, persons), table(deeds, machines)]),
    '## What policies refuse, whatever roles grant',
    ruleList(),
    '## Who is who',
    [...persons, ...machines].map(({ short, explained }) => `- **${short}**: ${explained}`).join('\n'),
  ].join('\n\n')}\n`

function cellCount(): string {
  const cells = sections.flatMap(({ deeds }) => deeds.flatMap(deed => deed.forms)).length
  return (cells * (persons.length + machines.length)).toLocaleString('en')
}

const forms = (operation: Deed['operation']): string =>
  [
    ...new Set(
      sections
        .flatMap(({ deeds }) => deeds.filter(deed => deed.operation === operation))
        .flatMap(d => d.forms),
    ),
  ].join(', ')

function table(deeds: readonly Deed[], columns: readonly Column[]): string {
  return [
    `| | ${columns.map(({ short }) => short).join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...deeds.flatMap(deed => rowsOf(deed, columns)),
  ].join('\n')
}

/** One row for all forms of a deed that give the same to everybody in the table. */
function rowsOf(deed: Deed, columns: readonly Column[]): readonly string[] {
  const byCells = new Map<string, Form[]>()
  for (const form of deed.forms) {
    const cells = columns.map(({ who }) => word(outcome(who, deed, form))).join(' | ')
    byCells.set(cells, [...(byCells.get(cells) ?? []), form])
  }
  const label = `${deed.subresource ? 'status: ' : ''}${deed.what}`
  return [...byCells].map(([cells, some]) => {
    const which = byCells.size === 1 ? '' : ` (${some.join(', ').replace(everyPatch, 'every patch')})`
    return `| ${label}${which} | ${cells} |`
  })
}

function word(of: Outcome): string {
  if (of.is === 'allowed') return 'yes'
  if (of.is === 'role') return '-'
  return of.is === 'policy' ? of.policies.map(name => name.slice(prefix.length)).join(', ') : of.is
}

function ruleList(): string {
  const policies = [...new Set(rules.map(({ policy }) => policy))]
  return policies
    .map(policy => {
      const own = rules.filter(rule => rule.policy === policy)
      return [`- \`${policy}\``, ...own.map(({ says }) => `  - ${says}`)].join('\n')
    })
    .join('\n')
}
