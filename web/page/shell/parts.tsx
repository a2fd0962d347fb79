// Parts that are not needed at first: each is loaded when it is shown, or when the page has nothing else to do.
import { lazy } from 'react'

const load = {
  runs: () => import('../runs/runs.tsx'),
  agents: () => import('../agents/agents.tsx'),
  audit: () => import('../audit/audit.tsx'),
  keys: () => import('../keys/keys.tsx'),
  drawer: () => import('../runs/drawer.tsx'),
  search: () => import('./project-search.tsx'),
  settings: () => import('../settings/notifications.tsx'),
}

export const RunsPage = lazy(async () => ({ default: (await load.runs()).RunsPage }))
export const AgentsPage = lazy(async () => ({ default: (await load.agents()).AgentsPage }))
export const AuditPage = lazy(async () => ({ default: (await load.audit()).AuditPage }))
export const KeysPage = lazy(async () => ({ default: (await load.keys()).KeysPage }))
export const RunDrawer = lazy(async () => ({ default: (await load.drawer()).RunDrawer }))
export const ProjectSearch = lazy(async () => ({ default: (await load.search()).ProjectSearch }))
export const NotificationSettings = lazy(async () => ({
  default: (await load.settings()).NotificationSettings,
}))

const REST_MS = 1500

/** Loads them all after a rest, so that none is waited for, nor missed while the gateway is away; returns its end. */
export function loadLater(): () => void {
  const timer = setTimeout(() => {
    // What fails is tried again where it is shown.
    for (const part of Object.values(load)) void part().catch(() => {})
  }, REST_MS)
  return () => clearTimeout(timer)
}
