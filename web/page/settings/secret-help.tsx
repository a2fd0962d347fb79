import { Button, CopyButton } from '@mantine/core'
import { useHere } from '../live/hooks.ts'
import type { Webhook } from './draft.ts'
import { secretCommand } from './secret.ts'

/** Where the URL of a webhook stands, and how to put it there. */
export function SecretHelp({ webhook }: { webhook: Webhook }) {
  const { project } = useHere()
  const command = secretCommand(project, webhook)
  return (
    <details className="settings-secret">
      <summary>How to make the Secret</summary>
      <p>
        The URL stands in a Secret of the namespace {project}, as it often holds a token: it is not typed
        here, and nobody reads it at this page. The Secret is used only if it carries the label{' '}
        <code>countersign.dev/use: "true"</code> and its annotation <code>countersign.dev/hosts</code> names
        the host of the URL. Whether it is there cannot be seen from here.
      </p>
      {command === undefined ? (
        <p className="faint">Name the Secret and the key in it, and the command stands here.</p>
      ) : (
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <>
              <p>In bash or zsh; it asks for the URL, so that it stays out of the history:</p>
              <pre>{command}</pre>
              <Button size="compact-sm" variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy the command'}
              </Button>
            </>
          )}
        </CopyButton>
      )}
    </details>
  )
}
