import { useSuggestions } from '../lists/suggestions.ts'
import { useHere } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'
import { Said } from '../text/text.tsx'
import { Channels } from './channels.tsx'
import { Conflict } from './conflict.tsx'
import { settingsOf } from './draft.ts'
import { Heard } from './heard.tsx'
import { idOf } from './hearing.ts'
import { usePreview } from './preview.ts'
import { Routes } from './routes.tsx'
import { SaveBar } from './save-bar.tsx'
import { Shown } from './shown.tsx'
import type { SettingsHandle } from './store.ts'
import { Webhooks } from './webhooks.tsx'

/** The settings as a form; to whoever may not set them, as text. */
export function Body({ settings }: { settings: SettingsHandle }) {
  const { latest, edited, error, unsaved, saving, trouble } = settings
  const { value: project } = useProject()
  const { agents } = useSuggestions()
  const draft = edited?.draft ?? latest?.draft
  const preview = usePreview(
    agents,
    unsaved && edited !== undefined ? settingsOf(edited.draft) : undefined,
    `${latest?.tag} ${JSON.stringify(project?.members)}`,
  )
  if (draft === undefined || latest === undefined) {
    return error === undefined ? (
      <p className="faint" role="status">
        Reading the settings…
      </p>
    ) : (
      <p className="trouble" role="alert">
        {error.message} They are read again when something changes; or close this and open it again.
      </p>
    )
  }
  // Not known is not no: then it is tried, and the gateway says.
  const may = project?.you.setNotifications !== false
  const members = project?.members ?? []
  const conflict = !saving && unsaved && edited !== undefined && edited.tag !== latest.tag
  const parts = { draft, edit: settings.edit, trouble, members, agents }
  return (
    <div className="settings">
      {error !== undefined && (
        <p className="settings-warning" role="status">
          This may be out of date: {error.message}
        </p>
      )}
      {may ? (
        <form
          className="settings-form"
          noValidate
          onSubmit={event => {
            event.preventDefault()
            if (!conflict) void settings.save()
          }}
        >
          {conflict && <Conflict settings={settings} />}
          <Channels {...parts} preview={preview.value} />
          <Routes {...parts} />
          <Heard agents={agents} preview={preview} unsaved={unsaved} />
          <Webhooks {...parts} saved={latest.value} delivery={preview.value?.channels.webhooks} />
          <SaveBar settings={settings} conflict={conflict} />
        </form>
      ) : (
        <>
          <WhoMay />
          <Shown settings={latest.value} channels={preview.value?.channels} />
          <Heard agents={agents} preview={preview} unsaved={false} />
        </>
      )}
    </div>
  )
}

/** Why one may not set them, and who may. */
function WhoMay() {
  const { username } = useHere()
  const { value: project } = useProject()
  const setters = (project?.members ?? []).filter(({ role }) => role !== 'Member')
  const own = setters.some(({ user }) => user === username)
  return (
    <div className="settings-note">
      {own ? (
        <p>
          You may set these, but what you signed in with does less: an API key that only reads, or that is for
          some agents. Sign in with your own token to change them.
        </p>
      ) : (
        <p>You can read these. Owners and admins of the project change them:</p>
      )}
      {!own && (
        <ul className="settings-people">
          {setters.map(member => (
            <li key={`${member.user} ${member.group}`}>
              {member.group !== undefined && 'everybody in '}
              <Said text={idOf(member)} />
              {member.name !== undefined && (
                <>
                  {' '}
                  (<Said text={member.name} />)
                </>
              )}
              , {member.role}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
