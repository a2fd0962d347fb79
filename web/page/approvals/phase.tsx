import { Badge } from '@mantine/core'

const colors: Readonly<Record<string, string>> = {
  Approved: 'teal',
  Succeeded: 'teal',
  Rejected: 'red',
  Failed: 'red',
  Expired: 'orange',
  AwaitingApproval: 'orange',
  Pending: 'gray',
  Running: 'blue',
}

/** How something stands, in its colour and in words. */
export function PhaseBadge({ phase }: { phase: string }) {
  return (
    <Badge component="span" variant="light" color={colors[phase] ?? 'gray'} className="phase">
      {phase.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}
    </Badge>
  )
}
