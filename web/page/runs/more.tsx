import { Button } from '@mantine/core'

/** Reads on, where more follows. */
export function MorePages({ more, onMore }: { more: boolean; onMore(): void }) {
  if (!more) return null
  return (
    <Button variant="default" mt="md" onClick={onMore}>
      Show more
    </Button>
  )
}
