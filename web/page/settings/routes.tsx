import { Button, MultiSelect, TagsInput } from '@mantine/core'
import { Said } from '../text/text.tsx'
import { type Route, type Row, rowOf } from './draft.ts'
import { idOf, noAgents, strangers } from './hearing.ts'
import type { Part } from './parts.ts'
import { plain } from './plain.ts'
import { errorAt } from './wrong.ts'

/** Who hears of which agents. */
export function Routes(part: Part) {
  const { routes } = part.draft
  const put = (rows: readonly Row<Route>[]) => part.edit({ routes: rows })
  return (
    <fieldset className="settings-part">
      <legend>Who hears of which agents</legend>
      <p className="faint">
        {routes.length === 0
          ? 'There is no route: every member hears of every agent.'
          : 'A route narrows who hears of its agents. Every member hears of an agent that no route names.'}
      </p>
      {routes.map((row, at) => (
        <RouteRow
          key={row.key}
          {...part}
          at={at}
          route={row.value}
          onChange={value => put(routes.map(each => (each === row ? { ...row, value } : each)))}
          onRemove={() => put(routes.filter(each => each !== row))}
        />
      ))}
      <Button
        variant="default"
        className="settings-add"
        onClick={() => put([...routes, rowOf({ agents: [], members: [] })])}
      >
        Add a route
      </Button>
    </fieldset>
  )
}

interface RowProps extends Part {
  readonly at: number
  readonly route: Route
  onChange(route: Route): void
  onRemove(): void
}

function RouteRow({ at, route, onChange, onRemove, trouble, agents, members }: RowProps) {
  const others = strangers(route.members, members)
  const people = [
    ...members.map(member => ({
      value: idOf(member),
      label: `${plain(idOf(member))}${member.group === undefined ? '' : ' (group)'}`,
    })),
    ...others.map(value => ({ value, label: `${plain(value)} (no member)` })),
  ]
  const data = [...new Map(people.map(each => [each.value, each])).values()]
  return (
    <fieldset className="settings-row" aria-label={`Route ${at + 1}`}>
      <div className="settings-pair">
        <div>
          <TagsInput
            label="Agents"
            description="A name, a beginning with *, or * for all"
            placeholder={route.agents.length === 0 ? 'for example order-*' : ''}
            data={['*', ...agents]}
            value={[...route.agents]}
            onChange={value => onChange({ ...route, agents: value })}
            error={errorAt(trouble, `routes.${at}.agents`)}
            splitChars={[',', ' ']}
            openOnFocus={false}
            comboboxProps={{ transitionProps: { duration: 0 } }}
          />
          <NoAgents names={route.agents} known={agents} />
        </div>
        <MultiSelect
          label="Members"
          description="People and groups of the project"
          placeholder={route.members.length === 0 ? 'who is told' : ''}
          data={data}
          value={[...route.members]}
          onChange={value => onChange({ ...route, members: value })}
          error={errorAt(trouble, `routes.${at}.members`)}
          searchable
          hidePickedOptions
          nothingFoundMessage="No member is called so"
          openOnFocus={false}
          comboboxProps={{ transitionProps: { duration: 0 } }}
        />
      </div>
      {members.length > 0 && others.length > 0 && (
        <p className="settings-warning">
          <Names of={others} /> {others.length === 1 ? 'is no member' : 'are no members'} of the project and{' '}
          {others.length === 1 ? 'is' : 'are'} passed over
          {others.length === route.members.length && ': as nobody else is named, this route does nothing'}.
        </p>
      )}
      <button type="button" className="fold" onClick={onRemove} aria-label={`Remove this route: ${at + 1}`}>
        Remove this route
      </button>
    </fieldset>
  )
}

/** Names that no agent has: perhaps mistyped. */
export function NoAgents({ names, known }: { names: readonly string[]; known: readonly string[] }) {
  const unknown = known.length === 0 ? [] : noAgents(names, known)
  if (unknown.length === 0) return null
  return (
    <p className="settings-warning">
      No agent is called <Names of={unknown} /> now.
    </p>
  )
}

export const Names = ({ of }: { of: readonly string[] }) =>
  of.map((name, at) => (
    <span key={name}>
      {at > 0 && ', '}
      <Said text={name} />
    </span>
  ))
