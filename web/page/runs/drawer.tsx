import { Drawer } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { Place } from '../router.ts'
import { useEscape, useFocusBack } from './drawer/keyboard.ts'
import { leave, openRun } from './drawer/places.ts'
import { RunView } from './drawer/run-view.tsx'
import './drawer/drawer.css'

/** The run of the address, over whatever page is beneath. */
export function RunDrawer({ place }: { place: Place }) {
  const name = openRun(place)
  const close = () => leave(place)
  useFocusBack(name !== undefined)
  useEscape(name !== undefined, close)
  return (
    <Drawer
      opened={name !== undefined}
      onClose={close}
      position="right"
      size="min(880px, 100vw)"
      classNames={{ content: 'run-drawer', header: 'run-drawer-head', body: 'run-drawer-body' }}
      title={name === undefined ? '' : <Title name={name} />}
      closeButtonProps={{ 'aria-label': 'Close the run' }}
      closeOnEscape={false}
      returnFocus={false}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      {name !== undefined && <RunView key={name} name={name} place={place} />}
    </Drawer>
  )
}

/** Takes the focus when the drawer opens, and when it goes over to another run. */
function Title({ name }: { name: string }) {
  const title = useRef<HTMLSpanElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run is another title
  useEffect(() => {
    title.current?.focus()
    title.current?.closest('.run-drawer')?.scrollTo({ top: 0 })
  }, [name])
  return (
    <span ref={title} tabIndex={-1} data-autofocus className="run-drawer-title">
      Run <code>{name}</code>
    </span>
  )
}
