import { useState } from 'react'
import type { NotificationPreview } from '../api/types.ts'
import { silence, unreached } from './hearing.ts'
import { MOST_AGENTS } from './preview.ts'
import { Names } from './routes.tsx'

const FEW = 6

interface Props {
  readonly agents: readonly string[]
  readonly preview: { readonly value?: NotificationPreview; readonly error?: Error }
  readonly unsaved: boolean
}

/** Who hears of each agent, as the gateway reckons it; those that nobody hears of first. */
export function Heard({ agents, preview: { value, error }, unsaved }: Props) {
  const [all, setAll] = useState(false)
  const items = (value?.items ?? [])
    .map(item => ({ item, silent: value === undefined ? undefined : silence(item, value) }))
    .sort((a, b) => Number(b.silent !== undefined) - Number(a.silent !== undefined))
  const shown = all ? items : items.slice(0, FEW)
  return (
    <section className="settings-part" aria-labelledby="settings-heard">
      <h3 id="settings-heard">{unsaved ? 'Who would hear, once this is saved' : 'Who hears now'}</h3>
      {error !== undefined && (
        <p className="settings-warning" role="status">
          This is not known at the moment: {error.message}
        </p>
      )}
      {agents.length === 0 && <p className="faint">There is no agent in this project yet.</p>}
      {value !== undefined && (
        <ul className="settings-heard">
          {shown.map(({ item, silent }) => (
            <Agent key={item.agent} item={item} silent={silent} preview={value} />
          ))}
        </ul>
      )}
      {items.length > shown.length && (
        <button type="button" className="fold" onClick={() => setAll(true)}>
          Show {items.length - shown.length} more
        </button>
      )}
      {agents.length > MOST_AGENTS && (
        <p className="faint">These are {MOST_AGENTS} of the agents, by their names.</p>
      )}
    </section>
  )
}

interface AgentProps {
  readonly item: NotificationPreview['items'][number]
  readonly silent: string | undefined
  readonly preview: NotificationPreview
}

function Agent({ item, silent, preview }: AgentProps) {
  const { email, inApp, webhooks } = preview.channels
  const missed = unreached(item, preview)
  return (
    <li data-agent={item.agent}>
      <strong>{item.agent}</strong>
      {silent !== undefined && <p className="settings-silent">{silent}</p>}
      <dl>
        <Told how="In the page" names={item.inApp} delivers={inApp.delivers} />
        <Told how="E-mail" names={item.email} delivers={email.delivers} />
        <Told how="Webhooks" names={item.webhooks} delivers={webhooks.delivers} />
      </dl>
      {missed.length > 0 && (
        <p className="settings-warning">
          No e-mail reaches <Names of={missed} />: the Project has no address for{' '}
          {missed.length === 1 ? 'this member' : 'these members'}.
        </p>
      )}
    </li>
  )
}

function Told({ how, names, delivers }: { how: string; names: readonly string[]; delivers: boolean }) {
  if (names.length === 0) return null
  return (
    <div>
      <dt>{how}</dt>
      <dd>
        <Names of={names} />
        {!delivers && <span className="settings-not-ready"> not ready</span>}
      </dd>
    </div>
  )
}
