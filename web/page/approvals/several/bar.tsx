import { Button } from '@mantine/core'
import type { Approval } from '../../api/types.ts'

interface Props {
  readonly selected: number
  /** What `select all` selects. */
  readonly all: readonly Approval[]
  /** Whether `all` is what a filter has found. */
  readonly filtered: boolean
  onAll(): void
  onClear(): void
  onApprove(): void
  onReject(): void
}

/** Beneath the list, always as tall: what is selected moves nothing. */
export function SeveralBar({ selected, all, filtered, onAll, onClear, onApprove, onReject }: Props) {
  const count = all.length.toLocaleString('en')
  return (
    <div className="several" role="toolbar" aria-label="Several at once">
      {selected === 0 ? (
        <button type="button" className="fold" disabled={all.length === 0} onClick={onAll}>
          select {filtered ? `all ${count} of this filter` : `all ${count}`}
        </button>
      ) : (
        <>
          <span className="several-count" role="status">
            {selected.toLocaleString('en')} selected
          </span>
          <Button size="compact-sm" onClick={onApprove}>
            Approve…
          </Button>
          <Button size="compact-sm" color="red" variant="outline" onClick={onReject}>
            Reject…
          </Button>
          <button type="button" className="fold" onClick={onClear}>
            clear
          </button>
          {selected < all.length && (
            <button type="button" className="fold" onClick={onAll}>
              all {count}
            </button>
          )}
        </>
      )}
    </div>
  )
}
