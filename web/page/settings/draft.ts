import type { Notifications } from '../api/types.ts'

export type Route = NonNullable<Notifications['routes']>[number]
export type Webhook = NonNullable<Notifications['webhooks']>[number]

/** An entry of a list while it is edited: its key stays, whatever becomes of its value and its neighbours. */
export interface Row<T> {
  readonly key: number
  readonly value: T
}

/** The settings while somebody edits them. */
export interface Draft {
  /** As they were read. What a newer gateway knows and this page does not is written back as it was. */
  readonly read: Notifications
  readonly email: boolean
  readonly inApp: boolean
  readonly routes: readonly Row<Route>[]
  readonly webhooks: readonly Row<Webhook>[]
}

let keys = 0
export const rowOf = <T>(value: T): Row<T> => ({ key: ++keys, value })

export const draftOf = (read: Notifications): Draft => ({
  read,
  email: read.email?.enabled !== false,
  inApp: read.inApp?.enabled !== false,
  routes: (read.routes ?? []).map(rowOf),
  webhooks: (read.webhooks ?? []).map(rowOf),
})

/** What the draft sets. The default is not written where nothing was. */
export function settingsOf({ read, email, inApp, routes, webhooks }: Draft): Notifications {
  const { email: wasEmail, inApp: wasInApp, routes: wasRoutes, webhooks: wasWebhooks, ...others } = read
  return {
    ...others,
    ...(email && wasEmail === undefined ? {} : { email: { ...wasEmail, enabled: email } }),
    ...(inApp && wasInApp === undefined ? {} : { inApp: { ...wasInApp, enabled: inApp } }),
    ...(routes.length === 0 ? {} : { routes: routes.map(({ value }) => value) }),
    ...(webhooks.length === 0 ? {} : { webhooks: webhooks.map(({ value }) => value) }),
  }
}

/** Whether saving would change anything. */
export const isChanged = (draft: Draft): boolean => !same(settingsOf(draft), settingsOf(draftOf(draft.read)))

/** Whether two JSON values are the same, in whatever order their members stand. */
export const same = (a: unknown, b: unknown): boolean => sorted(a) === sorted(b)

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, each) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  ) ?? ''
