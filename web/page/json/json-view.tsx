import { useState } from 'react'
import { Said } from '../text/text.tsx'
import './json.css'

const SHOWN = 40

/** Parameters as they will be sent: every name and value, nothing interpreted; what is long is folded. */
export function JsonView({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (typeof value === 'string') return <Said text={value} quoted />
  if (typeof value === 'number') return <Figure value={value} />
  if (typeof value !== 'object' || value === null) return <span className="json-word">{String(value)}</span>
  const digest = redacted(value)
  if (digest !== undefined) {
    return (
      <span className="redacted" title={digest}>
        redacted <code>{digest.replace(/^hmac-sha256:/, '').slice(0, 12)}</code>
      </span>
    )
  }
  return <Entries value={value} depth={depth} />
}

function Entries({ value, depth }: { value: object; depth: number }) {
  const entries = Object.entries(value)
  const list = Array.isArray(value)
  const [count, setCount] = useState(depth > 6 ? 0 : SHOWN)
  if (entries.length === 0) return <span className="faint">{list ? '[ ] empty list' : '{ } empty'}</span>
  return (
    <>
      <dl className={depth === 0 ? 'json json-top' : 'json'}>
        {entries.slice(0, count).map(([name, item]) => (
          <div key={name} className={isPlain(item) ? 'json-line' : 'json-block'}>
            <dt>{list ? <span className="faint">{Number(name) + 1}.</span> : <Said text={name} />}</dt>
            <dd>
              <JsonView value={item} depth={depth + 1} />
            </dd>
          </div>
        ))}
      </dl>
      {entries.length > count && (
        <button type="button" className="fold" onClick={() => setCount(count + 500)}>
          show {count === 0 ? '' : 'the other '}
          {(entries.length - count).toLocaleString('en')} of {entries.length.toLocaleString('en')}
        </button>
      )}
    </>
  )
}

/** A number as it is; its digits stand in groups by space alone, so that copying gives the number. */
function Figure({ value }: { value: number }) {
  const text = String(value)
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)((?:\.\d+)?)$/.exec(text) ?? []
  if (whole.length < 5) return <span className="json-number">{text}</span>
  const groups = whole.match(/\d{1,3}(?=(\d{3})*$)/g) ?? [whole]
  return (
    <span className="json-number">
      {sign}
      {groups.map((group, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups have no other identity
        <span key={i} className="digits">
          {group}
        </span>
      ))}
      {rest}
    </span>
  )
}

function redacted(value: object): string | undefined {
  const [entry, more] = Object.entries(value)
  if (entry === undefined || more !== undefined || entry[0] !== '$redacted') return undefined
  return typeof entry[1] === 'string' && /^hmac-sha256:[0-9a-f]+$/.test(entry[1]) ? entry[1] : undefined
}

const isPlain = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  redacted(value) !== undefined ||
  Object.keys(value).length === 0
