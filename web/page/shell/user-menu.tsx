import { Menu, Modal } from '@mantine/core'
import { useState } from 'react'
import { go, type Place } from '../router.ts'
import { usePageSession } from '../sign-in/hooks.ts'
import type { Who } from '../sign-in/who.ts'
import { moment } from '../text/time.ts'
import { Colours } from './colours.tsx'
import './user-menu.css'

interface Props {
  readonly who: Who
  readonly place?: Place
  onSignInAgain(): void
}

/** Who is signed in, how, until when; and what is theirs to set. */
export function UserMenu({ who, place, onSignInAgain }: Props) {
  const [trouble, setTrouble] = useState<string>()
  const session = usePageSession()
  const signOut = () => session.signOut().catch(error => setTrouble((error as Error).message))
  return (
    <>
      <Menu position="bottom-end" width={300} transitionProps={{ duration: 0 }} zIndex={900}>
        <Menu.Target>
          <button type="button" className="user" aria-label={`You: ${who.username}`} title={who.username}>
            <span className="user-name">{who.username}</span>
            <span
              aria-hidden="true"
              className="user-sign"
              data-sign={who.username.slice(0, 1).toUpperCase()}
            />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <div className="user-facts">
            <strong>{who.username}</strong>
            <How who={who} />
          </div>
          <Menu.Divider />
          {place?.project !== undefined && (
            <Menu.Item onClick={() => go({ ...place, settings: true })}>Notification settings</Menu.Item>
          )}
          <Menu.Item onClick={onSignInAgain}>Sign in again…</Menu.Item>
          <Menu.Item onClick={signOut}>Sign out</Menu.Item>
          <Menu.Divider />
          <Colours />
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={trouble !== undefined}
        onClose={() => setTrouble(undefined)}
        title="You are still signed in"
        closeButtonProps={{ 'aria-label': 'Close' }}
        lockScroll={false}
        transitionProps={{ duration: 0 }}
      >
        <p role="alert">{trouble} Sign out once more when it answers, or clear this site’s cookies.</p>
      </Modal>
    </>
  )
}

function How({ who: { session, api } }: { who: Who }) {
  if (session === undefined) return <span>With a token in the memory of this tab.</span>
  const until = moment(session.expiresAt, api.now())
  const { apiKey } = session
  return (
    <span>
      {apiKey === undefined ? 'With a session' : `With a session of the API key ${apiKey.id}`} until {until}.
      {apiKey?.readOnly === true && ' It only reads.'}
      {apiKey?.agents !== undefined && ` For the agents ${apiKey.agents.join(', ')} alone.`}
    </span>
  )
}
