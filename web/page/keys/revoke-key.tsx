import { Button, Modal } from '@mantine/core'
import { useRef, useState } from 'react'
import { Refused } from '../api/client.ts'
import type { ApiKey } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { useStanding } from '../sign-in/hooks.ts'
import { Said } from '../text/text.tsx'

interface Props {
  readonly apiKey: ApiKey
  onClose(): void
  onRevoked(words: string): void
}

/** Asks once more, naming the key, and revokes it. */
export function RevokeKey({ apiKey: { id, name, user }, onClose, onRevoked }: Props) {
  const { api, project, username } = useHere()
  const standing = useStanding()
  const mine = standing.at === 'Inside' && standing.who.session?.apiKey?.id === id
  const [trouble, setTrouble] = useState<string>()
  const [busy, setBusy] = useState(false)
  const sent = useRef(false)
  const revoke = async () => {
    if (sent.current) return
    sent.current = true
    setBusy(true)
    setTrouble(undefined)
    try {
      await api.send('DELETE', `/projects/${project}/apikeys/${id}`)
      onRevoked(`The key “${name}” (${id}) is revoked.`)
    } catch (error) {
      const { message } = error as Error
      if (error instanceof Refused && error.status === 404) onRevoked(`${message} It may be revoked already.`)
      else setTrouble(message)
    } finally {
      sent.current = false
      setBusy(false)
    }
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title="Revoke this key?"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close without revoking' }}
    >
      <div className="made-key">
        <p>
          <strong>
            <Said text={name} />
          </strong>
          , id <code>{id}</code>
          {user !== username && (
            <>
              , of <Said text={user} />
            </>
          )}
          .
        </p>
        <p>
          Within two seconds nothing is done with it any more, nor with keys that were made with it. It cannot
          be brought back.
        </p>
        {mine && (
          <p className="made-warning">
            <strong>You are signed in with this key:</strong> you are signed out with it.
          </p>
        )}
        {trouble !== undefined && (
          <p className="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div className="key-buttons">
          <Button color="red" loading={busy} onClick={revoke}>
            Revoke it
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
        </div>
      </div>
    </Modal>
  )
}
