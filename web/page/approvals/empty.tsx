import { CopyButton } from '@mantine/core'
import type { Agent, Page } from '../api/types.ts'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { firstApproval } from './first.ts'
import './empty.css'

const steps = [
  ['Gate', 'An Agent names the tools that a person must countersign, with a condition if you like.'],
  ['Call', 'The model asks for such a tool. Nothing is called.'],
  ['Wait', 'The run stops and a request appears here, in kubectl and on the API.'],
  ['Decide', 'You approve exactly this call, or reject it with a reason.'],
  ['Resume', 'The run goes on from where it stood; who decided what is on record.'],
] as const

/** Nothing waits: how something would. */
export function EmptyState() {
  return (
    <section className="empty-state">
      <h1>Nothing waits for you</h1>
      <p className="faint">
        When an agent wants to do something that needs a person, it appears here by itself.
      </p>
      <ol>
        {steps.map(([title, words]) => (
          <li key={title}>
            <strong>{title}</strong> {words}
          </li>
        ))}
      </ol>
      <First />
    </section>
  )
}

/** The one command that makes a first approval, with the agents that this project has. */
function First() {
  const { api, project } = useHere()
  const { changes } = useSnapshot()
  const { value, error } = useLoaded(
    signal => api.get<Page<Agent>>(`/projects/${project}/agents`, { limit: 500 }, signal),
    project,
    changes,
  )
  if (error !== undefined) return <p className="trouble">The agents cannot be listed: {error.message}</p>
  if (value === undefined) return null
  const first = firstApproval(project, value.items)
  if (first === undefined) {
    return (
      <p>
        No <Link place={{ project, section: 'agents' }}>agent</Link> of this project has a gate yet. One that
        has: examples/shop/order-manager.yaml in the repository of Countersign. Put the addresses of your
        model and tools into it, this project as its namespace, and apply it with kubectl.
      </p>
    )
  }
  return (
    <>
      <p>
        Make a first one: in a terminal where kubectl is you in this cluster (the demo prints a file that
        makes one), start a run of {first.agent} that asks for <code>{first.tool}</code>.
      </p>
      <div className="first">
        <pre>{first.command}</pre>
        <CopyButton value={first.command}>
          {({ copied, copy }) => (
            <button type="button" className="fold" onClick={copy}>
              {copied ? 'copied' : 'copy'}
            </button>
          )}
        </CopyButton>
      </div>
    </>
  )
}
