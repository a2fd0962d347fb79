import { Switch } from '@mantine/core'
import type { NotificationPreview } from '../api/types.ts'
import { TryNotification } from '../inbox/try-notification.tsx'
import { useHere } from '../live/hooks.ts'
import { NotReady } from './not-ready.tsx'
import type { Part } from './parts.ts'
import { TestButton } from './test-button.tsx'

type Props = Part & { readonly preview: NotificationPreview | undefined }

/** By which channels members are told; what of them is not ready here, and whether they arrive. */
export function Channels({ draft, edit, members, preview }: Props) {
  const channels = preview?.channels
  const { username } = useHere()
  const own = members.some(({ user }) => user === username)
  const reached = own && preview?.withoutAddress.includes(username) === false
  return (
    <fieldset className="settings-part">
      <legend>How members are told</legend>
      <Switch
        label="In the page"
        description={channels?.inApp.message}
        checked={draft.inApp}
        onChange={event => edit({ inApp: event.currentTarget.checked })}
      />
      <TryNotification />
      <Switch
        label="By e-mail"
        description={channels?.email.message}
        checked={draft.email}
        onChange={event => edit({ email: event.currentTarget.checked })}
      />
      <NotReady of={channels?.email} />
      {preview !== undefined && (
        <TestButton
          channel="Email"
          target={username}
          label="Send me a test e-mail"
          {...(reached
            ? {}
            : {
                instead: own
                  ? 'The Project has no address for you.'
                  : 'The Project does not name you, but a group of yours: there is no address of your own.',
              })}
        />
      )}
    </fieldset>
  )
}
