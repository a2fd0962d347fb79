import { visible } from '../../../operator/policy/visible.ts'
import { duration, utc } from '../../text/duration.ts'
import { table } from '../../text/table.ts'

/** A key as the gateway lists it; what it leaves out is not known. */
export interface KeyItem {
  readonly id: string
  readonly name: string
  readonly user?: string
  readonly createdAt?: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  readonly readOnly?: boolean
  readonly agents?: readonly string[]
}

const ago = (time: string | undefined, now: number, none: string): string => {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? none : `${duration(now - at)} ago`
}

const left = (time: string | undefined, now: number): string => {
  const at = Date.parse(time ?? '')
  if (Number.isNaN(at)) return 'never'
  return at > now ? `in ${duration(at - now)}` : 'expired'
}

/** What a key is narrowed to: `reads only; order-manager`, or `-`. */
export function limitsOf({ readOnly, agents }: KeyItem): string {
  const limits = [
    ...(readOnly ? ['reads only'] : []),
    ...(agents ? [agents.map(visible).join(',') || 'no agent'] : []),
  ]
  return limits.length === 0 ? '-' : limits.join('; ')
}

/** Until when a key works: `until 2027-02-20 17:00:00Z`. */
export function untilText(expiresAt: string | undefined): string {
  const at = Date.parse(expiresAt ?? '')
  return Number.isNaN(at) ? 'until it is revoked' : `until ${utc(at)}`
}

/** The table of `keys list`, in the order given. */
export const keyTable = (items: readonly KeyItem[], now: number): string =>
  table(
    ['ID', 'NAME', 'USER', 'EXPIRES', 'LAST USED', 'LIMITS'],
    items.map(item => [
      visible(item.id),
      visible(item.name),
      visible(item.user ?? '-'),
      left(item.expiresAt, now),
      ago(item.lastUsedAt, now, 'never'),
      limitsOf(item),
    ]),
  )
