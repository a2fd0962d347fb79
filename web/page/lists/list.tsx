import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Paged } from '../live/paged.ts'
import type { Filters } from './filters.tsx'
import './list.css'

interface Props<T> {
  readonly paged: Paged<T>
  readonly filters: Filters
  /** One of them, and several: `entry`, `entries`. */
  readonly what: readonly [string, string]
  /** Said where nothing is there at all. */
  readonly empty: ReactNode
  children(items: readonly T[]): ReactNode
}

/** A list by pages: its items, and what is to be said of it: that it is read, old, empty, or goes on. */
export function PagedList<T>({ paged, filters, what, empty, children }: Props<T>) {
  const { items, more, reading, error, changing, readMore, retry } = paged
  const known = items !== undefined && !changing
  return (
    <div className="list">
      {items === undefined && error === undefined && <p className="faint reading">Reading…</p>}
      {items !== undefined && items.length > 0 && children(items)}
      {known && items.length === 0 && !more && error === undefined && (
        <p className="faint nothing" role="status">
          {filters.set ? (
            <>
              Nothing matches these filters.{' '}
              <button type="button" className="fold" onClick={filters.clear}>
                Clear filters
              </button>
            </>
          ) : (
            empty
          )}
        </p>
      )}
      {error !== undefined && (
        <p className="trouble" role="alert">
          {items === undefined
            ? `The ${what[1]} cannot be read. `
            : `The ${what[1]} above may be old, or not all. `}
          {error.message}{' '}
          <button type="button" className="fold" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {known && (more || items.length > 0) && (
        <p className="list-end">
          {more && (
            <Button variant="default" onClick={readMore} aria-busy={reading === 'More'}>
              Show more
            </Button>
          )}
          <span className="faint" role="status">
            {items.length.toLocaleString('en')} {what[items.length === 1 ? 0 : 1]}
            {more ? ' shown; more follow' : ''}
          </span>
        </p>
      )}
    </div>
  )
}
