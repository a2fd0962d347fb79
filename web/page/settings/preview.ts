import { useEffect, useState } from 'react'
import type { NotificationPreview, Notifications } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'

/** So long nothing is typed before it is asked. */
const REST_MS = 250
/** As many as the gateway answers at once. */
export const MOST_AGENTS = 100

/** A draft may be half written: what is not yet a route or webhook tells nobody. */
const finished = ({ routes = [], webhooks = [], ...others }: Notifications): Notifications => ({
  ...others,
  routes: routes.filter(({ agents, members }) => agents.length > 0 && members.length > 0),
  webhooks: webhooks
    .filter(({ name }, at) => name !== '' && webhooks.findIndex(other => other.name === name) === at)
    .map(webhook => ({
      name: webhook.name,
      format: webhook.format,
      urlSecretRef: { name: 'preview', key: 'url' },
      ...(webhook.agents === undefined ? {} : { agents: webhook.agents }),
    })),
})

/**
 * Who hears of these agents, as the gateway says. `draft`: were it saved; undefined: as it is, which whoever only reads
 * may ask too. `again`: whatever else it depends on.
 */
export function usePreview(agents: readonly string[], draft: Notifications | undefined, again: unknown) {
  const { api, project, feed } = useHere()
  const [changes, setChanges] = useState(0)
  // What is ready is the operator's to say, some time after the settings are saved.
  useEffect(
    () =>
      feed.onEvent(({ type }) => {
        if (type === 'ProjectChanged' || type === 'Reset') setChanges(count => count + 1)
      }),
    [feed],
  )
  const [state, setState] = useState<{ value?: NotificationPreview; error?: Error }>({})
  const names = agents.slice(0, MOST_AGENTS).join(',')
  const body = draft === undefined ? undefined : JSON.stringify(finished(draft))
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` and `changes` are what happened
  useEffect(() => {
    const stop = new AbortController()
    const path = `/projects/${encodeURIComponent(project)}/notifications/preview`
    const ask = async () => {
      if (body === undefined) return await api.get<NotificationPreview>(path, { agents: names }, stop.signal)
      const answer = await api.open(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"notifications":${body},"agents":${JSON.stringify(names.split(',').filter(Boolean))}}`,
        signal: stop.signal,
      })
      return (await answer.json()) as NotificationPreview
    }
    const timer = setTimeout(
      () =>
        ask().then(
          value => setState({ value }),
          error => stop.signal.aborted || setState(old => ({ ...old, error })),
        ),
      body === undefined ? 0 : REST_MS,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [api, project, names, body, again, changes])
  return state
}
