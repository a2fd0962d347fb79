import type { Place } from '../router.ts'

/** The drawer of `?settings`. */
export function NotificationSettings(_: { place: Place }) {
  return null
}
