import { Button } from '@mantine/core'
import { useState } from 'react'
import { Said } from '../../text/text.tsx'
import type { Group } from './outcome.ts'
import type { Sent } from './send.ts'

interface Props {
  readonly groups: readonly Group[]
  readonly sent: Sent
  onClose(): void
}

/** What became of each: those that ended alike together, by name where somebody looks. */
export function Report({ groups, sent, onClose }: Props) {
  const open = sent.open.length
  return (
    <div className="several-ask">
      <ul className="several-report" role="status">
        {groups.map(group => (
          <GroupLine key={group.words} group={group} />
        ))}
        {open > 0 && (
          <li data-kind="Open">
            <strong>{open.toLocaleString('en')}</strong> not decided. {sent.stopped}
          </li>
        )}
      </ul>
      {(open > 0 || groups.some(({ kind }) => kind === 'Open')) && (
        <p className="faint">What was not decided stays selected.</p>
      )}
      <div className="decide-buttons">
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </div>
    </div>
  )
}

function GroupLine({ group }: { group: Group }) {
  const [shown, setShown] = useState(group.kind !== 'Done' && group.names.length <= 5)
  return (
    <li data-kind={group.kind}>
      <strong>{group.names.length.toLocaleString('en')}</strong> <Said text={group.words} />{' '}
      {shown ? (
        <span className="faint">{group.names.join(', ')}</span>
      ) : (
        <button type="button" className="fold" onClick={() => setShown(true)}>
          which
        </button>
      )}
    </li>
  )
}
