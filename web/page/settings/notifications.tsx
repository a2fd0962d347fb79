import { Button, Drawer, Modal } from '@mantine/core'
import { useEffect } from 'react'
import { go, type Place } from '../router.ts'
import { Body } from './body.tsx'
import { useSettings } from './store.ts'
import './settings.css'

/** The drawer of `?settings`: who hears of which agent, and how. What is edited outlives it, until saved or dropped. */
export function NotificationSettings({ place }: { place: Place }) {
  const settings = useSettings()
  const { unsaved, follow, discard } = settings
  const open = place.settings === true
  const { settings: _, ...beneath } = place
  useEffect(() => (open ? follow() : undefined), [open, follow])
  useEffect(() => {
    if (!open) return
    return () => {
      // What opened it was a menu, which is gone.
      setTimeout(() => {
        const now = document.activeElement
        if (now === null || now === document.body)
          document.querySelector<HTMLElement>('header .user')?.focus()
      })
    }
  }, [open])
  useEffect(() => {
    if (!unsaved) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [unsaved])
  return (
    <>
      <Drawer
        opened={open}
        // Not within the press of Esc, which would close what asks, too.
        onClose={() => setTimeout(() => go(beneath, 'replace'))}
        position="right"
        size="min(780px, 100vw)"
        classNames={{ content: 'settings-drawer', header: 'settings-head', body: 'settings-body' }}
        title="Notification settings"
        closeButtonProps={{ 'aria-label': 'Close the notification settings' }}
        returnFocus={false}
        lockScroll={false}
        transitionProps={{ duration: 0 }}
      >
        <Body settings={settings} />
      </Drawer>
      <Modal
        opened={!open && unsaved}
        onClose={() => go({ ...place, settings: true }, 'replace')}
        title="Your notification settings are not saved"
        closeButtonProps={{ 'aria-label': 'Close this, and change on' }}
        returnFocus={false}
        lockScroll={false}
        transitionProps={{ duration: 0 }}
      >
        <p>Nothing of what you changed is in the project yet.</p>
        <div className="settings-buttons">
          <Button data-autofocus onClick={() => go({ ...place, settings: true }, 'replace')}>
            Go back to them
          </Button>
          <Button variant="default" onClick={discard}>
            Drop the changes
          </Button>
        </div>
      </Modal>
    </>
  )
}
