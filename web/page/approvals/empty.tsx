import { useHere } from '../live/hooks.ts'
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
  const { project } = useHere()
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
      <p>Make a first one:</p>
      <pre>kubectl apply -n {project} -f examples/shop/order-manager.yaml -f examples/shop/run.yaml</pre>
    </section>
  )
}
