import type { AuditEntry } from '../api/types.ts'
import { Said } from '../text/text.tsx'
import { type Change, changesIn } from './changes.ts'

/** What was deployed or configured, and what of it changed. */
export function ChangedObject({ object }: { object: NonNullable<AuditEntry['object']> }) {
  const { kind, name, generation, diff } = object
  // What is told of a key are its facts: nothing of it was something else before.
  const lines = diff === undefined ? [] : kind === 'APIKey' ? diff.split('\n') : changesIn(diff)
  const words = lines.flatMap(line =>
    typeof line === 'string' ? [line] : 'words' in line ? [line.words] : [],
  )
  const changes = lines.filter(
    (line): line is Exclude<Change, { words: string }> => typeof line === 'object' && !('words' in line),
  )
  const title = `${kind} ${name}`
  return (
    <section>
      <h3>
        {kind} <code>{name}</code>
        {generation !== undefined && ` · generation ${generation}`}
      </h3>
      {words.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
        <p key={i}>
          <Said text={line} />
        </p>
      ))}
      {changes.length > 0 && (
        <table className="changes" aria-label={`What changed of ${title}`}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ path, before, after }) => (
              <tr key={path}>
                <th scope="row">
                  <code>
                    <Said text={path} />
                  </code>
                </th>
                <Side value={before} kind="removed" />
                <Side value={after} kind="added" />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** One side of a change; by its sign and words too, not by colour alone. */
function Side({ value, kind }: { value: string | undefined; kind: 'removed' | 'added' }) {
  if (value === undefined)
    return <td className="faint">{kind === 'removed' ? 'was not set' : 'is not set'}</td>
  return (
    <td className={kind}>
      <span className="sign" aria-hidden="true">
        {kind === 'removed' ? '−' : '+'}
      </span>
      <span className="unseen">{kind}: </span>
      <code>
        <Said text={value} />
      </code>
    </td>
  )
}
