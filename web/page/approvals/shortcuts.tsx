import { Modal } from '@mantine/core'
import { useEffect, useRef } from 'react'
import './shortcuts.css'

type Keys = Readonly<Record<string, () => void>>

/** Single keys, unless somebody writes, a dialog is open, or it is a key of the browser's. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys)
  useEffect(() => {
    current.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      const target = event.target as HTMLElement
      if (target.closest('input, textarea, select, [contenteditable], [role=dialog]')) return
      if (document.querySelector('[role=dialog]') !== null) return
      const act = current.current[event.key]
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

const explained = [
  ['j', 'the next request'],
  ['k', 'the one before'],
  ['a', 'approve the request that is shown; where some are selected, those: you are asked once more'],
  ['r', 'reject it, or those: you are asked for the reason'],
  ['x', 'select the request that is shown, or let it go'],
  ['/', 'filter what waits'],
  ['↑ ↓ Home End', 'in the list: move through it'],
  ['Ctrl Enter', 'in the reason: send it'],
  ['Esc', 'close what is open'],
  ['?', 'this help'],
] as const

export function Help({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keys"
      closeButtonProps={{ 'aria-label': 'Close this help' }}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      <dl className="keys">
        {explained.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
