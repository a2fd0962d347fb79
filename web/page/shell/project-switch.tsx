import { NativeSelect } from '@mantine/core'
import { Suspense } from 'react'
import { Boundary } from './boundary.tsx'
import { ProjectSearch } from './parts.tsx'

export interface SwitchProps {
  readonly names: readonly string[]
  readonly project: string
  onChoose(project: string): void
  /** Somebody is about to choose: the list should be true. */
  onOpen(): void
}

/** So many are read at a glance; more are searched. */
const AT_A_GLANCE = 12

/** Leads to another project. */
export function ProjectSwitch(props: SwitchProps) {
  const { names, project } = props
  const all = names.includes(project) ? names : [project, ...names]
  const few = <FewProjects {...props} names={all} />
  if (all.length <= AT_A_GLANCE) return few
  return (
    <Boundary part="search" instead={few}>
      <Suspense fallback={few}>
        <ProjectSearch {...props} names={all} />
      </Suspense>
    </Boundary>
  )
}

function FewProjects({ names, project, onChoose, onOpen }: SwitchProps) {
  return (
    <NativeSelect
      aria-label="Project"
      size="xs"
      className="project-switch"
      data={[...names]}
      value={project}
      onFocus={onOpen}
      onChange={event => onChoose(event.currentTarget.value)}
    />
  )
}
