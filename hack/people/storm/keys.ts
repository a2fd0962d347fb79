// API keys of people of the storm, made by themselves over REST.
import type { StormCluster } from './cluster.ts'

export interface Keys {
  /** Makes a key for somebody who is a member by name. */
  make(who: string): Promise<void>
  /** Their last key, dead or alive. */
  of(who: string): string | undefined
}

export const startKeys = async (cluster: StormCluster, namespace: string): Promise<Keys> => {
  const keys = new Map<string, string>()
  return {
    of: who => keys.get(who),
    make: async who => {
      const response = await fetch(`${cluster.gateway}/api/v1/projects/${namespace}/apikeys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${cluster.token(who)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'storm' }),
      })
      // They may be removed again meanwhile, or have as many as one may have.
      if (response.status !== 201) return
      const { key } = (await response.json()) as { key: string }
      keys.set(who, key)
    },
  }
}
