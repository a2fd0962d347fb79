import { CopyButton, TextInput } from '@mantine/core'
import { useDeferredValue, useMemo, useState } from 'react'
import { JsonView } from '../json/json-view.tsx'
import { type Leaf, leavesOf } from '../json/leaves.ts'
import { Said } from '../text/text.tsx'

/** From so many values on there is something to look for. */
const MANY = 25
const SHOWN = 60

/** What will be sent to the tool: all of it, to be searched where it is much, and copied as it is stored. */
export function Parameters({ params }: { params: object }) {
  const [typed, setTyped] = useState('')
  const wanted = useDeferredValue(typed.trim().toLowerCase())
  const leaves = useMemo(() => leavesOf(params), [params])
  return (
    <section aria-label="Parameters" className="params">
      <div className="params-head">
        <h3>Parameters</h3>
        {leaves.length > MANY && (
          <TextInput
            size="xs"
            className="params-search"
            aria-label="Search the parameters"
            placeholder={`Search ${leaves.length.toLocaleString('en')} values`}
            value={typed}
            onChange={event => setTyped(event.currentTarget.value)}
          />
        )}
        <CopyButton value={JSON.stringify(params, null, 2)}>
          {({ copied, copy }) => (
            <button type="button" className="fold" onClick={copy}>
              {copied ? 'copied' : 'copy as JSON'}
            </button>
          )}
        </CopyButton>
      </div>
      {wanted !== '' && <Found leaves={leaves} wanted={wanted} />}
      <JsonView value={params} />
    </section>
  )
}

/** The values that somebody looks for, each with what leads to it; everything stands beneath as before. */
function Found({ leaves, wanted }: { leaves: readonly Leaf[]; wanted: string }) {
  const found = useMemo(
    () =>
      leaves.filter(
        ({ path, value }) =>
          path.join('.').toLowerCase().includes(wanted) ||
          (typeof value !== 'object' && String(value).toLowerCase().includes(wanted)),
      ),
    [leaves, wanted],
  )
  return (
    <div className="found" role="status">
      <p className="faint">
        {found.length === 0
          ? 'Nothing is found.'
          : `${found.length.toLocaleString('en')} found${found.length > SHOWN ? `, the first ${SHOWN} are shown` : ''}:`}
      </p>
      <dl className="json">
        {found.slice(0, SHOWN).map(({ path, value }) => (
          <div key={JSON.stringify(path)} className="json-line">
            <dt>
              <Said text={path.join(' › ')} />
            </dt>
            <dd>
              <JsonView value={value} depth={1} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
