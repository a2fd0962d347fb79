import { useState } from 'react'
import type { Approval } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'
import { Said } from '../text/text.tsx'
import { type Reviewer, reviewersOf } from './may.ts'

const FEW = 6

const words: Readonly<Record<Reviewer['state'], string>> = {
  May: '',
  Approved: 'has approved',
  Rejected: 'has rejected',
  'Started it': 'may not: started the run',
}

/** Who may decide, by name, and what each has done. */
export function Reviewers({ approval }: { approval: Approval }) {
  const { username } = useHere()
  const { value } = useProject()
  const [open, setOpen] = useState(false)
  if (value === undefined) return <span className="faint">whoever has the right in this project</span>
  const all = reviewersOf(approval, value.members)
  const shown = open ? all : all.slice(0, FEW)
  return (
    <>
      <ul className="reviewers">
        {shown.map(({ id, name, role, group, state }) => (
          <li key={`${group} ${id}`} data-state={state}>
            {group ? 'everybody in ' : ''}
            <Said text={id} />
            {name !== undefined && (
              <span className="faint">
                {' '}
                <Said text={name} />
              </span>
            )}{' '}
            <span className="faint">
              {id === username && !group ? '(you) ' : ''}
              {role}
            </span>
            {state !== 'May' && <strong> {words[state]}</strong>}
          </li>
        ))}
      </ul>
      {all.length > shown.length && (
        <button type="button" className="fold" onClick={() => setOpen(true)}>
          and {all.length - shown.length} more
        </button>
      )}
    </>
  )
}
