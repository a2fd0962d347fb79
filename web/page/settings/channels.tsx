import { Switch } from '@mantine/core'
import type { Channels as Known, Part } from './parts.ts'

/** By which channels members are told; and which of them this version delivers, as the gateway reports. */
export function Channels({ draft, edit, channels }: Part & { channels: Known | undefined }) {
  return (
    <fieldset className="settings-part">
      <legend>How members are told</legend>
      <Switch
        label="In the page"
        description={channels?.inApp.message}
        checked={draft.inApp}
        onChange={event => edit({ inApp: event.currentTarget.checked })}
      />
      <Switch
        label="By e-mail"
        description={
          channels?.email.delivers === false ? (
            <NotYet message={channels.email.message} />
          ) : (
            channels?.email.message
          )
        }
        checked={draft.email}
        onChange={event => edit({ email: event.currentTarget.checked })}
      />
    </fieldset>
  )
}

/** Says of a channel that nothing goes out on it, so that nobody waits for it. */
export const NotYet = ({ message }: { message: string }) => (
  <span className="settings-not-yet">
    <strong>Not sent yet.</strong> {message}
  </span>
)
