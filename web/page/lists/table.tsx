import { memo, type ReactNode, useId, useState } from 'react'
import './table.css'

export interface Column<T> {
  readonly title: string
  /** Words that may be long: they are wrapped. */
  readonly words?: boolean
  of(item: T): ReactNode
}

interface Props<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly items: readonly T[]
  /** Whether these are not the items that were asked for last. */
  readonly changing: boolean
  idOf(item: T): string | number
  /** What a row shows when it is opened. */
  detail?(item: T): ReactNode
  /** What a row is about, for its button. */
  aboutOf?(item: T): string
}

/** A table, whose rows become cards on a phone; each row opens where there is more to be seen. */
export function Table<T>({ label, columns, items, changing, idOf, detail, aboutOf }: Props<T>) {
  return (
    <div className="table-frame">
      <table className="table rows" aria-label={label} aria-busy={changing}>
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th key={title}>{title}</th>
            ))}
            {detail !== undefined && (
              <th>
                <span className="unseen">Details</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {items.map(item => (
            <Row key={idOf(item)} item={item} columns={columns} detail={detail} aboutOf={aboutOf} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function AnyRow<T>(props: {
  item: T
  columns: readonly Column<T>[]
  detail: ((item: T) => ReactNode) | undefined
  aboutOf: ((item: T) => string) | undefined
}) {
  const { item, columns, detail, aboutOf } = props
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <>
      <tr>
        {columns.map(({ title, words = false, of }) => (
          <td key={title} data-label={title} className={words ? 'words' : undefined}>
            <div>{of(item)}</div>
          </td>
        ))}
        {detail !== undefined && (
          <td className="opener">
            <button
              type="button"
              aria-expanded={open}
              aria-controls={id}
              aria-label={`Details of ${aboutOf?.(item) ?? 'this row'}`}
              onClick={() => setOpen(!open)}
            >
              <span aria-hidden="true">{open ? '▾' : '▸'}</span>
            </button>
          </td>
        )}
      </tr>
      {detail !== undefined && open && (
        <tr className="opened" id={id}>
          <td colSpan={columns.length + 1}>{detail(item)}</td>
        </tr>
      )}
    </>
  )
}

/** Drawn again only where its item is another: a list of thousands is read again often. */
const Row = memo(AnyRow) as typeof AnyRow
