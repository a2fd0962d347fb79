import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { Store } from '../../../kube/store.ts'

/** When the rights of people change: with the Project of a namespace, as the operator makes RoleBindings of it. */
export class Rights {
  readonly #projects: Store<Project>
  readonly #listeners = new Map<string, Set<() => void>>()

  /** `forget` is called first with each namespace whose Project changed in any way: what was known is not any more. */
  constructor(projects: Store<Project>, forget: (namespace: string) => void) {
    this.#projects = projects
    projects.subscribe(({ object: { metadata } }) => {
      const namespace = metadata.namespace ?? ''
      forget(namespace)
      this.changed(namespace)
    })
  }

  /** Tells those who stay in this namespace that their right may have ended. */
  changed(namespace: string): void {
    for (const fn of [...(this.#listeners.get(namespace) ?? [])]) fn()
  }

  /** Calls `changed` whenever the rights in a namespace may have changed. Returns what ends it. */
  onChange(namespace: string, changed: () => void): () => void {
    const set = this.#listeners.get(namespace) ?? new Set()
    this.#listeners.set(namespace, set.add(changed))
    return () => {
      set.delete(changed)
      if (set.size === 0 && this.#listeners.get(namespace) === set) this.#listeners.delete(namespace)
    }
  }

  /**
   * Whether the rights in a namespace are being changed: its Project has been, and the operator has not got to its
   * RoleBindings yet. What the API server says meanwhile is true for no longer than that.
   */
  isChanging(namespace: string): boolean {
    return rightsAreChanging(this.#projects.find({ namespace, name: 'project' }))
  }
}

/** As `isChanging`, of the namespace's Project. */
export function rightsAreChanging(project: Project | undefined): boolean {
  // Without a status there is no operator that would write one.
  if (project?.status === undefined) return false
  return (project.status.observedGeneration ?? 0) < (project.metadata.generation ?? 0)
}
