import { Button, CopyButton, Modal } from '@mantine/core'
import type { ApiKey } from '../api/types.ts'
import { Said } from '../text/text.tsx'
import { curlLine } from './curl.ts'

/** A key as it is answered when it is made: this once. */
export interface NewKey extends ApiKey {
  readonly key: string
}

/** Shows the key, this once. It is in this dialog and nowhere else, and gone with it. */
export function MadeKey({ made, onClose }: { made: NewKey; onClose(): void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title="Your new key"
      size="lg"
      lockScroll={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      transitionProps={{ duration: 0 }}
    >
      <div className="made-key">
        <p className="made-warning">
          <strong>Copy it now: it cannot be shown again.</strong> Only a hash of it is stored. Whoever has it
          acts as {made.user} in {made.project}; keep it where you keep passwords.
        </p>
        <Copied what="the key" text={made.key} />
        <p>
          Try it. What waits in {made.project}, in any shell (which keeps the line in its history, the key
          with it):
        </p>
        <Copied what="the line" text={curlLine(location.origin, made.project, made.key)} />
        <p className="faint">
          “<Said text={made.name} />
          ”, id <code>{made.id}</code>. Revoke it here when it is not needed any more, or may have been seen.
        </p>
        <div className="key-buttons">
          <Button onClick={onClose} data-autofocus>
            I have kept it
          </Button>
        </div>
      </div>
    </Modal>
  )
}

function Copied({ what, text }: { what: string; text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <div className="to-copy">
          <code>{text}</code>
          <Button size="compact-sm" variant="default" onClick={copy}>
            {copied ? 'Copied' : `Copy ${what}`}
          </Button>
        </div>
      )}
    </CopyButton>
  )
}
