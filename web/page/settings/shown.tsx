import type { Notifications } from '../api/types.ts'
import { NotReady } from './not-ready.tsx'
import type { Channels } from './parts.ts'
import { Names } from './routes.tsx'

/** The settings as they are, for whoever may not change them. */
export function Shown({ settings, channels }: { settings: Notifications; channels: Channels | undefined }) {
  const { routes = [], webhooks = [] } = settings
  return (
    <>
      <section className="settings-part" aria-labelledby="settings-how">
        <h3 id="settings-how">How members are told</h3>
        <p>In the page: {settings.inApp?.enabled === false ? 'off' : 'on'}</p>
        <p>
          By e-mail: {settings.email?.enabled === false ? 'off' : 'on'}. <NotReady of={channels?.email} />
        </p>
      </section>
      <section className="settings-part" aria-labelledby="settings-routes">
        <h3 id="settings-routes">Who hears of which agents</h3>
        {routes.length === 0 ? (
          <p>There is no route: every member hears of every agent.</p>
        ) : (
          <ul className="settings-people">
            {routes.map(({ agents, members }) => (
              <li key={JSON.stringify([agents, members])}>
                Of <Names of={agents} />: <Names of={members} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="settings-part" aria-labelledby="settings-webhooks">
        <h3 id="settings-webhooks">Webhooks</h3>
        <NotReady of={channels?.webhooks} />
        {webhooks.length === 0 ? (
          <p>There is none.</p>
        ) : (
          <ul className="settings-people">
            {webhooks.map(({ name, format, agents, urlSecretRef }) => (
              <li key={name}>
                <Names of={[name]} />, {format}, of{' '}
                {agents === undefined ? 'every agent' : <Names of={agents} />}; its URL stands in the Secret{' '}
                {urlSecretRef.name} under {urlSecretRef.key}
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  )
}
