import { Modal } from '@mantine/core'
import { SignInForm } from './form.tsx'
import './sign-in.css'

interface Props {
  readonly username: string
  /** Why one must; undefined: one does so before one must, and may leave it. */
  readonly ended: string | undefined
  readonly opened: boolean
  onClose(): void
}

/** Signs in again over the page, which stays as it was beneath. */
export function SignInAgain({ username, ended, opened, onClose }: Props) {
  const must = ended !== undefined
  return (
    <Modal
      opened={opened || must}
      onClose={onClose}
      title={must ? 'You are signed out' : 'Sign in again'}
      withCloseButton={!must}
      closeButtonProps={{ 'aria-label': 'Close' }}
      closeOnEscape={!must}
      closeOnClickOutside={!must}
      centered
      lockScroll={false}
      zIndex={1000}
      transitionProps={{ duration: 0 }}
      overlayProps={{ className: must ? 'signed-out-over' : '' }}
    >
      {must && <p>{ended}</p>}
      <p className="again-hint">
        As <strong>{username}</strong> you go on where you were: what you have written is still there.
        Somebody else begins anew.
      </p>
      <SignInForm button={must ? 'Sign in and go on' : 'Sign in again'} onDone={onClose} />
    </Modal>
  )
}
